"""Claims, volumes, mounts and what stands on them."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules.storage import (
    claims,
    filesystems,
    missing,
    mounts,
)

RULES: tuple[Rule, ...] = (
    *missing.RULES,
    *claims.RULES,
    *mounts.RULES,
    *filesystems.RULES,
)
