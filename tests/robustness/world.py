"""A world without a cluster: a checkout in real git, a fake API server, recorded helm and kubectl, and one user."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.robustness import programs
from tests.robustness.recorded import CANARY, NAMESPACE, RELEASE
from tests.robustness.server import ApiServer
from tests.robustness.terminal import Command, Shown

ROOT = Path(__file__).parents[2]
MEMORY = "memory: 512Mi                 # SVC-BE-MEM-LIMIT"
CONTROL = "SVC-BE-MEM-LIMIT"
SIGNER = "grace@example.org"
LAUNCH = Path(__file__).parent / "launch.py"


@dataclass
class World:
    """Everything one user has, below one folder. `disk` is what may be full."""

    root: Path
    server: ApiServer
    plan: dict[str, Any] = field(default_factory=dict)
    """The sealed plan, as `plan -o json` prints it."""
    namespace: str = NAMESPACE
    wait: int = 1
    """Seconds helm may wait for each thing."""

    @property
    def disk(self) -> Path:
        return self.root / "disk"

    @property
    def state(self) -> Path:
        """Where the fake programs keep what the release is."""
        return self.root / "cluster"

    @property
    def repository(self) -> Path:
        return self.disk / "repo"

    @property
    def values(self) -> Path:
        return self.repository / "charts" / "todo-app" / "values.yaml"

    @property
    def secrets(self) -> Path:
        return self.disk / "home" / "secrets.yaml"

    @property
    def kept(self) -> Path:
        """Return the program's own state folder."""
        return self.disk / "state" / "bluehelm"

    def env(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
            "HOME": str(self.disk / "home"),
            "TMPDIR": str(self.disk / "tmp"),
            "XDG_STATE_HOME": str(self.disk / "state"),
            "BLUEHELM_PATH": str(self.root / "bin"),
            "BLUEHELM_KUBECONFIG": str(self.root / "kubeconfig"),
            "BLUEHELM_PROFILE": "dev",
            "BLUEHELM_TIMEOUT": "20",
            "BLUEHELM_SIGNERS": str(self.root / "signers"),
        } | more

    def agent(self, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command without a terminal."""
        return subprocess.run(
            [sys.executable, "-m", "agent", *argv],
            cwd=self.repository,
            env=self.env(**more),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )

    def command(self, *argv: str, launch: bool = False, **more: Any) -> Command:
        """Return a command to run at a terminal; keyword arguments in capitals are variables."""
        start = [str(LAUNCH)] if launch else ["-m", "agent"]
        variables = {key: more.pop(key) for key in list(more) if key.isupper()}
        return Command([sys.executable, *start, *argv], self.env(**variables), self.repository, **more)

    def planned(self, *what: str, check: bool = True) -> dict[str, Any]:
        """Seal a plan."""
        chosen = what or (CONTROL, f"--values={self.secrets}")
        done = self.agent("plan", *chosen, "-n", self.namespace, f"--wait={self.wait}", "--second-person", "-o", "json")
        assert not check or done.returncode == 0, done.stderr + done.stdout
        found: dict[str, Any] = json.loads(done.stdout) if done.stdout else {"error": done.stderr}
        return found

    def signature(self, name: str) -> Path:
        """Return the file by which the second person approves a plan."""
        sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", "bluehelm-plan", "-f", str(self.root / "key")]
        done = subprocess.run(sign, input=name.encode(), capture_output=True, check=True)
        file = self.root / f"{name[:12]}.sig"
        file.write_bytes(done.stdout)
        return file

    def applying(self, name: str = "", **more: Any) -> Command:
        """Return the command that applies the plan, approved by the second person."""
        chosen = name or self.plan["id"]
        return self.command("apply", chosen, f"--approval={self.signature(chosen)}", **more)

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.repository, check=True, capture_output=True, text=True, env=self.env()
        )
        return done.stdout

    def release(self) -> dict[str, Any]:
        """Return the state of the release."""
        found: dict[str, Any] = json.loads((self.state / "state.json").read_text())
        return found

    def set(self, **state: Any) -> None:
        """Change the state of the release behind everybody's back."""
        programs.write(self.state / "state.json", self.release() | state)

    def fault(self, **what: Any) -> None:
        """Set what goes wrong in helm and kubectl from now on; an upgrade that waited in its middle goes on."""
        programs.write(self.state / "fault.json", what)
        self.hold(on=False)

    def begun(self, *, worse: bool, held: bool) -> None:
        """Say what the next upgrade comes to: whether something is worse afterwards, and whether it waits midway."""
        if worse:
            self.set(becomes="worse")
        self.hold(on=held)

    def hold(self, *, on: bool) -> None:
        """Let an upgrade wait in the middle, or go on."""
        (self.state / "hold").touch() if on else (self.state / "hold").unlink(missing_ok=True)

    def down(self) -> None:
        self.server.down()
        self.fault(down=True)

    def healed(self) -> None:
        """Take away whatever went wrong."""
        self.set(becomes="")
        self.hold(on=False)
        self.fault()
        self.server.up()
        (self.disk / "filler").unlink(missing_ok=True)

    def calls(self) -> list[list[Any]]:
        """Return each call of helm: its words, whether it changes something, what the ledger knew, its process."""
        file = self.state / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def changed(self) -> bool:
        """Return whether helm was asked to change anything."""
        return any(changes for _, changes, _, _ in self.calls())

    def ledger(self) -> list[dict[str, Any]]:
        file = self.kept / "ledger.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def idle(self, seconds: float = 15.0) -> bool:
        """Wait until no process of this world lives any more; return whether that came."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.processes():
                return True
            time.sleep(0.05)
        return False

    def processes(self) -> list[int]:
        """Return every process that was started by the program: their environment or words name this world."""
        mark, found = str(self.root).encode(), []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                except OSError:
                    continue
                if mark in said:
                    found.append(int(entry.name))
        return found

    def keep(self) -> None:
        """Remember everything as it is, for `reset`."""
        for name in ("disk", "cluster"):
            shutil.copytree(self.root / name, self.root / "pristine" / name, symlinks=True, dirs_exist_ok=True)

    def reset(self) -> None:
        """Make everything as it was remembered."""
        self.healed()
        for name in ("disk", "cluster"):
            for entry in (self.root / name).iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            shutil.copytree(self.root / "pristine" / name, self.root / name, symlinks=True, dirs_exist_ok=True)
        self.server.objects.more.clear()
        self.server.fake.faults.clear()


@contextmanager
def world(parent: Path | None = None, *, mounted: bool = False) -> Iterator[World]:
    """Make a world and, when the block ends, leave nothing of it; `mounted` gives it a disk of 24 MB."""
    with tempfile.TemporaryDirectory(prefix="robust-", dir=parent) as folder:
        root = Path(folder)
        (root / "disk").mkdir()
        if mounted:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "robust", str(root / "disk")], check=True)
        try:
            made = _made(root)
            try:
                yield made
            finally:
                made.healed()
                made.server.down()
                made.idle()
        finally:
            if mounted:
                subprocess.run(["umount", "--lazy", str(root / "disk")], check=True)


def _made(root: Path) -> World:
    (root / "cluster").mkdir()
    made = World(root, ApiServer(root / "cluster", root))
    programs.install(root / "bin", made.state, made.kept / "ledger.jsonl")
    made.server.up()
    _write_kubeconfig(made)
    furnish(made)
    return made


def furnish(made: World) -> None:
    """Give a world its checkout, its user and the second person's key."""
    root = made.root
    for name in ("disk/repo", "disk/home", "disk/tmp", "disk/state"):
        (root / name).mkdir(parents=True)
    _write_keys(root)
    for name in ("charts", "blueprints"):
        shutil.copytree(ROOT / name, made.repository / name)
    (root / "disk/home/.gitconfig").write_text("[user]\n\tname = Ada\n\temail = a@b\n")
    made.secrets.write_text(f"secrets:\n  values:\n    PASSWORD: {CANARY}\n")
    made.values.write_text(made.values.read_text().replace(MEMORY, MEMORY.replace("512Mi", "384Mi")))
    for words in (("init", "-q", "."), ("add", "."), ("commit", "-qm", "first")):
        made.git(*words)


def _write_kubeconfig(made: World) -> None:
    pem = made.server.certificate.read_text().partition("-----BEGIN PRIVATE")[0]
    authority = made.root / "ca.pem"
    authority.write_text(pem)
    document = {
        "current-context": "fake",
        "clusters": [{"name": "c", "cluster": {"server": made.server.url, "certificate-authority": str(authority)}}],
        "users": [{"name": "u", "user": {"token": "t0ken-of-ada"}}],
        "contexts": [{"name": "fake", "context": {"cluster": "c", "user": "u", "namespace": NAMESPACE}}],
    }
    path = made.root / "kubeconfig"
    path.write_text(json.dumps(document))
    path.chmod(0o600)


def _write_keys(root: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(root / "key")], check=True)
    (root / "signers").write_text(f"{SIGNER} {(root / 'key.pub').read_text()}")


At = Callable[[World, int], None]
"""What is done to a world and a process where a failpoint stopped it."""


def stopping(made: World, place: str, what: At, **more: Any) -> Shown:
    """Apply the plan, stop at a place, do something, go on; return how it ended."""
    once: list[int] = []

    def at(pid: int) -> None:
        if not once:
            once.append(pid)
            what(made, pid)

    return made.applying(at_stop=at, BLUEHELM_FAILPOINT=f"{place}:stop", **more).run()


__all__: Sequence[str] = ("CANARY", "CONTROL", "NAMESPACE", "RELEASE", "World", "stopping", "world")
