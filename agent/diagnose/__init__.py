"""Pure: a snapshot goes in, ranked causes with their evidence come out."""
