"""The failure modes, one small function each, one module per family of ../shared design's table."""
