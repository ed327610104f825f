"""What programs say when they end or cannot work, as data: `match` finds what a log says."""
