"""Commits of exactly the files that were asked for, whatever else is changed or staged in the checkout.

The new contents are written as git stores them, entered into a private copy of the last commit's index and committed
from there: no filter, hook, editor or signing program of the checkout has a reason to run, and none may.
"""

import hashlib
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.failpoints import reached
from tools.failure import Failure, FailureKind
from tools.git import SHA1_DIGITS
from tools.gitdir import odd_file, shared_folder
from tools.permit import Permit
from tools.run import Output, run, run_planned
from tools.sandbox import Sandbox

SECONDS = 30.0
INDEX = "GIT_INDEX_FILE"


@dataclass(frozen=True, slots=True)
class Content:
    """One file of a commit: its path in the repository, whether it may be executed, the id of its new content."""

    path: str
    executable: bool
    blob: str

    @property
    def entry(self) -> str:
        """Return it as `git update-index` takes it."""
        return f"{'100755' if self.executable else '100644'},{self.blob},{self.path}"


def content(path: str, data: bytes, digits: int, *, executable: bool = False) -> Content:
    """Return what a file will be in a repository whose ids have that many digits."""
    return Content(path, executable, _id("blob", data, digits))


def commands(git: Path, files: Sequence[Content], message: Path) -> list[tuple[str, ...]]:
    """Return the commands that commit these files with the message that a file holds, in their order."""
    where = f"--git-dir={git}"
    made = (
        "git",
        where,
        "commit",
        "--no-verify",
        "--no-gpg-sign",
        "--quiet",
        "--cleanup=verbatim",
        f"--file={message}",
    )
    return [*entering(git, "HEAD", files), made]


def entering(git: Path, commit: str, files: Sequence[Content]) -> list[tuple[str, ...]]:
    """Return the commands that list, in a private index, the files of a commit with these in place of theirs."""
    where = f"--git-dir={git}"
    entered = [("git", where, "update-index", "--cacheinfo", item.entry) for item in files]
    return [("git", where, "read-tree", commit), *entered]


def commit(
    box: Sandbox, git: Path, files: Mapping[Content, bytes], argv: Sequence[tuple[str, ...]], permit: Permit
) -> Failure | None:
    """Make a commit by the commands of `commands`; a Failure where it was not made."""
    odd = odd_file(git)
    if odd:
        return Failure(FailureKind.DENIED, f"git in {git.parent}", odd)
    try:
        for item, data in files.items():
            stored(shared_folder(git), "blob", data, len(item.blob))
    except OSError as error:
        return Failure(FailureKind.CONFIG, f"git in {git.parent}", error.strerror or str(error))
    private = {INDEX: str(box.folder / "index")}
    for words in argv:
        done = run_planned(words, box, permit, timeout=SECONDS, more=private)
        if isinstance(done, Failure):
            return done
    reached("entering")
    entering = [words for words in argv if "update-index" in words]
    return _first_failure([run_planned(words, box, permit, timeout=SECONDS) for words in entering])


def own_config() -> str:
    """Return where the user's own git configuration is: whose name a commit carries is said there."""
    home = Path.home()
    base = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    found = next((path for path in (home / ".gitconfig", base / "git" / "config") if path.is_file()), None)
    return str(found or "/dev/null")


def author(box: Sandbox, git: Path) -> str | Failure:
    """Return in whose name a commit would be made; a Failure where git does not know."""
    found = run(["git", f"--git-dir={git}", "var", "GIT_AUTHOR_IDENT"], box)
    return found if isinstance(found, Failure) else found.stdout.rpartition(">")[0] + ">"


def _first_failure(done: Sequence[Output | Failure]) -> Failure | None:
    return next((found for found in done if isinstance(found, Failure)), None)


def stored(folder: Path, kind: str, data: bytes, digits: int) -> str:
    """Write one object of a repository unless it is there, and return its id.

    Args:
        folder: the git folder that holds the objects.
        kind: `blob` or `commit`.
        data: its content.
        digits: how many an id has there.

    """
    name = _id(kind, data, digits)
    file = folder / "objects" / name[:2] / name[2:]
    if file.exists():
        return name
    file.parent.mkdir(exist_ok=True)
    part = file.with_name(f"tmp_obj_{os.getpid()}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(zlib.compress(_framed(kind, data)))
            opened.flush()
            os.fsync(descriptor)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return name


def _id(kind: str, data: bytes, digits: int) -> str:
    made = hashlib.sha1(usedforsecurity=False) if digits == SHA1_DIGITS else hashlib.sha256()
    made.update(_framed(kind, data))
    return made.hexdigest()


def _framed(kind: str, data: bytes) -> bytes:
    return f"{kind} {len(data)}\0".encode() + data
