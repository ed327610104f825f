"""Claims, volumes, mounts and what stands on them."""
