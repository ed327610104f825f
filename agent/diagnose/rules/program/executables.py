"""Why a command cannot be executed, where objects tell it: a volume hides it, a mode forbids it, line ends break it."""

import re
from dataclasses import dataclass

from agent.kube.containers import Container
from agent.kube.mounts import Mount, mount_at
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

CARRIAGE_RETURN = re.compile(r"\\r['\"’:]|\^M\b|\^M:|\r['\"’:]|\$'\\r'|\r: (?:not found|No such file)")
"""How shells and kernels show the CR of a line that ends in CR LF, as part of a name."""

EXECUTABLE = 0o111
_SCRIPT = re.compile(r"\.(?:sh|bash|py|pl|rb|js)$")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a program cannot be executed."""

    why: str
    """Behind the program's name: `is hidden by volume data, mounted at /app`."""
    fix: str
    evidence: tuple[Evidence, ...] = ()


def reason(container: Container, program: str, text: str, graph: Graph) -> Reason | None:
    """Return what objects or the message itself tell of a program that cannot be executed, None for nothing more."""
    if CARRIAGE_RETURN.search(text):
        return Reason(
            "is a script whose lines end in CR LF, so that its interpreter is looked for under a name that ends in CR",
            "Store the script with line ends of LF (dos2unix, or eol=lf in .gitattributes) and build it anew",
        )
    path = _absolute(container, program)
    mount = mount_at(container, path) if path else None
    if mount is None:
        return _no_interpreter(text) if _SCRIPT.search(program) and "no such file" in text.lower() else None
    if "permission denied" in text.lower():
        return _not_executable(container, mount, path)
    if re.search(r"no such file|not found|cannot find", text, re.IGNORECASE):
        return _in_volume(container, mount, path, graph)
    return None


def _absolute(container: Container, program: str) -> str:
    """Return a program's path in the container, "" for one that is looked for on the PATH."""
    if program.startswith("/"):
        return program
    if "/" not in program:
        return ""
    place = str(container.spec.get("workingDir") or "")
    return f"{place.rstrip('/')}/{program.removeprefix('./')}" if place else ""


def _not_executable(container: Container, mount: Mount, path: str) -> Reason | None:
    """Return that the volume gives its files a mode without x."""
    mode = mount.mode(path)
    if mount.kind not in ("configMap", "secret", "projected") or mode & EXECUTABLE:
        return None
    name = mount.mount["name"]
    shown = Evidence(ref(container.pod), _field(container, mount), f"mode {mode:04o}")
    return Reason(
        f"may not be executed: volume {name} gives its files mode {mode:04o}, without x",
        f"Set defaultMode 0755 on volume {name}, or run the file with its interpreter (sh {path})",
        (shown,),
    )


def _in_volume(container: Container, mount: Mount, path: str, graph: Graph) -> Reason | None:
    """Return that a volume hides the program, or that the script it holds names an interpreter that is not there."""
    name, config = mount.mount["name"], _config(container, mount, graph)
    script = _content(mount, path, config)
    if config is not None and script is not None:
        return _broken_script(config, script)
    shown = Evidence(ref(container.pod), f"{container.pointer}/volumeMounts/{mount.index}", f"{name} at {mount.path}")
    return Reason(
        f"is hidden by volume {name}, which is mounted at {mount.path} over what the image has there",
        f"Mount volume {name} at another path, or single files of it with subPath",
        (shown,),
    )


def _broken_script(config: Object, script: str) -> Reason:
    first = script.split("\n", 1)[0]
    shown = (Evidence(ref(config), "/data", repr(first)[:120]),)
    if first.endswith("\r"):
        return Reason(
            "is a script whose lines end in CR LF, so that its interpreter is looked for under a name that ends in CR",
            f"Store the script in ConfigMap {ref(config).name} with line ends of LF",
            shown,
        )
    asked = first.removeprefix("#!").strip() if first.startswith("#!") else ""
    return Reason(
        f"is a script for {asked or 'an interpreter'}, which is not in the image",
        f"Use an interpreter that is in the image, or an image that has {asked or 'it'}",
        shown,
    )


def _no_interpreter(text: str) -> Reason | None:
    if not text.startswith("exec "):
        return None
    return Reason(
        "is not in the image, or its interpreter is not (a first line that ends in CR LF does that)",
        "Look at the first line of the script, and store it with line ends of LF",
    )


def _config(container: Container, mount: Mount, graph: Graph) -> Object | None:
    name = (mount.volume.get("configMap") or {}).get("name")
    return graph.get("ConfigMap", ref(container.pod).namespace, name) if name else None


def _content(mount: Mount, path: str, config: Object | None) -> str | None:
    """Return the text a ConfigMap volume has at a path, None where it has none there."""
    inside = path.removeprefix(mount.path).strip("/") or str(mount.mount.get("subPath") or "")
    items = (mount.volume.get("configMap") or {}).get("items")
    keys = {str(item.get("path")): str(item.get("key")) for item in items or ()}
    found = ((config or {}).get("data") or {}).get(keys.get(inside, inside if not items else ""))
    return None if found is None else str(found)


def _field(container: Container, mount: Mount) -> str:
    names = [volume.get("name") for volume in (container.pod.get("spec") or {}).get("volumes") or ()]
    place = names.index(mount.mount["name"])
    return f"/spec/volumes/{place}/{mount.kind}/defaultMode"
