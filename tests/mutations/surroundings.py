"""What a damaged file is tried without: helm, git and minikube see whole files, and cost a hundred times as much."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from agent.operate import diagnose, trace
from agent.world import inputs


@contextmanager
def alone() -> Iterator[None]:
    """Leave out what starts a process."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(inputs, "rendered", lambda *_: "not rendered"))
        stack.enter_context(patch.object(inputs, "git_facts", lambda *_: (None, "not asked")))
        stack.enter_context(patch.object(trace, "line_history", lambda *_: {}))
        stack.enter_context(patch.object(diagnose, "prove", lambda *_: {}))
        yield
