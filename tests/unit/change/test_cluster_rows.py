"""`plan cluster`: minikube is asked for what the cluster's rows say, and for nothing else. Real files, git, ledger."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.apply import ledger, store
from agent.apply.cluster_carry import Making
from agent.apply.ledger import Event
from agent.apply.outcome import Ending, Outcome
from agent.apply.unfinished import settle
from agent.approval.decision import Approval, Later, Rejection
from agent.change.plan import Action, Plan
from agent.errors import Denied, Indeterminate, Stale, UsageError
from agent.events import Said
from agent.operate import apply, back
from agent.operate.arguments.apply import Apply
from agent.operate.arguments.back import Rollback
from agent.operate.arguments.plan import Plan as Asked
from agent.operate.plan import run
from agent.operate.planned import Planned
from agent.report.plan import as_text
from agent.report.terminal import Screen
from agent.world.world import World
from tests.fakes.minikube import STOPPED, Minikube, cluster
from tests.unit.change.test_commits import git
from tools.policy import Permission, decide

BLUEPRINTS = Path(__file__).parents[3] / "blueprints"

START = "start --profile=minikube --driver=docker --cpus=4 --memory=8192"
ENABLE = [f"addons enable {name} --profile=minikube" for name in ("ingress", "metrics-server", "registry")]

NOWHERE: dict[str, Any] = {"path": "/nonexistent"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout whose blueprints are committed, and its user's own folders."""
    for name, folder in (("HOME", "home"), ("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "config")):
        (tmp_path / folder).mkdir()
        monkeypatch.setenv(name, str(tmp_path / folder))
    (tmp_path / "home" / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    git(tmp_path, "init", "-q", "repo")
    shutil.copytree(BLUEPRINTS, tmp_path / "repo" / "blueprints")
    git(tmp_path / "repo", "add", ".")
    git(tmp_path / "repo", "commit", "-qm", "blueprints")
    return tmp_path


def world(here: Path, **flags: str) -> World:
    usual = {"path": str(here / "bin"), "blueprints": str(here / "repo" / "blueprints"), "profile": "dev"}
    return World({**usual, **flags}, approver=yes)


def yes(name: str, _: Plan, reason: str) -> Approval:
    return Approval(name, "ada", "terminal", reason)


def planned(here: Path, *named: str, **flags: str) -> Planned:
    return run(Asked(what=("cluster", *named)), world(here, **flags), lambda _: None)


def sealed(here: Path, *named: str, **flags: str) -> tuple[str, Plan]:
    found = planned(here, *named, **flags)
    assert found.plan is not None, found.refusals
    return found.name, found.plan


def applied(here: Path, name: str, reason: str = "", **flags: str) -> Outcome:
    return apply.run(Apply(name, reason=reason), world(here, **flags), lambda _: None).outcome


def argv(plan: Plan) -> list[str]:
    return [" ".join(words[1:]) for words in plan.argv]


def test_a_cluster_that_is_not_there_is_made_as_its_rows_say(here: Path) -> None:
    """The first thing a newcomer needs; "v1.28+" leaves the version to minikube, and is looked at afterwards."""
    minikube = Minikube(here / "bin")
    name, plan = sealed(here)
    assert (plan.action, argv(plan), minikube.changing()) == (Action.CLUSTER, [START, *ENABLE], [])
    assert {change.control for change in plan.changes} == {
        "CL-DRIVER", "CL-CPUS", "CL-MEMORY", "CL-ADDONS", "CL-REGISTRY",
    }  # fmt: skip
    done = applied(here, name)
    assert (done.ending, done.still, minikube.changing()) == (Ending.APPLIED, (), [START, *ENABLE])


def test_every_command_of_it_needs_a_plan(here: Path) -> None:
    """A cluster that anything starts past the approval."""
    Minikube(here / "bin")
    _, plan = sealed(here)
    assert {decide(words).permission for words in (*plan.argv, *plan.undo)} == {Permission.ASK}


def test_one_that_stands_still_is_started_without_its_options(here: Path) -> None:
    """minikube settles them once; given again it warns and goes on, and nobody knows which hold."""
    minikube = Minikube(here / "bin", {"minikube": cluster("ingress", "metrics-server", "registry", status=STOPPED)})
    name, plan = sealed(here)
    assert (argv(plan), [change.control for change in plan.changes]) == (
        ["start --profile=minikube"],
        ["CL-CHK-STATUS"],
    )
    assert applied(here, name).ending is Ending.APPLIED
    assert minikube.kept()["clusters"]["minikube"]["status"]["Host"] == "Running"


def test_an_addon_alone_is_enabled_in_one_that_runs(here: Path) -> None:
    """Nobody restarts a cluster for an addon."""
    minikube = Minikube(here / "bin", {"minikube": cluster("ingress", "registry", "dashboard")})
    name, plan = sealed(here)
    assert argv(plan) == ["addons enable metrics-server --profile=minikube"]
    assert applied(here, name).ending is Ending.APPLIED
    assert minikube.kept()["clusters"]["minikube"]["addons"] == dict.fromkeys(
        ("ingress", "metrics-server", "registry", "dashboard"), True
    )


def test_a_cluster_that_holds_has_nothing_to_plan(here: Path) -> None:
    """A plan of nothing would ask for a yes to nothing."""
    Minikube(here / "bin", {"minikube": cluster("ingress", "metrics-server", "registry")})
    found = planned(here)
    assert (found.plan, list(found.refusals)) == (None, [])


def test_what_minikube_settles_once_is_a_persons(here: Path) -> None:
    """The way to more CPUs deletes everything in the cluster: said, and never planned."""
    Minikube(here / "bin", {"minikube": cluster("ingress", "metrics-server", "registry", cpus=2)})
    found = planned(here)
    (refusal,) = found.refusals
    assert (found.plan, refusal.subject) == (None, "CL-CPUS")
    assert "minikube delete --profile=minikube is yours to type" in refusal.first


def test_rows_that_are_named_are_planned_alone(here: Path) -> None:
    """Who asks for the addons gets no registry along."""
    Minikube(here / "bin", {"minikube": cluster()})
    assert argv(sealed(here, "cl-addons")[1]) == ENABLE[:2]
    with pytest.raises(UsageError, match="SVC-BE-PORT is no row of the cluster itself"):
        planned(here, "SVC-BE-PORT")


def test_a_row_that_is_not_committed_justifies_nothing(here: Path) -> None:
    """Whoever can edit a file unseen would decide what is installed on this machine."""
    Minikube(here / "bin", {"minikube": cluster()})
    file = here / "repo" / "blueprints" / "cluster.md"
    file.write_text(file.read_text().replace("ingress, metrics-server", "ingress, dashboard"))
    found = planned(here)
    assert found.plan is None
    assert all("not committed" in item.reason for item in found.refusals)


def test_the_context_in_force_names_the_cluster(here: Path) -> None:
    """Two clusters of minikube's on one machine: the other one's addons say nothing of this one."""
    clusters = {"minikube": cluster("ingress", "metrics-server", "registry"), "second": cluster("ingress", "registry")}
    minikube = Minikube(here / "bin", clusters)
    assert argv(sealed(here, context="second")[1]) == ["addons enable metrics-server --profile=second"]
    asked = [call.argv for call in minikube.calls() if call.argv[:2] == ["addons", "list"]]
    assert asked == [["addons", "list", "--profile=second", "--output=json"]]


def test_a_context_of_somebody_elses_is_left_alone(here: Path) -> None:
    """Production's context, under whose name a new cluster would hide it."""
    Minikube(here / "bin")
    (here / "home" / ".kube").mkdir()
    (here / "home" / ".kube" / "config").write_text(
        "contexts: [{name: prod, context: {cluster: a, user: a}}]\ncurrent-context: prod\n"
    )
    with pytest.raises(Denied, match="context prod is no cluster of minikube's"):
        planned(here)


def test_without_minikube_nobody_knows(here: Path) -> None:
    """Unknown is not well."""
    with pytest.raises(Indeterminate, match="minikube"):
        planned(here, path=str(here / "empty"))


def test_minikube_enters_the_cluster_where_the_user_keeps_theirs(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entered into the private folder of one command it would be gone with it."""
    monkeypatch.setenv("KUBECONFIG", f"{here}/one{os.pathsep}{here}/two")
    minikube = Minikube(here / "bin")
    applied(here, sealed(here)[0])
    (call,) = (call for call in minikube.calls() if call.argv[0] == "start")
    assert call.environment["KUBECONFIG"] == f"{here}/one{os.pathsep}{here}/two"


def longer(file: Path) -> None:
    file.write_text(file.read_text() + "\n")


MOVED: dict[str, tuple[Callable[[Path, Minikube], object], str]] = {
    "an addon of somebody else's": (
        lambda _, kept: kept.change(clusters={"minikube": cluster("dashboard")}), "its addons were others"
    ),
    "stopped": (
        lambda _, kept: kept.change(clusters={"minikube": cluster(status=STOPPED)}), "Stopped; it was Running"
    ),
    "gone": (lambda _, kept: kept.change(clusters={}), "not there; it was Running"),
    "the row": (lambda here, _: longer(here / "repo" / "blueprints" / "cluster.md"), "cluster.md was changed"),
    "the program": (lambda _, kept: longer(kept.path), "is not the minikube the plan was made with"),
}  # fmt: skip


@pytest.mark.parametrize("what", MOVED)
def test_what_moved_since_is_named_and_nothing_is_changed(here: Path, what: str) -> None:
    """ "Stale" alone helps nobody, and what was approved is not what would happen."""
    minikube = Minikube(here / "bin", {"minikube": cluster()})
    name, _ = sealed(here)
    move, said = MOVED[what]
    move(here, minikube)
    with pytest.raises(Stale, match=said):
        applied(here, name)
    assert minikube.changing() == []


def test_an_addon_that_fails_takes_the_others_back(here: Path) -> None:
    """Half of what was approved, and nobody says which half."""
    refuses = {"addons enable metrics-server": "Exiting due to MK_ADDON_ENABLE: no such image"}
    minikube = Minikube(here / "bin", {"minikube": cluster()}, refuses=refuses)
    done = applied(here, sealed(here)[0])
    assert (done.ending, "no such image" in done.cause) == (Ending.ROLLED_BACK, True)
    assert not any(minikube.kept()["clusters"]["minikube"]["addons"].values())


def test_a_cluster_that_was_made_and_lacks_an_addon_is_not_called_as_before(here: Path) -> None:
    """It runs, takes 8 GiB, and no plan stops it: a person has to know."""
    minikube = Minikube(here / "bin", refuses={"addons enable ingress": "no such image"})
    name, _ = sealed(here)
    done = applied(here, name)
    assert (done.ending, "Running all the same" in done.cause) == (Ending.UNKNOWN, True)
    assert "minikube delete --profile=minikube" in done.next
    assert minikube.kept()["clusters"]["minikube"]["status"]["Host"] == "Running"


def test_a_start_that_fails_leaves_all_as_it_was(here: Path) -> None:
    """Docker is not there: the cause is minikube's own."""
    Minikube(here / "bin", refuses={"start": "Exiting due to PROVIDER_DOCKER_NOT_RUNNING: docker is not running"})
    done = applied(here, sealed(here)[0])
    assert (done.ending, "docker is not running" in done.cause) == (Ending.ROLLED_BACK, True)


def test_a_version_that_came_out_older_is_said(here: Path) -> None:
    """ "v1.28+" was left to minikube, which has an older one as its default."""
    minikube = Minikube(here / "bin")
    minikube.path.write_text(
        minikube.path.read_text().replace('KubernetesVersion="v1.36.0"', 'KubernetesVersion="v1.26.1"')
    )
    done = applied(here, sealed(here)[0])
    assert done.ending is Ending.APPLIED
    assert done.still == ("CL-K8S: the cluster has v1.26.1, the row says v1.28+",)


def test_nobody_asks_nobody_approves(here: Path) -> None:
    """No approval, no minikube."""
    minikube = Minikube(here / "bin")
    name, _ = sealed(here)
    for decision in (Later("there is no terminal"), Rejection(name, "ada", "not today")):
        asked = replace(world(here), approver=lambda *_, said=decision: said)
        with pytest.raises(Denied):
            apply.run(Apply(name), asked, lambda _: None)
    assert minikube.changing() == []
    with pytest.raises(Stale, match="rejected"):
        applied(here, name)


def test_a_protected_cluster_asks_why(here: Path) -> None:
    """The same as for a release."""
    Minikube(here / "bin")
    name, plan = sealed(here, protected="minikube")
    assert plan.protected
    with pytest.raises(Denied, match="needs a reason"):
        applied(here, name)
    assert applied(here, name, reason="a new laptop").ending is Ending.APPLIED


def test_it_is_used_once_and_told_in_the_ledger(here: Path) -> None:
    """Intent first, outcome last."""
    Minikube(here / "bin")
    name, _ = sealed(here)
    applied(here, name)
    found = ledger.entries()
    assert isinstance(found, list)
    assert [entry.event for entry in found] == [Event.SEALED, Event.APPROVED, Event.INTENT, Event.OUTCOME]
    with pytest.raises(Stale, match="used already"):
        applied(here, name)


def test_no_plan_takes_it_back_and_the_way_is_said(here: Path) -> None:
    """`rollback` of a cluster would be its end."""
    Minikube(here / "bin")
    name, _ = sealed(here)
    applied(here, name)
    with pytest.raises(Denied, match="yours to type: minikube delete --profile=minikube"):
        back.rollback(Rollback(name), world(here), lambda _: None)


@pytest.mark.parametrize("when", ["before", "after", "between"])
def test_what_another_process_left_in_the_middle_is_settled(
    here: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL: the next start says what became of it by how the cluster stands."""
    minikube = Minikube(here / "bin", {"minikube": cluster()})
    name, plan = sealed(here)
    with monkeypatch.context() as killed:
        killed.setattr(Making, "_carried", lambda *_: sys.exit())
        with pytest.raises(SystemExit):
            applied(here, name)
    enabled = {"before": (), "between": ("ingress",), "after": ("ingress", "metrics-server", "registry")}[when]
    minikube.change(clusters={"minikube": cluster(*enabled)})
    said: list[str] = []
    settle(world(here), lambda event: said.append(event.text) if isinstance(event, Said) else None)
    wanted = {"before": "taken back", "between": "half done", "after": "in force"}[when]
    assert wanted in said[0]
    assert minikube.changing() == []
    assert store.load(name) == (name, plan)


def test_the_card_says_it_in_a_sentence(here: Path) -> None:
    """What a person decides by."""
    Minikube(here / "bin")
    text = as_text(planned(here), Screen(width=100))
    first = "minikube starts the cluster minikube and enables ingress, metrics-server and registry; CL-DRIVER,"
    assert text.startswith(first)
    for words in (
        "no release is touched",
        START,
        "which is not there",
        "minikube v1.37.0",
        "yours to type: minikube delete",
    ):
        assert words in " ".join(text.split()), words
