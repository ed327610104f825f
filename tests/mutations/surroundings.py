"""What a damaged file is tried without: helm, git and minikube see whole files, and cost a hundred times as much."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from agent.operate import audit, diagnose, trace


@contextmanager
def alone() -> Iterator[None]:
    """Leave out what starts a process."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(audit, "rendered", lambda *_: "not rendered"))
        stack.enter_context(patch.object(audit, "git_facts", lambda *_: (None, "not asked")))
        stack.enter_context(patch.object(trace, "line_history", lambda *_: {}))
        stack.enter_context(patch.object(diagnose, "prove", lambda *_: {}))
        yield
