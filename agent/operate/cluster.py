"""`plan cluster`: what minikube has to do so that the cluster's own rows hold, sealed for a person to approve."""

from collections.abc import Sequence

from agent.apply.cluster_plan import Asked, cluster_plan
from agent.blueprint.control import Blueprints, Control, Profile
from agent.blueprint.values import Values
from agent.change.cluster import MINIKUBE, Cluster, rows, wish
from agent.change.grounds import Grounds
from agent.config import Settings
from agent.errors import Denied, Indeterminate, UsageError
from agent.events import Emit, Progress
from agent.operate.planned import Planned, kept
from agent.operate.refusing import refused
from agent.resources import blueprint_files, blueprint_paths
from agent.world.blueprints import read
from agent.world.history import git_facts
from agent.world.linting import lints
from agent.world.minikube import asked, facts
from agent.world.world import World
from tools.failure import Failure
from tools.kubeconfig import contexts


def of_cluster(named: Sequence[str], world: World, emit: Emit) -> Planned:
    """Seal a plan of what minikube has to do; of some rows alone where they are named.

    Raises:
        UsageError: what is named is no row of the cluster.
        Denied: the context in force is no cluster of minikube's.
        Indeterminate: minikube is not installed, or does not answer.

    """
    settings = world.settings
    blueprints = read(settings.blueprints, emit)
    controls = _named(named, rows(blueprints))
    profile = Profile(settings.profile or Profile.DEV)
    emit(Progress("asking minikube"))
    with asked(settings, world.deadline) as box:
        found = facts(box, name := _name(settings))
        if isinstance(found, Failure):
            raise Indeterminate(f"{found}; where the cluster is not minikube's, its rows are its provider's to meet")
        _refuse_others(name, settings, known=found is not None)
        cluster = Cluster(name, found)
        made = wish(controls, cluster, _grounds(blueprints, profile, world))
        if not made.changes:
            return refused(made.refusals, emit)
        folder = blueprint_files(settings.blueprints)[0].path.resolve()
        return kept(cluster_plan(Asked(made, cluster, profile, settings, folder), box), made.refusals)


def _named(named: Sequence[str], every: Sequence[Control]) -> Sequence[Control]:
    if not every:
        raise UsageError("no blueprint has rows of the cluster itself: see agent blueprint list")
    known = {row.id.casefold(): row for row in every}
    odd = next((name for name in named if name.casefold() not in known), None)
    if odd is not None:
        raise UsageError(f"{odd} is no row of the cluster itself: {', '.join(row.id for row in every)}")
    return [known[name.casefold()] for name in named] or every


def _name(settings: Settings) -> str:
    """Return the cluster's name, which is that of its context: the one named, else the current one, else minikube's."""
    found = contexts(settings.kubeconfig)
    current = "" if isinstance(found, Failure) else found[1]
    return settings.context or current or MINIKUBE


def _refuse_others(name: str, settings: Settings, *, known: bool) -> None:
    """Refuse to make a cluster of minikube's under the name of a context that leads to another one."""
    found = contexts(settings.kubeconfig)
    taken = not isinstance(found, Failure) and name in found[0]
    if taken and not known:
        raise Denied(f"context {name} is no cluster of minikube's; --context NAME names one that it is to make")


def _grounds(blueprints: Blueprints, profile: Profile, world: World) -> Grounds:
    where, files = blueprint_files(world.settings.blueprints)
    specs = blueprint_paths(world.settings.blueprints)
    git, reason = git_facts(blueprints, specs, Values({}), {}, profile, world.deadline)
    return Grounds(profile, lints(where, files, blueprints, None, world.commands), git, reason)
