"""The plan by which minikube makes the cluster what its blueprint says: started, with the addons it names."""

import getpass
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent import __version__
from agent.apply.inputs import digests, programs
from agent.audit.inputs import ClusterFacts
from agent.blueprint.control import Profile
from agent.change.cluster import MINIKUBE, Cluster, Wish
from agent.change.plan import Action, Actor, Base, DryRun, Effects, Inputs, Plan, Return, Target, digest, times
from agent.config import Settings
from agent.resources import blueprint_paths
from tools.minikube import addon, start
from tools.sandbox import Sandbox

SECONDS = 600
"""How long minikube may take: the first start of all fetches its images."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of minikube, of which cluster, by which blueprints."""

    wish: Wish
    cluster: Cluster
    profile: Profile
    settings: Settings
    blueprints: Path


def cluster_plan(asked: Asked, box: Sandbox) -> Plan:
    """Return the plan of what is asked of minikube."""
    cluster, name = asked.cluster, asked.cluster.name
    created, expires = times(asked.profile, datetime.now(UTC))
    user = getpass.getuser()
    return Plan(
        action=Action.CLUSTER,
        created=created,
        expires=expires,
        version=__version__,
        profile=asked.profile,
        target=Target(name, MINIKUBE, "", "", "", name),
        actor=Actor(user, user, ()),
        protected=asked.profile is Profile.PROD or name in map(str.strip, asked.settings.protected.split(",")),
        inputs=_rests(asked, box),
        blueprints=str(asked.blueprints),
        base=base_of(cluster),
        changes=tuple(asked.wish.changes),
        dry_run=DryRun("client", "minikube cannot be asked beforehand"),
        effects=Effects((), (), (), (), 0, ()),
        argv=_commands(asked.wish, name),
        undo=tuple(addon(name, each, on=False) for each in reversed(asked.wish.addons)),
        seconds=SECONDS,
        rollback=Return(0, "", _way_back(asked)),
        notes=_notes(asked),
    )


def base_of(cluster: Cluster) -> Base:
    """Return how a cluster stands, by what minikube says of it."""
    found = cluster.facts or ClusterFacts({}, {})
    config, addons = (digest(json.dumps(part, sort_keys=True).encode()) for part in (found.config, found.addons))
    return Base(0, cluster.standing, config, addons, (), server_side=False)


def _rests(asked: Asked, box: Sandbox) -> Inputs:
    files = digests(list(blueprint_paths(asked.settings.blueprints).values()))
    return Inputs("", "", files, tuple(programs(box, (MINIKUBE,))))


def _commands(wish: Wish, name: str) -> tuple[tuple[str, ...], ...]:
    """Return the commands, the start first: an addon needs a cluster that runs."""
    first = (start(name, wish.options),) if wish.starts else ()
    return (*first, *(addon(name, each, on=True) for each in wish.addons))


def _way_back(asked: Asked) -> str:
    """Return what a person types to take it back: no plan stops a cluster, or deletes one."""
    name = asked.cluster.name
    if asked.cluster.facts is None:
        return f"minikube delete --profile={name}"
    if asked.wish.starts:
        return f"minikube stop --profile={name}"
    return " && ".join(" ".join(addon(name, each, on=False)) for each in reversed(asked.wish.addons))


def _notes(asked: Asked) -> tuple[str, ...]:
    if not asked.wish.starts:
        return ()
    return (
        f"minikube makes {asked.cluster.name} the current context of your kubeconfig",
        "what it fetches and how long that takes is not known beforehand",
    )
