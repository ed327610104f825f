"""What git may do: read history. Hooks, pagers, external diffs and file monitors stay off by tools/git.py's flags."""

from tools.policy import Permission, Rule

REPOSITORY = {"--git-dir": "directory"}
COMMIT = "git --git-dir=/r/.git commit --no-gpg-sign --cleanup=verbatim --file=/m"
BLOB = "0123456789012345678901234567890123456789"

PLAINLY = ("--porcelain", "--no-textconv", "--no-ignore-revs-file")
"""What keeps a checkout from choosing how blame reads: no program, and no file of commits to pass over."""

SEALS = "%H:%(trailers:key=Plan,valueonly,separator=):%(trailers:key=Ledger,valueonly,separator=)"
"""What is asked of each commit: the plan it carries out, and the line of the ledger that tells of its approval."""

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
        "git rev-parse HEAD",
        "says which the last commit is",
        REPOSITORY | {"--verify": ""},
        ("--git-dir", "--verify"),
        offline=True,
        match=("git --git-dir=/r/.git rev-parse --verify HEAD",),
        no_match=("git --git-dir=/r/.git rev-parse --parseopt HEAD",),
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
        Permission.ALLOW,
        "git log HEAD",
        "says which commits carry out plans, and which line of the ledger each names",
        REPOSITORY | {"--no-show-signature": "", "--max-count": "number", "--format": f"={SEALS}"},
        ("--git-dir", "--no-show-signature", "--max-count", "--format"),
        offline=True,
        match=(f"git --git-dir=/r/.git log --no-show-signature --max-count=5 --format={SEALS} HEAD",),
        no_match=("git --git-dir=/r/.git log HEAD", "git --git-dir=/r/.git log --no-show-signature --format=%B HEAD"),
    ),
    Rule(
        Permission.ALLOW,
        "git var GIT_AUTHOR_IDENT|GIT_COMMITTER_IDENT",
        "says in whose name a commit would be made",
        REPOSITORY,
        ("--git-dir",),
        offline=True,
        match=("git --git-dir=/r/.git var GIT_AUTHOR_IDENT",),
        no_match=("git --git-dir=/r/.git var GIT_EDITOR",),
    ),
    Rule(
        Permission.ASK,
        "git read-tree <commit>",
        "copies a commit's list of files into a private index",
        REPOSITORY,
        ("--git-dir",),
        offline=True,
        match=("git --git-dir=/r/.git read-tree HEAD",),
        no_match=("git --git-dir=/r/.git read-tree --reset HEAD", "git --git-dir=/r/.git read-tree main"),
    ),
    Rule(
        Permission.ASK,
        "git update-index <entry>",
        "enters one file's new content into an index",
        REPOSITORY | {"--cacheinfo": ""},
        ("--git-dir", "--cacheinfo"),
        offline=True,
        match=(f"git --git-dir=/r/.git update-index --cacheinfo 100644,{BLOB},charts/v.yaml",),
        no_match=(
            f"git --git-dir=/r/.git update-index --cacheinfo 160000,{BLOB},sub",
            f"git --git-dir=/r/.git update-index --cacheinfo 100644,{BLOB},../v.yaml",
            "git --git-dir=/r/.git update-index --refresh",
        ),
    ),
    Rule(
        Permission.ASK,
        "git commit",
        "commits what a private index holds; no hook runs and nothing is signed",
        REPOSITORY
        | {"--no-verify": "", "--no-gpg-sign": "", "--quiet": "", "--cleanup": "=verbatim", "--file": "directory"},
        ("--git-dir", "--no-verify", "--no-gpg-sign", "--cleanup", "--file"),
        offline=True,
        match=(f"{COMMIT} --no-verify",),
        no_match=(
            COMMIT,
            f"{COMMIT} --no-verify --amend",
            f"{COMMIT} --no-verify --all",
            f"{COMMIT} --no-verify --trailer=Plan:1",  # a checkout's configuration names programs that make trailers
        ),
    ),
    Rule(
        Permission.ASK,
        "git write-tree",
        "stores the list of files that a private index holds",
        REPOSITORY,
        ("--git-dir",),
        offline=True,
        match=("git --git-dir=/r/.git write-tree",),
        no_match=("git --git-dir=/r/.git write-tree --missing-ok", "git write-tree"),
    ),
    Rule(
        Permission.ASK,
        "git branch <branch> <commit>",
        "makes a branch that is not there yet; the one that is checked out stays",
        REPOSITORY,
        ("--git-dir",),
        offline=True,
        match=(f"git --git-dir=/r/.git branch fix/memory {BLOB}",),
        no_match=(
            f"git --git-dir=/r/.git branch --force main {BLOB}",
            "git --git-dir=/r/.git branch --delete main",
            f"git --git-dir=/r/.git branch a..b {BLOB}",
            "git --git-dir=/r/.git branch a",
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
