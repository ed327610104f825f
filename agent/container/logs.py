"""What its log says of its end, or of why it does not serve; held against the container and whoever is beside it.

The messages are those that diagnoses of pods know (agent/diagnose/messages).
"""

import re
from collections.abc import Callable, Iterator, Mapping

from agent.container.aspod import as_pod
from agent.container.cause import Cause, shown
from agent.container.ends import end_proof
from agent.container.look import Look, Record
from agent.diagnose import modes
from agent.diagnose.finding import Confidence
from agent.diagnose.messages.lines import last_words, telling_line
from agent.diagnose.messages.match import Match
from agent.diagnose.messages.network import NAMES, UNSURE
from agent.diagnose.modes import Mode
from agent.diagnose.rules.program.messages import match_of
from agent.kube.fields import number
from agent.kube.places import asked_name, places_in
from agent.kube.wording import closest, listed
from agent.severity import Severity

READ_ONLY = re.compile(r"[Rr]ead-only file ?system|\bEROFS\b")
DENIED = re.compile(r"[Pp]ermission denied|\bEACCES\b|PermissionError|AccessDenied")
NOT_PERMITTED = re.compile(r"[Oo]peration not permitted|\bEPERM\b")
FULL = re.compile(r"[Nn]o space left on device|\bENOSPC\b|[Dd]isk quota exceeded")
LIBRARY = re.compile(
    r"error while loading shared libraries: (?P<name>\S+?):|Library not loaded|version `(?P<of>GLIBC_\S+)' not found"
)
FORK = re.compile(
    r"can't fork|fork: (?:retry: )?Resource temporarily unavailable|unable to create (?:native|new) thread",
    re.IGNORECASE,
)
FILES = re.compile(r"[Tt]oo many open files|\bEMFILE\b")
_PATH = re.compile(r"(?:['\"`]|\s|^|:)(/[\w.@+~/-]+)")

LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - names in logs


def logs(look: Look) -> Iterator[Cause]:
    """Yield what the end of the log says, the surest first."""
    if not look.log or (look.running and not _unwell(look)) or (not look.running and look.exit_code == 0):
        return
    yield from _of_system(look)
    container, graph = as_pod(look)
    found = match_of(container, graph)
    if found is not None:
        yield _of_match(found, look)


def _unwell(look: Look) -> bool:
    """Return whether a running container says that something is wrong."""
    return str((look.state.get("Health") or {}).get("Status") or "") == "unhealthy"


def _of_system(look: Look) -> Iterator[Cause]:
    """Yield what the kernel refused, by the line that says most."""
    line = next((text for text in last_words(look.log)[:4] for pattern in _SYSTEM if pattern.search(text)), "")
    for pattern, told in _SYSTEM.items():
        if line and pattern.search(line):
            yield told(line, look)
            return


def _cause(code: str, says: str, line: str, look: Look, fix: str, command: str = "", *more: object) -> Cause:
    proof = (
        shown(look.name, "log", line[:400]),
        *(shown(look.name, *item) for item in more if isinstance(item, tuple)),
    )
    return Cause(
        code, says, (*proof, *([] if look.running else [end_proof(look)])), fix, command, confidence=Confidence.LIKELY
    )


def _path(line: str) -> str:
    found = _PATH.findall(line)
    return str(found[-1]) if found else ""


def _read_only(line: str, look: Look) -> Cause:
    path = _path(line)
    mount = look.mounted(path) if path else None
    if mount is not None and not mount.get("RW", True):
        place = mount.get("Destination")
        fix = f"Mount {place} for writing (without :ro), or let the program write elsewhere"
        return _cause("read-only-mount", f"cannot write {path}: {place} is mounted read-only", line, look, fix)
    whole = bool(look.host.get("ReadonlyRootfs"))
    why = "its root file system is read-only" if whole else "the file system there is read-only"
    fix = f"Give it a place to write: --tmpfs {path.rpartition('/')[0] or '/tmp'}, or a volume there"  # noqa: S108
    return _cause("read-only-root", f"cannot write {path or 'a file'}: {why}", line, look, fix)


def _denied(line: str, look: Look) -> Cause:
    path, user = _path(line), str(look.config.get("User") or "root")
    mount = look.mounted(path) if path else None
    if mount is not None:
        place, source = mount.get("Destination"), mount.get("Source") or mount.get("Name")
        says = f"may not open {path}, which is on the mount at {place}: as user {user} it has no right to it"
        fix = f"Give {source} on the host to the user the container runs as, or run it as the owner (--user)"
        return _cause("mount-denied", says, line, look, fix, f"ls -ldn {source}")
    says = f"may not open {path or 'a file it needs'} as user {user}"
    fix = "Give the file to that user in the image (COPY --chown, chown), or run it as the user the image is made for"
    return _cause("file-denied", says, line, look, fix)


def _not_permitted(line: str, look: Look) -> Cause:
    dropped = listed(map(str, look.host.get("CapDrop") or ())) or "none beyond docker's default"
    options = listed(map(str, look.host.get("SecurityOpt") or ())) or "docker's own"
    says = f"asks the kernel for what it may not do (capabilities dropped: {dropped}; security options: {options})"
    fix = "Add the one capability it needs (--cap-add), or let it do without; agent strace names the call"
    return _cause("not-permitted", says, line, look, fix)


def _full(line: str, look: Look) -> Cause:
    path = _path(line)
    tmpfs = look.host.get("Tmpfs") or {}
    place = next((name for name in tmpfs if path.startswith(name)), "")
    where = (
        f"the tmpfs at {place} ({tmpfs[place] or 'half of the memory'})" if place else f"the disk under {path or 'it'}"
    )
    fix = (
        "Raise its size, or let the program write less"
        if place
        else "Free the host's disk: docker system df says what holds it"
    )
    return _cause("no-space", f"cannot write: {where} is full", line, look, fix, "" if place else "docker system df")


def _library(line: str, look: Look) -> Cause:
    found = LIBRARY.search(line)
    name = (found["name"] or found["of"] or "") if found else ""
    says = (
        f"cannot start: the library {name} is not in its image"
        if name
        else "cannot start: a library is not in its image"
    )
    fix = (
        "Install the library in the image, or build the program on the same base it runs on (musl and glibc do not mix)"
    )
    return _cause("library-missing", says, line, look, fix)


def _fork(line: str, look: Look) -> Cause:
    limit = number(look.host.get("PidsLimit"))
    says = (
        f"may start no more processes: its limit is {limit}" if limit > 0 else "may start no more processes or threads"
    )
    return _cause("process-limit", says, line, look, "Raise --pids-limit (pids_limit), or see why it starts so many")


def _files(line: str, look: Look) -> Cause:
    limits = [item for item in look.host.get("Ulimits") or () if item.get("Name") == "nofile"]
    says = f"may open no more files: its limit is {limits[0].get('Soft')}" if limits else "may open no more files"
    return _cause("file-limit", says, line, look, "Raise --ulimit nofile, or see what it does not close")


_SYSTEM: Mapping[re.Pattern[str], Callable[[str, Look], Cause]] = {
    LIBRARY: _library,
    READ_ONLY: _read_only,
    FULL: _full,
    FORK: _fork,
    FILES: _files,
    NOT_PERMITTED: _not_permitted,
    DENIED: _denied,
}
"""What the kernel says -> how it is told."""

SAYS: Mapping[Mode, str] = {
    modes.CREDENTIALS_REFUSED: "is refused: the other side does not accept its credentials ({line})",
    modes.CONNECTIONS_EXHAUSTED: "gets no connection: the database has none left ({line})",
    modes.DATABASE_READ_ONLY: "cannot write: the database is read-only ({line})",
    modes.CERTIFICATE_REFUSED: "cannot connect: a certificate is not trusted ({line})",
    modes.LIMIT_OF_THE_SYSTEM: "runs into a limit of its system: {line}",
    modes.CONFIGURATION_UNREADABLE: "cannot read its configuration: {line}",
    modes.WRONG_USER: "ends over the user it runs as: {line}",
    modes.PORT_TAKEN: "cannot listen: somebody in it has the port already ({line})",
    modes.EXCEPTION: "ends by an error of its own: {line}",
}
"""A mode -> how it is said behind the container's name."""

FIXES: Mapping[Mode, str] = {
    modes.CREDENTIALS_REFUSED: "Give it the credentials that the other side knows (--env-file, a secret of compose)",
    modes.CONNECTIONS_EXHAUSTED: "Let each container keep fewer connections, or let the database accept more",
    modes.DATABASE_READ_ONLY: "Call the primary, or let the database elect one",
    modes.CERTIFICATE_REFUSED: "Renew the certificate, or mount the authority that signed it; see what the clock says",
    modes.LIMIT_OF_THE_SYSTEM: "Let it close what it opens, or raise that limit (--ulimit, --shm-size, --sysctl)",
    modes.CONFIGURATION_UNREADABLE: "Correct what it was given",
    modes.WRONG_USER: "Run it as a user its image is made for (--user), or do what needs root in the image",
    modes.PORT_TAKEN: "Let one of the two listen on another port",
}
"""What to do, in the engine's terms; else what the catalogue asks."""


def _of_match(found: Match, look: Look) -> Cause:
    if found.mode is modes.SETTING_MISSING:
        return _setting(found, look)
    if found.mode is modes.DEPENDENCY_UNREACHABLE:
        return _unreachable(found, look)
    says = SAYS.get(found.mode, "ends: {line}").format(line=found.line[:200])
    return _cause(found.mode.code, says, found.line, look, FIXES.get(found.mode, found.mode.asks))


def _setting(found: Match, look: Look) -> Cause:
    if found.name.startswith("/"):
        mount = look.mounted(found.name)
        where = f"it is not in what is mounted at {mount.get('Destination')}" if mount else "nothing is mounted there"
        fix = f"Mount it (-v HOST_FILE:{found.name}:ro), or build it into the image"
        return _cause("file-missing", f"misses the file {found.name}: {where}", found.line, look, fix)
    name = found.variable or found.name
    near = closest(name, look.environment)
    hint = f"; it is given {near}" if near else ""
    says = f"misses its setting {name}, which is not among its variables{hint}" if name else "misses a setting"
    command = f"docker run --env {name}=VALUE ... {look.config.get('Image')}" if name else ""
    return _cause(
        "variable-missing",
        says,
        found.line,
        look,
        "Give it the variable (--env, --env-file, environment of compose)",
        command,
    )


def _unreachable(found: Match, look: Look) -> Cause:
    """Say what it cannot reach and why: the neighbours tell what its log does not."""
    around = (found.line, *last_words(look.log))
    if NAMES.search(found.line) or UNSURE.search(found.line):
        name = next((host for text in around if (host := asked_name(text))), "")
        return _unresolved(name, found, look)
    place = next((item for text in around for item in places_in(text)), None)
    if place is None:
        return _cause("unreachable", f"cannot connect: {found.line[:200]}", found.line, look, FIX_ADDRESS)
    if place.host in LOOPBACK:
        says = f"cannot connect to {place}, which is the container itself: nothing listens there"
        fix = "Call the other container by its name on a network they share; localhost is this container alone"
        return _cause("loopback", says, found.line, look, fix)
    return _refusing(str(place), place.host, found, look)


FIX_ADDRESS = "Correct the address it is given, or bring up what it connects to"


def _refusing(place: str, host: str, found: Match, look: Look) -> Cause:
    other = _neighbour(host, look)
    if other is None:
        return _cause("unreachable", f"cannot connect to {place}", found.line, look, FIX_ADDRESS)
    name, state = str(other.get("Names") or host), str(other.get("State") or "")
    proof = ("ps", f"{name} is {other.get('Status') or state}")
    if state != "running":
        says = f"cannot connect to {place}: container {name} is {state}"
        return _cause(
            "dependency-down",
            says,
            found.line,
            look,
            f"Start it, and see why it ended: agent debug {name}",
            f"docker start {name}",
            proof,
        )
    says = f"cannot connect to {place}: container {name} runs, and nothing listens there on that port"
    return _cause("wrong-port", says, found.line, look, f"Call the port {name} listens on", f"docker top {name}", proof)


def _unresolved(name: str, found: Match, look: Look) -> Cause:
    """Say why a name does not resolve: no such container, another network, one that is down, or the default bridge."""
    other = _neighbour(name, look) if name else None
    own = set(look.networks)
    if other is None:
        near = closest(name, (str(item.get("Names") or "") for item in look.neighbours)) if name else ""
        hint = f"; there is one called {near}" if near else ""
        says = f"cannot resolve {name or 'a name'}: no container of this engine is called so{hint}"
        return _cause("name-unknown", says, found.line, look, "Correct the name, or start what it is to be")
    theirs = {text.strip() for text in str(other.get("Networks") or "").split(",")}
    if own <= {"bridge"}:
        says = f"cannot resolve {name}: on docker's default bridge containers have no names"
        fix = "Put both on a network of their own, where names resolve"
        return _cause(
            "default-bridge", says, found.line, look, fix, _connect(name, look), ("/NetworkSettings/Networks", "bridge")
        )
    if not own & theirs:
        says = f"cannot resolve {name}: it is on {listed(theirs)}, this one on {listed(own)}"
        return _cause(
            "other-network", says, found.line, look, "Connect one of them to the other's network", _connect(name, look)
        )
    state = other.get("State")
    says = f"cannot resolve {name}: container {other.get('Names')} is {state}, and only running ones have names"
    return _cause(
        "dependency-down",
        says,
        found.line,
        look,
        f"Start it, and see why it ended: agent debug {name}",
        f"docker start {name}",
    )


def _connect(name: str, look: Look) -> str:
    network = next((item for item in look.networks if item != "bridge"), "shop")
    new = (
        ""
        if network in look.networks
        else f"docker network create {network} && docker network connect {network} {look.name} && "
    )
    return f"{new}docker network connect {network} {name}"


def _neighbour(host: str, look: Look) -> Record | None:
    """Return the container that a host means: by name, by its service in compose, or by the start of its id."""
    for item in look.neighbours:
        labels = str(item.get("Labels") or "")
        names = {*str(item.get("Names") or "").split(","), str(item.get("ID") or "")[:12]}
        if host in names or f"com.docker.compose.service={host}" in labels.split(","):
            return item
    return None


def unexplained(look: Look) -> Iterator[Cause]:
    """Yield that it ended with an error and nobody knows why, with its last words: never a guess."""
    if look.running or look.never_ran or not look.exit_code:
        return
    line = telling_line(look.log)
    said = f"; it last said: {line[:200]}" if line else f"; {look.log_gap or 'it said nothing'}"
    fix = (
        "Give it a log driver that can be read (--log-driver local or json-file), or read where its own keeps the log"
        if look.log_gap
        else "Read the whole log; where it is silent, agent strace shows the call that failed"
    )
    proof = (end_proof(look), *([shown(look.name, "log", line[:400])] if line else []))
    says = f"ended with an error, and why is not known{said}"
    yield Cause("unexplained", says, proof, fix, f"agent strace {look.name}", Severity.ERROR, Confidence.POSSIBLE)
