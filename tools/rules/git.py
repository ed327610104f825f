"""What git may do: read history. Hooks, pagers, external diffs and file monitors stay off by tools/git.py's flags."""

from tools.policy import Effect, Rule

RULES = (
    Rule(
        Effect.DENY,
        "git push|config|submodule|rebase|clean|checkout|reset|fetch|pull|clone|remote|filter-branch ...",
        "it reaches out, or rewrites or discards work",
        match=("git push", "git reset --hard"),
        no_match=("git status",),
    ),
)
