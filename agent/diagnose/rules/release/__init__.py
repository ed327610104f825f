"""Helm releases and what changed."""
