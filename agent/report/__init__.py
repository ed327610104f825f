"""Renderers: typed results become text for people or JSON for machines. They decide nothing."""
