"""Every rule that is asked, a family after another. Apart from their folders, so that one rule costs no other."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules.admission import limitranges, mutation, objectquotas, quotas, rbac, refusals
from agent.diagnose.rules.network import clients, dns, endpoints, gateways, ingresses, policies, services
from agent.diagnose.rules.node import conditions, controlplane, sandboxes
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
from agent.diagnose.rules.release import changes, releases
from agent.diagnose.rules.scheduling import affinity, kubelet, nodes, placement, taints, volumes
from agent.diagnose.rules.storage import claims, filesystems, missing, mounts
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

ALL: tuple[Rule, ...] = (
    *refusals.RULES,
    *quotas.RULES,
    *limitranges.RULES,
    *objectquotas.RULES,
    *mutation.RULES,
    *rbac.RULES,
    *nodes.RULES,
    *placement.RULES,
    *affinity.RULES,
    *kubelet.RULES,
    *taints.RULES,
    *volumes.RULES,
    *missing.RULES,
    *claims.RULES,
    *mounts.RULES,
    *filesystems.RULES,
    *conditions.RULES,
    *controlplane.RULES,
    *sandboxes.RULES,
    *releases.RULES,
    *changes.RULES,
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
    *replicas.RULES,
    *jobs.RULES,
    *autoscalers.RULES,
    *budgets.RULES,
    *rollouts.RULES,
    *statefulsets.RULES,
    *evictions.RULES,
    *namespaces.RULES,
    *services.RULES,
    *endpoints.RULES,
    *clients.RULES,
    *dns.RULES,
    *policies.RULES,
    *ingresses.RULES,
    *gateways.RULES,
)
