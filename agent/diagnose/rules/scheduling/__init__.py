"""Pods no node takes."""
