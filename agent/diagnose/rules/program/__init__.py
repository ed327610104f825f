"""What a container runs: its image, settings, probes, and how it ends."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules.program import (
    containers,
    exits,
    images,
    liveness,
    memory,
    messages,
    probes,
    readiness,
    references,
    start,
)

RULES: tuple[Rule, ...] = (
    *images.RULES,
    *references.RULES,
    *memory.RULES,
    *start.RULES,
    *containers.RULES,
    *messages.RULES,
    *exits.RULES,
    *probes.RULES,
    *liveness.RULES,
    *readiness.RULES,
)
