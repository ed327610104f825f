"""What stops a command, with the exit code it ends in.

    AgentError
    ├── UsageError       the command line or the configuration is wrong          (2)
    └── Indeterminate    something the answer needs could not be read            (3)

Raised by operations and where they look (agent/world); below them, errors are values (tools/failure.py).
"""

from agent.exitcode import ExitCode


class AgentError(Exception):
    """One line for a person: what failed, what still works, what to do."""

    code = ExitCode.INDETERMINATE


class UsageError(AgentError):
    """The command line, the configuration or a blueprint is wrong."""

    code = ExitCode.USAGE


class Indeterminate(AgentError):
    """Something the answer needs could not be read."""

    code = ExitCode.INDETERMINATE
