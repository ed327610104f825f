"""What strace may do: follow one process of this machine, by names of files and addresses, once a person agreed."""

from tools.policy import Permission, Rule

CALLS = (
    "execve,execveat,?clone,?clone3,?fork,?vfork,?open,openat,?openat2,?creat,?access,faccessat,?faccessat2,?readlink,?readlinkat,chdir,fchdir,"
    "?mkdir,mkdirat,?unlink,unlinkat,?rmdir,?rename,renameat,renameat2,?link,linkat,?symlink,symlinkat,?chmod,fchmodat,"
    "fchmod,?chown,?lchown,fchownat,fchown,truncate,mount,umount2,pivot_root,connect,bind,listen,setuid,setgid,"
    "setgroups,setrlimit,prlimit64,kill,tgkill,exit_group"
)
"""Calls that name what fails and carry no payload: nothing that is read, written, sent or received is ever seen."""

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
)
