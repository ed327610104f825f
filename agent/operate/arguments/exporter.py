"""What `exporter` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.world.scope import Connection


@dataclass(frozen=True)
class Exporter:
    """The PolicyReports of a cluster as metrics, for a Prometheus that scrapes them."""

    listen: str = arg("where to answer (default: 127.0.0.1:9402)", default="127.0.0.1:9402", metavar="ADDRESS:PORT")
    connection: Connection = field(default_factory=Connection)
