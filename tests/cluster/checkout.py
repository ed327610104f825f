"""A checkout with a state of its own, and the person who works in it: their git, their agent, their terminal.

The person at the terminal is a pseudo-terminal that types a word once the card asks for one.
"""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.plugin import Cluster

LONGEST = 240.0
"""Seconds a command of the agent may take."""

WHO = {name: value for role in ("AUTHOR", "COMMITTER") for name, value in (
    (f"GIT_{role}_NAME", "Ada"), (f"GIT_{role}_EMAIL", "a@b"),
)}  # fmt: skip


@dataclass
class Checkout:
    """A repository, the namespace its release is in, and a user's home."""

    cluster: Cluster
    namespace: str
    repository: Path
    home: Path

    def begin(self) -> None:
        """Commit everything that is there as the first commit of a user who has a name."""
        self.home.mkdir(exist_ok=True)
        (self.home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = a@b\n")
        self.git("init", "-q", ".")
        self.git("add", ".")
        self.git("commit", "-qm", "first")

    def git(self, *words: str) -> str:
        """Run git in the checkout."""
        argv = ["git", *words]
        done = subprocess.run(argv, cwd=self.repository, check=True, capture_output=True, text=True, env=self.env())
        return done.stdout

    def env(self, **more: str) -> dict[str, str]:
        """Return the environment of the person: nothing of whoever runs the tests."""
        foreign = ("KUBE", "HELM", "BLUEHELM", "XDG")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        own = {"HOME": str(self.home), "TERM": "xterm", "BLUEHELM_PROFILE": "dev", "BLUEHELM_TIMEOUT": "60"}
        folders = f"{self.cluster.helm_path.parent}:{self.cluster.kubectl_path.parent}"
        where = {"BLUEHELM_KUBECONFIG": str(self.cluster.kubeconfig), "BLUEHELM_CONTEXT": self.cluster.context}
        return kept | WHO | own | where | {"BLUEHELM_PATH": folders} | more

    def agent(self, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the agent where no terminal is."""
        command = [sys.executable, "-m", "agent", *argv]
        return subprocess.run(
            command, cwd=self.repository, env=self.env(**more), capture_output=True, text=True, timeout=LONGEST,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def typed(
        self, word: str, *argv: str, meanwhile: Callable[[str], None] | None = None, **more: str
    ) -> tuple[int, str]:
        """Run a command at a terminal, type a word when it asks and a reason after it; return its code and its text.

        `meanwhile` is told what is shown after that, as a second person who looks on would be.
        """
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.repository)
            os.execve(sys.executable, [sys.executable, "-m", "agent", *argv], self.env(**more))
        shown, answers, began = b"", [word, "because"], time.monotonic()
        while time.monotonic() - began < LONGEST:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    piece = os.read(terminal, 1 << 16)
                except OSError:  # the other side is closed
                    break
                shown += piece
                if meanwhile is not None and len(answers) < 2:
                    meanwhile(piece.decode(errors="replace"))
            if answers and shown.endswith((b"> ", b"? ")):
                shown += b"\n"
                os.write(terminal, f"{answers.pop(0)}\n".encode())
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(errors="replace")
