"""Who lets a plan be applied: a person at a terminal, or the signature of one whose key the user trusts."""
