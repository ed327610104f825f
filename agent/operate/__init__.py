"""What can be asked: one function for each operation, from typed arguments to a typed result."""
