"""Nodes and the control plane."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules.node import (
    conditions,
    controlplane,
    sandboxes,
)

RULES: tuple[Rule, ...] = (
    *conditions.RULES,
    *controlplane.RULES,
    *sandboxes.RULES,
)
