"""The failure modes, one small function each, a folder per family. `ALL` names every rule that is asked."""

from agent.diagnose.registry import Rule
from agent.diagnose.rules import admission, network, node, program, release, scheduling, storage, workload

ALL: tuple[Rule, ...] = (
    *admission.RULES,
    *scheduling.RULES,
    *storage.RULES,
    *node.RULES,
    *release.RULES,
    *program.RULES,
    *workload.RULES,
    *network.RULES,
)
