"""Charts as strangers write them, each with a value that is not what its blueprint says, and what `fix` makes of it."""
