"""The policy's rules, one module per program: data, with examples that are tried before anything runs."""
