"""The failure modes, one small function each, one module per family. `ALL` names every rule that is asked."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules import (
    admission,
    autoscaling,
    budgets,
    clients,
    configuration,
    containers,
    images,
    ingresses,
    jobs,
    memory,
    probes,
    rollouts,
    scheduling,
    services,
    statefulsets,
    storage,
    traffic,
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
    *jobs.RULES,
    *autoscaling.RULES,
    *budgets.RULES,
    *ingresses.RULES,
    *rollouts.RULES,
    *statefulsets.RULES,
    *traffic.RULES,
    *clients.RULES,
)
