"""What git may do: read history. Hooks, pagers, external diffs and file monitors stay off by tools/git.py's flags."""

from tools.policy import Permission, Rule

REPOSITORY = {"--git-dir": "directory"}

PLAINLY = ("--porcelain", "--no-textconv", "--no-ignore-revs-file")
"""What keeps a checkout from choosing how blame reads: no program, and no file of commits to pass over."""

RULES = (
    Rule(
        Permission.ALLOW,
        "git cat-file blob <revision>",
        "reads a file of a commit",
        REPOSITORY,
        ("--git-dir",),
        match=("git --git-dir=/r/.git cat-file blob HEAD:charts/web/values.yaml",),
        no_match=(
            "git cat-file blob HEAD:a",
            "git --git-dir=/r/.git --textconv cat-file blob HEAD:a",
            "git --git-dir=/r/.git cat-file blob HEAD:../../etc/passwd",
            "git --git-dir=/r/.git cat-file blob --upload-pack=x",
        ),
    ),
    Rule(
        Permission.ALLOW,
        "git ls-tree HEAD <inside>?",
        "lists the files of a folder in the last commit, with the digests of their contents",
        REPOSITORY | {"--full-tree": ""},
        ("--git-dir", "--full-tree"),
        match=(
            "git --git-dir=/r/.git ls-tree --full-tree HEAD charts/web/",
            "git --git-dir=/r/.git ls-tree --full-tree HEAD",
        ),
        no_match=("git --git-dir=/r/.git ls-tree --full-tree HEAD ../x", "git ls-tree --full-tree HEAD"),
    ),
    Rule(
        Permission.ALLOW,
        "git blame <commit> <inside>",
        "says which commit gave each line",
        REPOSITORY | dict.fromkeys(PLAINLY, ""),
        ("--git-dir", *PLAINLY),
        match=(
            "git --git-dir=/r/.git blame --porcelain --no-textconv --no-ignore-revs-file HEAD charts/web/values.yaml",
        ),
        no_match=(
            "git --git-dir=/r/.git blame --porcelain --no-textconv HEAD a",
            "git --git-dir=/r/.git blame --contents=/x HEAD a",
        ),
    ),
    Rule(
        Permission.DENY,
        "git push|config|submodule|rebase|clean|checkout|reset|fetch|pull|clone|remote|filter-branch ...",
        "it reaches out, or rewrites or discards work",
        match=("git push", "git reset --hard"),
        no_match=("git status",),
    ),
)
