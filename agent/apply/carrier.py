"""Which way a plan is carried out, by what it does."""

from collections.abc import Mapping

from agent.apply.carry import Carrying
from agent.apply.drill_carry import Drilling
from agent.apply.request_carry import Asking
from agent.apply.undo_carry import Undoing
from agent.change.plan import Action, Plan

_CARRIERS: Mapping[Action, type[Carrying]] = {Action.DRILL: Drilling, Action.UNDO: Undoing}


def carrier(plan: Plan) -> type[Carrying]:
    """Return what carries a plan out."""
    if plan.drill is not None and plan.drill.request is not None:
        return Asking
    return _CARRIERS.get(plan.action, Carrying)
