"""What a container runs: its image, settings, probes, and how it ends."""
