"""What each operation is asked with: a module for each, so that a command loads its own alone.

The doc of a field is its help, its schema's description and a form's label.
"""
