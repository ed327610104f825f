"""The failure modes, one small function each, a folder for each family; every.py names all that are asked."""
