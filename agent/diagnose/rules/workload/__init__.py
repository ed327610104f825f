"""Controllers: replicas, rollouts, Jobs, autoscalers, budgets."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules.workload import (
    autoscalers,
    budgets,
    evictions,
    jobs,
    namespaces,
    replicas,
    rollouts,
    statefulsets,
)

RULES: tuple[Rule, ...] = (
    *replicas.RULES,
    *jobs.RULES,
    *autoscalers.RULES,
    *budgets.RULES,
    *rollouts.RULES,
    *statefulsets.RULES,
    *evictions.RULES,
    *namespaces.RULES,
)
