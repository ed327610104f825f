"""What the API server refuses, forbids or changes."""
