"""Which failure mode a word of Kubernetes stands for: `CrashLoopBackOff`, `exit code 137`, `OOMKilled`."""

import re
from collections.abc import Mapping

from agent.chat.question import Question
from agent.diagnose.modes import CATALOGUE
from agent.kube.wording import closest

WORDS: Mapping[str, str] = {}
"""What Kubernetes writes -> the code of the mode it stands for."""

_EXIT = re.compile(r"\bexit (?:code |status )?(\d{1,3})\b")


def code_of(asked: Question) -> str:
    """Return the code of the failure mode a question names, "" for none."""
    codes = {mode.code for mode in CATALOGUE}
    named = next((word.lower() for word in asked.words if word.lower() in codes), "")
    if named:
        return named
    for mode in CATALOGUE:
        words = {word.lower() for word in asked.words if len(word) > 5}
        if words & {part.lower() for part in re.findall(r"[A-Z]\w+(?:[A-Z]\w+)+", mode.means)}:
            return mode.code
    return closest("-".join(word for word in asked.plain.split()[-2:]), codes)
