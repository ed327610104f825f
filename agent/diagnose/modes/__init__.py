"""The catalogue: every failure mode once. Ranking and grounding read it, `agent explain` prints it.

The number is that of the failure mode in the catalogue of 145 root causes; several names may share one. A folder of
rules has its file of modes here; `modes.OOM_KILLED` is how rules name one.
"""

from agent.diagnose.modes.admission import *  # noqa: F403 - the names of the modes are the catalogue
from agent.diagnose.modes.mode import Layer as Layer
from agent.diagnose.modes.mode import Mode as Mode
from agent.diagnose.modes.network import *  # noqa: F403
from agent.diagnose.modes.node import *  # noqa: F403
from agent.diagnose.modes.program import *  # noqa: F403
from agent.diagnose.modes.release import *  # noqa: F403
from agent.diagnose.modes.scheduling import *  # noqa: F403
from agent.diagnose.modes.storage import *  # noqa: F403
from agent.diagnose.modes.workload import *  # noqa: F403

UNEXPLAINED = Mode(
    0,
    "unexplained",
    "",
    title="Broken, and no known cause fits",
    means="Something does not work, and none of the causes this version knows fits what the cluster shows.",
    asks="Read the evidence: it is what the API, the events and the log say most of.",
    layer=Layer.SYMPTOM,
    dependent=True,
)

CATALOGUE: tuple[Mode, ...] = tuple(sorted(found for found in globals().values() if isinstance(found, Mode)))
"""Every mode, by number."""


def explain(asked: str) -> tuple[Mode, ...]:
    """Return the modes a code (`oom-killed`) or a number (`65`) names, empty for what the catalogue does not have."""
    wanted = asked.strip().lower()
    return tuple(mode for mode in CATALOGUE if wanted in (mode.code, str(mode.number)))
