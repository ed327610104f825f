"""What really happens on clusters, one folder each, and the runner that plays it (README.md has the format)."""
