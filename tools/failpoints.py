"""Places at which the fault tests end this process, fail or wait. They are nothing unless BLUEHELM_FAILPOINT names one.

BLUEHELM_FAILPOINT=committed:kill    SIGKILL where a plan's commit was just made
BLUEHELM_FAILPOINT=intent:full       the disk is full from there on
"""

import errno
import os
import signal
import time

VARIABLE = "BLUEHELM_FAILPOINT"


def reached(name: str) -> None:
    """Do what the tests ask for at a place of that name."""
    place, _, what = os.environ.get(VARIABLE, "").partition(":")
    if place == name:
        _ACTIONS[what]()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _wait() -> None:
    time.sleep(3600)


_ACTIONS = {"kill": _kill, "terminate": _terminate, "full": _full, "wait": _wait}
