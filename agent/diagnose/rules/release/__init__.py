"""Helm releases and what changed."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules.release import (
    changes,
    releases,
)

RULES: tuple[Rule, ...] = (
    *releases.RULES,
    *changes.RULES,
)
