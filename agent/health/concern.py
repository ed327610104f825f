"""What speaks against a cluster's health: one thing, its proof, what it costs of the score, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from agent.diagnose.finding import Citation
from agent.severity import Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.record import Ref


class Area(StrEnum):
    """What a concern is about, in the order a person reads them."""

    NODES = "nodes"
    CONTROL_PLANE = "control plane"
    """The API server, its controllers, and the system's own workloads."""
    WORKLOADS = "workloads"
    RELEASES = "releases"
    CAPACITY = "capacity"
    QUOTAS = "quotas"
    CERTIFICATES = "certificates"
    APIS = "API versions"
    BLUEPRINT = "blueprint"
    UNKNOWN = "not known"


class Cost(NamedTuple):
    """Points of a hundred: for each error, for each warning, and for a whole area at most."""

    error: int
    warning: int
    most: int


COSTS: Mapping[Area, Cost] = {
    Area.NODES: Cost(15, 4, 40),
    Area.CONTROL_PLANE: Cost(15, 5, 40),
    Area.WORKLOADS: Cost(6, 2, 40),
    Area.RELEASES: Cost(5, 2, 15),
    Area.CAPACITY: Cost(5, 2, 15),
    Area.QUOTAS: Cost(4, 1, 8),
    Area.CERTIFICATES: Cost(8, 2, 16),
    Area.APIS: Cost(4, 1, 8),
    Area.BLUEPRINT: Cost(5, 3, 12),
    Area.UNKNOWN: Cost(3, 3, 15),
}
"""What carries all others costs most; no single area takes more than two fifths, so that a score still tells apart."""


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that speaks against health."""

    area: Area
    code: str
    """Its stable name (`certificate-ends`): with the subject it is the same one in the next report."""
    subject: Ref
    says: str
    severity: Severity
    evidence: tuple[Evidence, ...] = ()
    citations: tuple[Citation, ...] = ()
    advice: str = ""
    command: str = ""
    """What plans the change, or shows more; "" for none."""

    @property
    def cost(self) -> int:
        """Return the points it takes by itself; a note takes none."""
        cost = COSTS[self.area]
        return {Severity.ERROR: cost.error, Severity.WARNING: cost.warning, Severity.INFO: 0}[self.severity]
