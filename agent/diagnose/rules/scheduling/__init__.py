"""Pods no node takes."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules.scheduling import (
    affinity,
    nodes,
    placement,
)

RULES: tuple[Rule, ...] = (
    *nodes.RULES,
    *placement.RULES,
    *affinity.RULES,
)
