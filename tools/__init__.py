"""Hands and eyes: the only code that reads a cluster or starts a process. Knows nothing of `agent`."""
