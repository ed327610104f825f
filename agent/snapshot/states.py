"""How whole a part is that could not be read, by why it could not."""

from agent.snapshot.record import State
from tools.failure import FailureKind

STATES = {
    FailureKind.FORBIDDEN: State.DENIED,
    FailureKind.UNAUTHORIZED: State.DENIED,
    FailureKind.NOT_SERVED: State.NOT_SERVED,
    FailureKind.TRUNCATED: State.PARTIAL,
}
