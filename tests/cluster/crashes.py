"""Containers that crash, each for a reason of its own, and what `agent debug` is to call it."""

from dataclasses import dataclass

from tests.cluster.images import BUSYBOX

SMALL = ("--memory=16m", "--memory-swap=16m")


@dataclass(frozen=True, slots=True)
class Crash:
    """One way to fail."""

    name: str
    code: str
    """What it is to be called, "" for a container in which nothing is wrong."""
    script: str = ""
    """What its shell runs; "" where the words in `command` are its program."""
    flags: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    image: str = BUSYBOX
    says: str = ""
    """What the sentence has to name."""
    then: tuple[str, ...] = ()
    """What is done to it afterwards: `docker ...`, with its name put for NAME."""
    seconds: float = 0
    """How long what is waited for takes."""


CRASHES = (
    Crash("memory", "out-of-memory", "x=a; while true; do x=$x$x; done", SMALL, says="16Mi"),
    Crash("program-absent", "program-missing", command=("serve", "--port=80"), says="serve"),
    Crash("path-absent", "program-missing", command=("/opt/app/serve",), says="/opt/app/serve"),
    Crash("command-absent", "program-missing", "run-the-app", says="run-the-app"),
    Crash("script-of-windows", "program-missing", image="bluehelm/crlf", command=("/run.sh",), says="/run.sh"),
    Crash("not-executable", "not-executable", image="bluehelm/crlf", command=("/notes.txt",), says="/notes.txt"),
    Crash("no-shebang", "no-executable-format", image="bluehelm/crlf", command=("/noise",)),
    Crash("other-machine", "other-architecture", image="bluehelm/arm", command=("/noise",), says="arm64"),
    Crash("user-absent", "user-missing", "sleep 1", ("--user=shop",), says="shop"),
    Crash("no-such-device", "device-missing", "sleep 1", ("--gpus=all",), says="device"),
    Crash("mount-mismatch", "mount-mismatch", "sleep 1", ("--volume=/etc/hostname:/etc",)),
    Crash("port-taken", "port-taken", "sleep 600", ("--publish=18080:80",), says="18080"),
    Crash("segmentation", "crashed", "sh -c 'kill -SEGV $$'; exit $?", says="SIGSEGV"),
    Crash("abort", "crashed", "sh -c 'kill -ABRT $$'; exit $?", says="SIGABRT"),
    Crash("killed-from-outside", "ended-from-outside", "sleep 600", then=("docker kill NAME",)),
    Crash(
        "deaf-to-sigterm",
        "ignores-sigterm",
        "trap '' TERM; while true; do sleep 1; done",
        then=("docker stop --time=1 NAME",),
    ),
    Crash(
        "stopped",
        "ended-from-outside",
        "trap 'exit 143' TERM; while true; do sleep 0.1; done",
        then=("docker stop NAME",),
    ),
    Crash("finished", "finished", "echo started in the background; sleep 600 &", ("--restart=always",)),
    Crash(
        "unhealthy-says-no",
        "unhealthy",
        "sleep 600",
        ("--health-cmd=exit 3", "--health-interval=1s", "--health-retries=2"),
        seconds=15,
    ),
    Crash(
        "unhealthy-no-curl",
        "unhealthy",
        "sleep 600",
        ("--health-cmd=curl -f localhost/health", "--health-interval=1s", "--health-retries=2"),
        says="not in the image",
        seconds=15,
    ),
    Crash(
        "unhealthy-too-slow",
        "unhealthy",
        "sleep 600",
        ("--health-cmd=sleep 30", "--health-interval=1s", "--health-timeout=1s", "--health-retries=1"),
        says="timeout",
        seconds=15,
    ),
    Crash("read-only-root", "read-only-root", "echo x > /data.db", ("--read-only",), says="/data.db"),
    Crash("read-only-mount", "read-only-mount", "echo x > /data/app.db", ("--volume=/tmp:/data:ro",), says="/data"),
    Crash(
        "mount-denied", "mount-denied", "echo x > /data/app.db", ("--volume=/root:/data", "--user=1000"), says="1000"
    ),
    Crash("file-denied", "file-denied", "cat /secret.txt", ("--user=1000",), image="bluehelm/crlf", says="/secret.txt"),
    Crash(
        "tmpfs-full",
        "no-space",
        "dd if=/dev/zero of=/scratch/x bs=1M count=4",
        ("--tmpfs=/scratch:size=1m",),
        says="/scratch",
    ),
    Crash(
        "files-limit",
        "file-limit",
        'echo "accept: Too many open files" >&2; exit 1',
        ("--ulimit=nofile=64:64",),
        says="64",
    ),
    Crash(
        "process-limit",
        "process-limit",
        "for i in 1 2 3 4 5 6 7 8; do sleep 60 & done; wait; exit 1",
        ("--pids-limit=4",),
        says="4",
    ),
    Crash("not-permitted", "not-permitted", "chown 5:5 /tmp", ("--cap-drop=ALL",), says="ALL"),
    Crash(
        "variable-absent",
        "variable-missing",
        'echo "${DATABASE_URL?environment variable DATABASE_URL is required}"',
        says="DATABASE_URL",
    ),
    Crash(
        "name-unknown",
        "name-unknown",
        'echo "dial tcp: lookup databse on 127.0.0.11:53: no such host"; exit 1',
        ("--network=shop",),
        says="database",
    ),
    Crash(
        "default-bridge",
        "default-bridge",
        'echo "could not translate host name \\"database\\" to address: Name or service not known"; exit 1',
    ),
    Crash(
        "other-network",
        "other-network",
        'echo "getaddrinfo ENOTFOUND database"; exit 1',
        ("--network=lonely",),
        says="lonely",
    ),
    Crash(
        "dependency-down",
        "dependency-down",
        'echo "connect ECONNREFUSED fallen:6379"; exit 1',
        ("--network=shop",),
        says="fallen",
    ),
    Crash(
        "wrong-port",
        "wrong-port",
        'echo "dial tcp database:5433: connect: connection refused"; exit 1',
        ("--network=shop",),
        says="database:5433",
    ),
    Crash("loopback", "loopback", 'echo "connect ECONNREFUSED 127.0.0.1:5432"; exit 1', says="itself"),
    Crash(
        "library-absent",
        "library-missing",
        'echo "/app: error while loading shared libraries: libpq.so.5: cannot open shared object file" >&2; exit 127',
        says="libpq.so.5",
    ),
    Crash(
        "credentials",
        "credentials-refused",
        'echo "FATAL:  password authentication failed for user \\"shop\\"" >&2; exit 1',
    ),
    Crash(
        "exception",
        "exception",
        'printf \'Traceback (most recent call last):\\n  File "/app.py", line 3, in <module>\\n    main()\\n'
        "TypeError: unsupported operand type(s) for +: None and int\\n' >&2; exit 1",
    ),
    Crash("never-started", "never-started", "sleep 1", then=("create",)),
    Crash("paused", "paused", "sleep 600", then=("docker pause NAME",)),
    Crash("silent", "unexplained", "exit 7"),
    Crash("well", "", "sleep 600"),
    Crash("well-after-a-stop", "", "sleep 600", then=("docker restart --time=0 NAME",)),
    Crash("job-done", "", "echo done"),
)
