"""Services, names, policies, Ingresses and Gateways."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules.network import (
    clients,
    dns,
    endpoints,
    gateways,
    ingresses,
    policies,
    services,
)

RULES: tuple[Rule, ...] = (
    *services.RULES,
    *endpoints.RULES,
    *clients.RULES,
    *dns.RULES,
    *policies.RULES,
    *ingresses.RULES,
    *gateways.RULES,
)
