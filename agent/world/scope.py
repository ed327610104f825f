"""Where to look, as it is asked for: a bundle, or a cluster, and how much of it."""

from dataclasses import dataclass, field

from agent.argument import arg


@dataclass(frozen=True, slots=True)
class Connection:
    """Which cluster, and how long to wait for it."""

    context: str | None = arg("the kubeconfig context (default: the current one)", metavar="NAME")
    kubeconfig: str | None = arg("the kubeconfig file", metavar="FILE")
    timeout: float | None = arg("give up on the cluster after this long", metavar="SECONDS", above=0, most=3600)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A namespace of a live cluster, or all of them."""

    namespace: str | None = arg("the namespace (default: the context's)", short="-n", metavar="NS", one_of="namespaces")
    all_namespaces: bool = arg("every namespace", short="-A", default=False, one_of="namespaces")
    connection: Connection = field(default_factory=Connection)


@dataclass(frozen=True, slots=True)
class Scope:
    """A bundle or a live cluster; without either the kubeconfig's own context and namespace."""

    bundle: str | None = arg("look at a capture, not a cluster; `demo` ships along", metavar="FILE.tgz")
    cluster: Cluster = field(default_factory=Cluster)

    @property
    def namespace(self) -> str | None:
        """Return the namespace that was named."""
        return self.cluster.namespace

    @property
    def is_named(self) -> bool:
        """Return whether anything was named: what can do without a cluster asks none otherwise."""
        cluster = self.cluster
        return bool(self.bundle or cluster.namespace or cluster.all_namespaces or cluster.connection.context)
