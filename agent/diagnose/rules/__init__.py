"""The failure modes, one small function each, one module per family. `ALL` names every rule that is asked."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules import (
    admission,
    configuration,
    containers,
    images,
    memory,
    probes,
    scheduling,
    services,
    storage,
    workloads,
)

ALL: tuple[Rule, ...] = (
    *admission.RULES,
    *scheduling.RULES,
    *storage.RULES,
    *images.RULES,
    *configuration.RULES,
    *memory.RULES,
    *containers.RULES,
    *probes.RULES,
    *workloads.RULES,
    *services.RULES,
)
