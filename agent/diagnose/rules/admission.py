"""Stand-in until the family's rules are committed."""

from agent.diagnose.registry import Rule

RULES: tuple[Rule, ...] = ()
