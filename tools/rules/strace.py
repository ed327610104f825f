"""What strace may do: follow one process of this machine, by names of files and addresses, once a person agreed."""

from tools.policy import Permission, Rule

TOOLS = "/bluehelm"
"""Where strace of this machine stands in a throw-away copy, with the libraries it needs."""

CALLS = (
    "execve,execveat,?clone,?clone3,?fork,?vfork,?open,openat,?openat2,?creat,?access,faccessat,?faccessat2,?readlink,?readlinkat,chdir,fchdir,"
    "?mkdir,mkdirat,?unlink,unlinkat,?rmdir,?rename,renameat,renameat2,?link,linkat,?symlink,symlinkat,?chmod,fchmodat,"
    "fchmod,?chown,?lchown,fchownat,fchown,truncate,mount,umount2,pivot_root,connect,bind,listen,setuid,setgid,"
    "setgroups,setrlimit,prlimit64,kill,tgkill,exit_group"
)
"""Calls that name what fails and carry no payload: nothing that is read, written, sent or received is ever seen."""

COPY = (*["<directory>"] * 2, "<number>", *["<directory>"] * 6)
"""Behind the image: libraries, timeout, its seconds, then loader and libraries before strace, and again before env."""

NEEDED = (
    "--rm", "--name", "--network", "--volumes-from", "--entrypoint", "--signal", "--follow-forks", "--trace",
    "--split-string",
)  # fmt: skip
"""What makes it a copy that cannot harm, and is gone afterwards."""

RULES = (
    Rule(
        Permission.ASK,
        "strace",
        "it follows the system calls of a process of this machine, which slows it down",
        {
            "--attach": "number",
            "--follow-forks": "",
            "--trace": f"={CALLS}",
            "--string-limit": "=128",
            "--output": "=/dev/stdout",
            "--quiet": "=attach,personality",
        },
        ("--attach", "--follow-forks", "--trace", "--string-limit", "--output"),
        match=(f"strace --attach=7 --follow-forks --trace={CALLS} --string-limit=128 --output=/dev/stdout",),
        no_match=(
            f"strace --follow-forks --trace={CALLS} --string-limit=128 --output=/dev/stdout",
            "strace --attach=7 --follow-forks --trace=read --string-limit=128 --output=/dev/stdout",
            f"strace --attach=7 --follow-forks --trace={CALLS} --string-limit=128 --output=/etc/passwd",
            f"strace --attach=7 --follow-forks --trace={CALLS} --string-limit=128 --output=/dev/stdout sh",
        ),
    ),
    Rule(
        Permission.ASK,
        f"docker run <image> {' '.join(COPY)}",
        "runs a copy of a container under strace and removes it: mounts read-only, no ports",
        {
            "--rm": "",
            "--name": "container",
            "--network": "container",
            "--volumes-from": "mounts",
            "--volume": "tool",
            "--user": "user",
            "--workdir": "directory",
            "--env": "text",
            "--memory": "number",
            "--entrypoint": "directory",
            "--library-path": "",
            "--signal": "=KILL",
            "--follow-forks": "",
            "--trace": f"={CALLS}",
            "--string-limit": "=128",
            "--output": "=/dev/stdout",
            "--quiet": "=attach,personality",
            "--split-string": "text",
        },
        NEEDED,
        match=(
            "docker run --rm --name=bluehelm-x --network=none --volumes-from=web:ro --entrypoint=/bluehelm/lib/ld.so"
            " web:1 --library-path /bluehelm/lib /bluehelm/timeout --signal=KILL 5 /bluehelm/lib/ld.so --library-path"
            f" /bluehelm/lib /bluehelm/strace --follow-forks --trace={CALLS} /bluehelm/lib/ld.so --library-path"
            " /bluehelm/lib /bluehelm/env --split-string='sh'",
        ),
        no_match=(
            "docker run --rm web:1",
            "docker run --rm --name=x --network=none --volumes-from=web --entrypoint=/l web:1 /a /b 5 /c /d /e /f /g /h"
            f" --signal=KILL --follow-forks --trace={CALLS} --split-string='sh'",  # its mounts would be written to
        ),
    ),
)
