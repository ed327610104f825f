"""Rows A to D of reliability-cases.md that concern a change, in a world without a cluster: real git, recorded helm."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.exitcode import ExitCode
from tests.fakes.apiserver import FORBIDDEN, path_of
from tests.robustness.server import certificate
from tests.robustness.world import CONTROL, NAMESPACE, World, stopping, world

SERVICE = "blueprints/service.md"
TEMPLATE = "charts/todo-app/templates/backend.yaml"


@pytest.fixture(scope="module")
def kept() -> Iterator[World]:
    with world() as made:
        made.plan = made.planned()
        made.keep()
        yield made


@pytest.fixture
def shop(kept: World) -> World:
    """Return the world as it was when its plan was sealed."""
    kept.reset()
    return kept


def refused(shop: World, code: ExitCode, *said: str, name: str = "") -> None:
    """Apply the plan, approved; it ends with a code and these words, and nothing was changed."""
    before = shop.values.read_bytes()
    shown = shop.applying(name).run()
    assert shown.code == code, shown.text
    assert all(word in " ".join(shown.text.split()) for word in said), shown.text
    assert not any(changes for _, changes, _, _ in shop.calls())
    assert shop.values.read_bytes() == before


def appended(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def live(shop: World, kind: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change every live object of a kind that is in the namespace, or is a namespace."""

    def changed(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for obj in found:
            change(obj)
        return found

    shop.server.objects.more[kind] = changed


def asked(shop: World, *more: str) -> subprocess.CompletedProcess[str]:
    return shop.agent("plan", CONTROL, f"--values={shop.secrets}", "-n", NAMESPACE, *more)


def test_a_kind_that_may_not_be_read_stops_a_plan_by_its_name(shop: World) -> None:
    """A10: on half a look a plan would miss what it breaks."""
    shop.server.fake.faults[path_of("HorizontalPodAutoscaler", NAMESPACE)] = FORBIDDEN
    done = asked(shop)
    assert (done.returncode, "HorizontalPodAutoscaler" in done.stderr) == (ExitCode.INDETERMINATE, True), done.stderr


def test_where_the_server_may_not_be_asked_the_plan_says_that_only_the_client_was(shop: World) -> None:
    """A11: a person has to know that nobody asked the server."""
    shop.fault(**{"dry-run": 'Error: UPGRADE FAILED: deployments.apps "x" is forbidden: User "u" cannot patch\n'})
    plan = shop.planned()["plan"]
    assert plan["dry_run"]["by"] == "client"
    assert "forbidden" in plan["dry_run"]["said"]
    assert "forbidden" in shop.agent("plan", "show").stdout


def test_who_planned_it_for_somebody_else_cannot_approve_it(shop: World) -> None:
    """Four eyes: with a yes of their own a plan that lives for hours would be their own again."""
    shown = shop.command("apply", shop.plan["id"], answers=["apply"]).run()
    assert (shown.code, "somebody else approves it" in shown.text) == (ExitCode.DENIED, True), shown.text
    card = shop.agent("plan", "show").stdout
    assert "the signature of somebody on the list of signers" in " ".join(card.split())
    assert f"printf %s {shop.plan['id']} | ssh-keygen -Y sign" in card
    assert not shop.changed()


def test_another_authority_is_another_cluster(shop: World) -> None:
    """A13: whose certificate it is has changed since, so it may be anybody's server."""
    other = certificate(shop.root, "other").read_text().partition("-----BEGIN PRIVATE")[0]
    authority = shop.root / "ca.pem"
    ours = authority.read_text()
    authority.write_text(ours + other)
    try:
        refused(shop, ExitCode.STALE, "certificate authority")
    finally:
        authority.write_text(ours)


def test_another_cluster_behind_the_same_context_is_refused(shop: World) -> None:
    """A14: a rebuilt cluster, or another one, at the same address and name."""
    live(shop, "Namespace", lambda obj: obj["metadata"].update(uid="11111111-1111-4111-8111-111111111111"))
    refused(shop, ExitCode.STALE, "another cluster")


def test_nothing_is_planned_in_a_namespace_that_goes_away(shop: World) -> None:
    """A15: what is applied there is gone in a minute."""
    live(shop, "Namespace", lambda obj: obj["metadata"].update(deletionTimestamp="2026-11-26T07:00:00Z"))
    done = asked(shop)
    assert (done.returncode, "is being deleted" in done.stderr) == (ExitCode.DENIED, True), done.stderr


@pytest.mark.parametrize("by", ["dry-run", "diff"])
def test_a_webhook_that_refuses_is_named(shop: World, by: str) -> None:
    """A17: at the plan, with the name of who refuses: not after a rollback."""
    said = 'Error: admission webhook "limits.example.org" denied the request: memory above 500Mi\n'
    shop.fault(**{by: said})
    done = asked(shop)
    assert (done.returncode, "limits.example.org" in done.stderr) == (ExitCode.DENIED, True), done.stderr


def test_a_program_that_was_replaced_is_not_run(shop: World) -> None:
    """B2: a plan names the very helm it was made with."""
    helm = shop.root / "bin" / "helm"
    text = helm.read_text()
    appended(helm, "# a byte more\n")
    try:
        refused(shop, ExitCode.STALE, "not the helm the plan was made with")
    finally:
        helm.write_text(text)


def test_programs_of_the_same_name_on_path_or_in_the_checkout_are_not_run(shop: World, tmp_path: Path) -> None:
    """B3: a folder early on PATH, and the checkout itself, are anybody's."""
    canary, folder = tmp_path / "ran", tmp_path / "bin"
    folder.mkdir()
    for place in (folder, shop.repository):
        for name in ("helm", "kubectl", "git"):
            (place / name).write_text(f"#!/bin/sh\necho $0 >> {canary}\nexit 1\n")
            (place / name).chmod(0o755)
    shown = shop.applying(PATH=f"{folder}:.:{os.environ['PATH']}").run()
    assert shown.code == ExitCode.OK, shown.text
    assert not canary.exists()


@pytest.mark.parametrize(("version", "flag"), [("v3.18.4+g1", "--atomic"), ("v4.1.0+g1", "--rollback-on-failure")])
def test_each_helm_gets_the_flag_it_knows(shop: World, version: str, flag: str) -> None:
    """B13: the other one's flag would fail, or would not take back what failed."""
    shop.set(version=version)
    assert flag in shop.planned()["plan"]["argv"][-1]


def test_a_helm_that_nobody_knows_plans_nothing(shop: World) -> None:
    """B13: what a new major version makes of our flags is not known."""
    shop.set(version="v5.0.0+g1")
    done = asked(shop)
    assert (done.returncode, "v5.0.0" in done.stderr) == (ExitCode.DENIED, True), done.stderr


def test_the_card_shows_where_a_plan_really_goes(shop: World) -> None:
    """C9: text that asks for a legal change elsewhere is seen through on the card."""
    own = json.loads(asked(shop, "-o", "json").stdout)["id"]
    shown = shop.command("apply", own, answers=[""]).run()
    assert shown.code == ExitCode.DENIED
    for word in (NAMESPACE, "todo-backend", shop.server.url):
        assert word in shown.text


@pytest.mark.parametrize("what", ["charts/todo-app/values.yaml", TEMPLATE, "charts/todo-app"])
def test_links_out_of_the_checkout_are_refused(shop: World, tmp_path: Path, what: str) -> None:
    """C15: a link in the repository would let it read, or have written, a file of the user's."""
    path, outside = shop.repository / what, tmp_path / "outside"
    path.rename(outside)
    path.symlink_to(outside)
    done = asked(shop)
    assert done.returncode in (ExitCode.DENIED, ExitCode.INDETERMINATE, ExitCode.USAGE), done.stdout
    refused(shop, ExitCode.STALE)


def test_no_program_of_the_checkout_runs(shop: World, tmp_path: Path) -> None:
    """C16: hooks, monitors, filters, editors and signing programs that a repository's configuration names."""
    canary = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $0 >> {canary}\nexit 1\n")
    program.chmod(0o755)
    hooks = shop.repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-commit", "commit-msg", "post-commit", "prepare-commit-msg", "reference-transaction"):
        (hooks / name).write_text(program.read_text())
        (hooks / name).chmod(0o755)
    (shop.repository / ".git" / "info").mkdir(exist_ok=True)
    (shop.repository / ".git" / "info" / "attributes").write_text("* filter=x diff=x\n")
    for key in ("core.fsmonitor", "core.editor", "core.pager", "gpg.program", "filter.x.clean", "diff.x.textconv"):
        shop.git("config", key, str(program))
    for key in ("commit.gpgsign", "filter.x.required"):
        shop.git("config", key, "true")
    shown = shop.applying().run()
    assert shown.code == ExitCode.OK, shown.text
    assert not canary.exists(), canary.read_text()


MOVES: dict[str, tuple[Callable[[World], object], str]] = {
    "D1 values": (lambda shop: appended(shop.values, "# a remark\n"), "values.yaml was changed"),
    "D1 secrets": (lambda shop: appended(shop.secrets, "# a remark\n"), "secrets.yaml was changed"),
    "D2 edited": (lambda shop: appended(shop.repository / SERVICE, "\na remark\n"), "service.md was changed"),
    "D3 template": (lambda shop: appended(shop.repository / TEMPLATE, "# a remark\n"), "backend.yaml was changed"),
    "D3 added": (
        lambda shop: (shop.repository / TEMPLATE).with_name("x.yaml").write_text("a: 1\n"),
        "x.yaml was added",
    ),
    "D3 removed": (lambda shop: (shop.repository / TEMPLATE).unlink(), "backend.yaml is gone"),
    "D4 upgraded": (
        lambda shop: shop.set(revisions=shop.release()["revisions"] + shop.release()["revisions"]),
        "revision 2",
    ),
    "D5 edited": (
        lambda shop: live(shop, "Deployment", lambda obj: obj["spec"]["template"]["spec"].update(dnsPolicy="None")),
        "was changed since, by somebody",
    ),
}


@pytest.mark.parametrize("row", MOVES)
def test_what_moved_is_named_and_nothing_is_written(shop: World, row: str) -> None:
    """D1 to D5: `stale` alone sends a person looking; a plan on old ground changes what nobody approved."""
    move, named = MOVES[row]
    move(shop)
    refused(shop, ExitCode.STALE, named)


def test_what_is_changed_besides_the_plan_does_not_make_it_stale(shop: World) -> None:
    """D5: an autoscaler's work, and an object that the plan does not touch, are no reason to plan again."""

    def scaled(obj: dict[str, Any]) -> None:
        obj["spec"]["replicas"] = 4
        obj["metadata"].update(generation=9, resourceVersion="99999")

    live(shop, "Deployment", scaled)
    live(shop, "ConfigMap", lambda obj: obj["metadata"].update(uid="2"))
    shown = stopping(shop, "intent", lambda shop, _: shop.server.objects.more.clear())
    assert shown.stopped, shown.text


@pytest.mark.parametrize("how", ["tampered", "truncated", "another's"])
def test_a_plan_that_is_not_what_was_sealed_is_not_applied(shop: World, how: str) -> None:
    """D6: whoever can write the file must not choose what is approved."""
    file = shop.kept / "plans" / f"{shop.plan['id']}.json"
    data = file.read_bytes()
    other = data.replace(b"512Mi", b"999Mi")
    file.write_bytes({"tampered": other, "truncated": data[:-9], "empty": b"", "another's": other}[how])
    if how == "another's":
        os.chown(file, 12345, 12345) if os.geteuid() == 0 else None
    refused(shop, ExitCode.STALE, "not what was sealed")


def test_a_plan_is_used_once(shop: World) -> None:
    """D7: the second time it would rest on ground that it changed itself."""
    assert shop.applying().run().code == ExitCode.OK
    calls = len(shop.calls())
    again = shop.applying().run()
    assert (again.code, "used already" in again.text) == (ExitCode.STALE, True)
    assert not any(changes for _, changes, _, _ in shop.calls()[calls:])


@pytest.mark.parametrize(("off", "said"), [(9 * 3600, "its time is up"), (-3600, "still to come")])
def test_the_clock_decides_with_both_its_ends(shop: World, off: float, said: str) -> None:
    """D7: a plan that has expired, and one that a clock set back makes young for ever."""
    clock = shop.root / "clock"
    clock.write_text(str(off))
    shown = shop.applying(launch=True, BLUEHELM_TEST_CLOCK=str(clock)).run()
    assert (shown.code, said in shown.text) == (ExitCode.STALE, True), shown.text


def test_the_approval_of_one_plan_opens_no_other(shop: World) -> None:
    """D8: a signature is for the bytes that were read."""
    other = shop.planned()
    assert other["id"] != shop.plan["id"]
    file = shop.signature(other["id"])
    done = shop.agent("apply", shop.plan["id"], f"--approval={file}")
    assert done.returncode == ExitCode.DENIED, done.stderr
    assert not any(changes for _, changes, _, _ in shop.calls())


def test_of_two_at_once_one_applies(shop: World) -> None:
    """D9: the same plan from two terminals is carried out once."""
    codes: list[int] = []

    def second(shop: World, _: int) -> None:
        codes.append(shop.applying().run().code)

    first = stopping(shop, "locked", second)
    assert (first.code, codes) == (ExitCode.OK, [ExitCode.DENIED]), first.text
    assert sum(changes for _, changes, _, _ in shop.calls()) == 1


def test_two_at_the_same_moment_apply_once(shop: World) -> None:
    """D9: without anybody's order, too."""
    name = shop.plan["id"]
    argv = shop.applying().argv
    both = [
        subprocess.Popen(argv, cwd=shop.repository, env=shop.env(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    codes = sorted(process.wait(60) for process in both)
    for process in both:
        assert process.stdout
        process.stdout.close()
    assert codes[0] == ExitCode.OK
    assert codes[1] in (ExitCode.STALE, ExitCode.DENIED)
    assert sum(changes for _, changes, _, _ in shop.calls()) == 1
    assert [line["event"] for line in shop.ledger() if line["plan"] == name].count("intent") == 1


@pytest.mark.parametrize("typed", [b"", b"apply\n"])
def test_what_is_piped_is_no_approval(shop: World, typed: bytes) -> None:
    """D10: no terminal, no yes."""
    done = subprocess.run(
        shop.command("apply", shop.plan["id"]).argv,
        cwd=shop.repository,
        env=shop.env(),
        input=typed,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == ExitCode.DENIED
    assert not any(changes for _, changes, _, _ in shop.calls())


@pytest.mark.parametrize("early", [b"apply\n" * 50, b"apply"])
def test_what_was_typed_before_the_card_was_read_does_not_count(shop: World, early: bytes) -> None:
    """D11: a paste, a key that repeats, a sentence half written into the wrong window."""
    shown = shop.command("apply", shop.plan["id"], early=early, answers=[""]).run()
    assert shown.code == ExitCode.DENIED, shown.text
    assert not any(changes for _, changes, _, _ in shop.calls())


@pytest.mark.parametrize("status", ["pending-upgrade", "pending-rollback"])
def test_a_release_that_helm_is_at_work_on_is_not_touched(shop: World, status: str) -> None:
    """D12: the age is said, the way out is named, and nothing is deleted."""
    revisions = shop.release()["revisions"]
    shop.set(revisions=[*revisions, {**revisions[0], "status": status, "description": "Preparing"}])
    refused(shop, ExitCode.STALE, status)
    done = asked(shop)
    assert done.returncode == ExitCode.DENIED
    assert "2026-11-26" in done.stderr
    assert "agent recover todo" in done.stderr


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ("invalid", ExitCode.ROLLED_BACK, "schema"),
        ("error", ExitCode.ROLLED_BACK, "context deadline exceeded"),
        ("stuck", ExitCode.UNKNOWN_OUTCOME, "failed"),
        ("lost", ExitCode.OK, "connection lost"),
    ],
)
def test_what_helm_left_is_found_out_and_said(shop: World, change: str, code: ExitCode, said: str) -> None:
    """D13, D14, D15, D20: by asking for the release, not by helm's exit status."""
    before = shop.values.read_bytes()
    shop.fault(change=change)
    shown = shop.applying().run()
    assert (shown.code, said in " ".join(shown.text.split())) == (code, True), shown.text
    assert sum(changes for _, changes, _, _ in shop.calls()) == 1, "nothing is tried twice"
    if code == ExitCode.ROLLED_BACK:
        assert shop.values.read_bytes() == before
        assert shop.git("status", "--short") == ""


def test_pods_that_never_become_ready_are_the_cause_that_is_said(shop: World) -> None:
    """D16: not "timed out": why, with a capture of what was seen."""
    shop.fault(change="midway", seconds=5)
    shown = shop.applying().run()
    captured = [line for line in shop.ledger() if line["event"] == "captured"]
    assert shown.code == ExitCode.ROLLED_BACK, shown.text
    assert captured, shown.text
    assert captured[0]["detail"]["cause"] in " ".join(shown.text.split())
    assert Path(captured[0]["detail"]["capture"]).stat().st_size


@pytest.mark.parametrize(("number", "times"), [("INT", 2), ("TERM", 1), ("HUP", 1)])
def test_a_signal_is_passed_on_once_and_helm_takes_back_what_it_began(shop: World, number: str, times: int) -> None:
    """D18: a second one does not leave the release half changed; files and release are as they were."""
    before = shop.values.read_bytes()
    shop.hold(on=True)

    def strike(shop: World, pid: int) -> None:
        end = time.monotonic() + 10
        while time.monotonic() < end and not shop.release()["revisions"][-1]["status"].startswith("pending"):
            time.sleep(0.02)
        for _ in range(times):
            os.kill(pid, getattr(signal, f"SIG{number}"))
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.3)

    shown = stopping(shop, "started", strike)
    assert shown.code == ExitCode.INTERRUPTED, shown.text
    assert "taken back" in shown.text
    assert shop.values.read_bytes() == before
    assert shop.release()["revisions"][-1]["status"] == "deployed"
    assert shop.git("status", "--short") == ""


@pytest.mark.parametrize("place", ["noting-approved", "noting-intent", "replacing-values.yaml", "written", "entering"])
def test_a_disk_that_is_full_before_helm_begins_leaves_all_as_it_was(shop: World, place: str) -> None:
    """D21: without its line in the ledger nothing is changed, and half a file is never there."""
    before = shop.values.read_bytes()
    shown = shop.applying(BLUEHELM_FAILPOINT=f"{place}:full").run()
    assert shown.code in (ExitCode.INDETERMINATE, ExitCode.ROLLED_BACK, ExitCode.UNKNOWN_OUTCOME), shown.text
    assert not any(changes for _, changes, _, _ in shop.calls())
    shop.agent("apply", shop.plan["id"])
    assert shop.values.read_bytes() == before
    assert shop.git("status", "--short") == ""
    assert shop.agent("ledger", "verify").returncode == 0


def test_a_values_file_that_may_not_be_written_is_said(shop: World) -> None:
    """D22: read-only, or in a folder that is."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    shop.values.parent.chmod(0o500)
    try:
        refused(shop, ExitCode.ROLLED_BACK, "cannot be written")
    finally:
        shop.values.parent.chmod(0o755)


SHAPES: dict[str, Callable[[str], str]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "BOM": lambda text: f"\ufeff{text}",
    "no last line end": lambda text: text.rstrip("\n"),
    "not ASCII": lambda text: f"# größer, 日本\n{text}",
    "2 MB": lambda text: text + "# a line that says nothing at all\n" * 60_000,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_only_the_planned_characters_change(shop: World, shape: str) -> None:
    """D22: whatever a file looks like, one value changes in it and its shape stays."""
    text = SHAPES[shape](shop.values.read_text())
    shop.values.write_bytes(text.encode())
    shop.git("commit", "-qam", shape)
    plan = shop.planned()
    shown = shop.applying(plan["id"]).run()
    assert shown.code == ExitCode.OK, shown.text
    assert shop.values.read_bytes() == text.replace("384Mi", "512Mi", 1).encode()
    assert shop.git("status", "--short") == ""


LIMITS = re.compile(r"    limits:\n      cpu: 500m .*\n      memory: 384Mi")

REFUSED: dict[str, Callable[[str], str]] = {
    "twice": lambda text: text.replace("  resources:\n", "  drainSeconds: 1\n  drainSeconds: 2\n  resources:\n", 1),
    "two documents": lambda text: f"{text}---\na: 1\n",
    "alias": lambda text: f"x: &m\n  memory: 384Mi\n{text}".replace(
        "    limits:\n      cpu: 500m                     # SVC-BE-CPU-LIMIT\n      memory: 384Mi",
        "    limits: *m #",
        1,
    ),
    "merge": lambda text: f"x: &m\n  memory: 384Mi\n{text}".replace("      memory: 384Mi", "      <<: *m #", 1),
}


@pytest.mark.parametrize("shape", REFUSED)
def test_a_file_that_one_edit_would_change_in_two_places_is_left_alone(shop: World, shape: str) -> None:
    """D22, D23: refused with the reason; never written another way."""
    text = REFUSED[shape](shop.values.read_text())
    assert text != shop.values.read_text()
    shop.values.write_text(text)
    shop.git("commit", "-qam", shape)
    done = asked(shop)
    assert done.returncode in (ExitCode.DENIED, ExitCode.USAGE, ExitCode.INDETERMINATE), done.stdout
    assert "Traceback" not in done.stderr
    assert done.stderr + done.stdout
    assert shop.values.read_text() == text


def test_the_release_is_held_for_as_long_as_its_helm_lives(shop: World) -> None:
    """D25: this program killed, helm at work: nobody steps in, and afterwards the lock is free by itself."""
    shop.hold(on=True)

    def strike(shop: World, pid: int) -> None:
        end = time.monotonic() + 10
        while time.monotonic() < end and not shop.release()["revisions"][-1]["status"].startswith("pending"):
            time.sleep(0.02)
        os.kill(pid, 9)

    stopping(shop, "started", strike)
    during = shop.agent("recover", "todo", "-n", NAMESPACE, "--abandoned")
    assert during.returncode == ExitCode.DENIED, during.stdout
    assert "its helm is still at work" in during.stderr
    shop.hold(on=False)
    assert shop.idle()
    after = shop.agent("apply", shop.plan["id"])
    assert "had been interrupted: it is in force" in after.stderr


def test_what_changed_since_is_a_persons_to_take_back(shop: World) -> None:
    """D26: a rollback of a file that somebody has edited stops, says how, and changes nothing."""
    assert shop.applying().run().code == ExitCode.OK
    appended(shop.values, "# a remark\n")
    shop.git("commit", "-qam", "a remark")
    done = shop.agent("rollback", shop.plan["id"])
    assert (done.returncode, "git revert" in done.stderr) == (ExitCode.DENIED, True), done.stderr


def test_a_file_that_is_edited_while_helm_is_at_work_is_not_overwritten(shop: World) -> None:
    """D26: what a person wrote meanwhile is theirs, also where the change is taken back."""
    shop.fault(change="error")
    shown = stopping(shop, "started", lambda shop, _: appended(shop.values, "# mine\n"))
    assert shown.code == ExitCode.UNKNOWN_OUTCOME, shown.text
    assert shop.values.read_text().endswith("# mine\n")
    assert "changed meanwhile" in shown.text


def test_what_is_as_decided_already_is_no_plan(shop: World) -> None:
    """D27: done, and helm was not called to change anything."""
    assert shop.applying().run().code == ExitCode.OK
    calls = len(shop.calls())
    done = asked(shop)
    assert done.returncode == ExitCode.OK, done.stderr + done.stdout
    assert not any(changes for _, changes, _, _ in shop.calls()[calls:])
    assert not shop.planned()["id"]


def test_a_ledger_that_is_not_whole_lets_nothing_be_applied(shop: World) -> None:
    """I3, requirement 12: without the ledger nobody knows what was used, rejected or frozen."""
    file = shop.kept / "ledger.jsonl"
    file.write_text(file.read_text().replace("sealed", "SEALED", 1))
    refused(shop, ExitCode.INDETERMINATE, "without it nothing is applied")


def test_an_unknown_outcome_is_looked_at_again(shop: World) -> None:
    """D20: the network came back: the next start says what became of it."""

    def strike(shop: World, _: int) -> None:
        shop.down()

    shown = stopping(shop, "helm", strike)
    assert shown.code == ExitCode.UNKNOWN_OUTCOME, shown.text
    shop.healed()
    done = shop.agent("apply", shop.plan["id"])
    assert "had been interrupted: it is in force" in done.stderr, done.stderr
    assert "had been interrupted" not in shop.agent("apply", shop.plan["id"]).stderr


def test_a_plan_for_one_profile_leaves_the_other_as_its_rows_have_it(shop: World) -> None:
    """The shared values.yaml is prod's as well: a laptop's memory would come to production with its next upgrade."""
    assert any("read for prod too" in note for note in shop.planned()["plan"]["notes"])
    file = shop.repository / SERVICE
    file.write_text(
        file.read_text().replace("| Memory Limit | 512Mi |", "| Memory Limit | 300Mi (dev) / 384Mi (prod) |", 1)
    )
    shop.git("commit", "-qam", "less memory for dev")
    done = asked(shop)
    assert done.returncode == ExitCode.DENIED, done.stderr
    assert "values.yaml is read for prod too" in " ".join(done.stdout.split())
