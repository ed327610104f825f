"""Pods no node takes."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules.scheduling import (
    affinity,
    kubelet,
    nodes,
    placement,
    taints,
    volumes,
)

RULES: tuple[Rule, ...] = (
    *nodes.RULES,
    *placement.RULES,
    *affinity.RULES,
    *kubelet.RULES,
    *taints.RULES,
    *volumes.RULES,
)
