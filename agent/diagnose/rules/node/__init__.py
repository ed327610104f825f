"""Nodes and the control plane."""
