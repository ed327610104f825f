"""What a script may conclude from the way a command ended."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The status a command ends with; EXIT_CODES says what each means."""

    OK = 0
    FOUND = 1
    USAGE = 2
    INDETERMINATE = 3
    STALE = 4
    DENIED = 5
    ROLLED_BACK = 6
    UNKNOWN_OUTCOME = 7
    INTERRUPTED = 130


EXIT_CODES: dict[ExitCode, str] = {
    ExitCode.OK: "done; nothing of error severity was found",
    ExitCode.FOUND: "a finding of error severity, a failed check",
    ExitCode.USAGE: "usage, configuration or blueprint error",
    ExitCode.INDETERMINATE: "something needed could not be read: unknown, not healthy",
    ExitCode.STALE: "the plan is stale, expired or used",
    ExitCode.DENIED: "denied by policy, or not approved",
    ExitCode.ROLLED_BACK: "apply failed and was rolled back",
    ExitCode.UNKNOWN_OUTCOME: "apply's outcome is unknown",
    ExitCode.INTERRUPTED: "interrupted",
}
"""The meaning of every exit code, in the words `--help` uses."""
