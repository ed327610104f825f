"""Starts the program with another clock and less patience: `launch.py apply …`. What it runs is the program as it is.

BLUEHELM_TEST_CLOCK names a file with the seconds the clock is off; it is read anew each time the program asks.
"""

import importlib
import os
import pkgutil
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import agent
import tools.run
import tools.upgrade
from agent.cli import main

CLOCK = os.environ.get("BLUEHELM_TEST_CLOCK", "")


class Shifted(datetime):
    """A clock that somebody has set."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        off = float(Path(CLOCK).read_text()) if CLOCK else 0.0
        return datetime.now(tz) + timedelta(seconds=off)


def shift() -> None:
    """Give every module that reads the clock the other one."""
    for found in pkgutil.walk_packages(agent.__path__, "agent."):
        if found.name.startswith(("agent.apply", "agent.change", "agent.operate", "agent.approval")):
            module = importlib.import_module(found.name)
            if getattr(module, "datetime", None) is datetime:
                module.datetime = Shifted  # type: ignore[attr-defined]


if __name__ == "__main__":
    if CLOCK:
        shift()
    else:
        tools.upgrade.MARGIN = 3.0
        vars(tools.run)["UNDOING"] = 1.0
    sys.exit(main())
