"""A commit on a branch of its own: what is checked out, staged and changed in the checkout stays as it is."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.commits import INDEX, SECONDS, Content, entering, stored
from tools.failure import Failure, FailureKind
from tools.gitdir import odd_file, shared_folder
from tools.permit import Permit
from tools.run import Output, run, run_planned
from tools.sandbox import Sandbox

ROLES = ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT")


def listing(git: Path, head: str, files: Sequence[Content]) -> list[tuple[str, ...]]:
    """Return the commands that store what the commit holds; the last one prints its id."""
    return [*entering(git, head, files), ("git", f"--git-dir={git}", "write-tree")]


def naming(git: Path, called: str, commit: str) -> tuple[str, ...]:
    """Return the command that gives a commit a branch that is not there yet."""
    return ("git", f"--git-dir={git}", "branch", called, commit)


def committed(
    box: Sandbox, git: Path, head: str, files: Mapping[Content, bytes], message: str, permit: Permit
) -> str | Failure:
    """Store a commit of these files on top of another one, which nothing names yet, and return its id."""
    odd = odd_file(git)
    if odd:
        return Failure(FailureKind.DENIED, f"git in {git.parent}", odd)
    try:
        for item, data in files.items():
            stored(shared_folder(git), "blob", data, len(item.blob))
        content = _content(box, git, head, _tree(box, listing(git, head, list(files)), permit), message)
        return content if isinstance(content, Failure) else stored(shared_folder(git), "commit", content, len(head))
    except OSError as error:
        return Failure(FailureKind.CONFIG, f"git in {git.parent}", error.strerror or str(error))


def _tree(box: Sandbox, argv: Sequence[tuple[str, ...]], permit: Permit) -> Output | Failure:
    """Run the commands on a private index; return what the last one printed."""
    private = {INDEX: str(box.folder / "index")}
    for words in argv[:-1]:
        done = run_planned(words, box, permit, timeout=SECONDS, more=private)
        if isinstance(done, Failure):
            return done
    return run_planned(argv[-1], box, permit, timeout=SECONDS, more=private)


def _content(box: Sandbox, git: Path, head: str, tree: Output | Failure, message: str) -> bytes | Failure:
    """Return the commit as git stores it, in the name that git knows the user by."""
    found = [tree, *(run(["git", f"--git-dir={git}", "var", role], box) for role in ROLES)]
    lines: list[str] = []
    for kind, said in zip(("tree", "author", "committer"), found, strict=True):
        if isinstance(said, Failure):
            return said
        lines.append(f"{kind} {said.stdout.strip()}")
    lines.insert(1, f"parent {head}")
    return "\n".join((*lines, "", message)).encode()
