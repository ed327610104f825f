"""Pure: markdown specs become `Control` objects with file and line."""
