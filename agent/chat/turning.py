"""What is said to a question that gets no operation."""

from agent.chat.call import Reason, Turned

EXAMPLES = (
    "why is deploy/web failing",
    "show the logs of web, the lines with timeout",
    "what changed in the last hour",
    "how healthy is the cluster",
    "what should the memory limit of the backend be, and why",
    "is todo-prod what the blueprint says",
    "what would fix it",
)

CHANGE = Turned(
    Reason.CHANGE,
    "Nothing is changed from a conversation: a change is a plan that a blueprint justifies and that you approve",
    ("propose a plan that fixes deploy/web", "agent plan deploy/web", "agent apply PLAN"),
)

STRANGE = Turned(
    Reason.STRANGE,
    "That is not about a cluster, what runs on it or its blueprints, so it is not answered here; these are",
    EXAMPLES,
)

HELP = Turned(
    Reason.HELP,
    "Ask why something fails, how well the cluster is, what scales, changed, logged or uses how much, what a value"
    " should be and why, what belongs together, and what would fix it",
    EXAMPLES,
)
