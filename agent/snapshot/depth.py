"""How far a look goes beyond the lists that every question reads."""

from dataclasses import dataclass

from tools.kinds import MORE, SCALERS, SERVING, Kind


@dataclass(frozen=True, slots=True)
class Depth:
    """What is read beside the lists of every look, and the logs of what looks unwell."""

    owners: bool = False
    """Who changed which field, and what Helm notes of each release."""
    every_log: bool = False
    """Healthy containers' logs as well."""
    serving: bool = False
    """How the control plane stands: its checks, its nodes' use, certificates, who asks for APIs that go."""
    more: tuple[Kind, ...] = ()
    """Kinds to list beside those of every look."""


PLAIN = Depth()
AUDIT = Depth(owners=True)
LOGS = Depth(owners=True, every_log=True)
HEALTH = Depth(serving=True, more=SERVING)
REPORT = Depth(owners=True, serving=True, more=SERVING)
SCALING = Depth(owners=True, more=SCALERS)
WHOLE = Depth(owners=True, every_log=True, serving=True, more=MORE)
"""Everything a command could want to see: a capture's."""
