"""From a finding to what mends it: the blueprint row that speaks to it, and values that would change it."""
