"""What the API server refuses, forbids or changes."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules.admission import (
    limitranges,
    mutation,
    objectquotas,
    quotas,
    rbac,
    refusals,
)

RULES: tuple[Rule, ...] = (
    *refusals.RULES,
    *quotas.RULES,
    *limitranges.RULES,
    *objectquotas.RULES,
    *mutation.RULES,
    *rbac.RULES,
)
