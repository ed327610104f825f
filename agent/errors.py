"""What stops a command, with the exit code it ends in.

    AgentError
    ├── UsageError       the command line or the configuration is wrong          (2)
    ├── Indeterminate    something the answer needs could not be read            (3)
    ├── Stale            what a plan rests on has moved, or its time is up       (4)
    └── Denied           no policy, blueprint or person allows it                (5)

Raised by operations and where they look (agent/world); below them, errors are values (tools/failure.py).
"""

from typing import TypeVar

from agent.exitcode import ExitCode
from tools.failure import Failure

T = TypeVar("T")


class AgentError(Exception):
    """One line for a person: what failed, what still works, what to do."""

    code = ExitCode.INDETERMINATE


class UsageError(AgentError):
    """The command line, the configuration or a blueprint is wrong."""

    code = ExitCode.USAGE


class Indeterminate(AgentError):
    """Something the answer needs could not be read."""

    code = ExitCode.INDETERMINATE


class Stale(AgentError):
    """What a plan rests on has moved, its time is up, or it was used."""

    code = ExitCode.STALE


class Denied(AgentError):
    """No policy, no blueprint or no person allows it."""

    code = ExitCode.DENIED


def known(found: T | Failure) -> T:
    """Return what was found.

    Raises:
        Indeterminate: it is a Failure.

    """
    if isinstance(found, Failure):
        raise Indeterminate(str(found))
    return found
