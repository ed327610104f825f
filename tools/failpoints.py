"""Places at which fault tests end this process, stop it or fill its disk; nothing unless BLUEHELM_FAILPOINT says so.

BLUEHELM_FAILPOINT=committed:kill    SIGKILL where a plan's commit was just made
BLUEHELM_FAILPOINT=intent:full       the disk is full there
BLUEHELM_FAILPOINT=helm:stop         SIGSTOP: whoever waits for this process does what comes next, and lets it go on
"""

import errno
import os
import signal

VARIABLE = "BLUEHELM_FAILPOINT"


def reached(name: str) -> None:
    """Do what the tests ask for at a place of that name."""
    place, _, what = os.environ.get(VARIABLE, "").partition(":")
    if place and place == name:
        _ACTIONS[what]()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


_ACTIONS = {"kill": _kill, "stop": _stop, "full": _full}
