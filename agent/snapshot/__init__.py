"""One look at the world: collected live or read from a bundle, then never changed."""
