"""The volumes a container has: what is mounted where, and which of them holds a path."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.kube.containers import Container
from agent.kube.fields import number, spec

_PATH = re.compile(r"/[\w.@+~/-]+")
_FILES = ("configMap", "secret", "projected", "downwardAPI")


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume in a container: what is mounted and where."""

    index: int
    mount: Mapping[str, Any]
    volume: Mapping[str, Any]

    @property
    def path(self) -> str:
        """Where it is mounted."""
        return str(self.mount.get("mountPath") or "").rstrip("/") or "/"

    @property
    def claim(self) -> str:
        """The claim behind it, "" for none."""
        return str((self.volume.get("persistentVolumeClaim") or {}).get("claimName") or "")

    @property
    def kind(self) -> str:
        """The kind of a volume of files that the API holds (`configMap`, `secret` …), "" for others."""
        return next((name for name in _FILES if name in self.volume), "")

    def holds(self, path: str) -> bool:
        """Return whether a path is on this volume."""
        return path == self.path or path.startswith(f"{self.path.rstrip('/')}/")

    def mode(self, path: str) -> int:
        """Return the mode a file of a ConfigMap or Secret volume is given there: its item's, else the volume's."""
        source = self.volume.get(self.kind) or {}
        inside = path.removeprefix(self.path).strip("/") or str(self.mount.get("subPath") or "")
        for item in source.get("items") or ():
            if item.get("path") == inside and item.get("mode") is not None:
                return number(item["mode"])
        return number(source.get("defaultMode"), 0o644)


def mounts(container: Container) -> Iterator[Mount]:
    """Yield the volumes of a container, its token's left out."""
    volumes = {volume.get("name"): volume for volume in spec(container.pod).get("volumes") or ()}
    for index, mount in enumerate(container.spec.get("volumeMounts") or ()):
        if mount.get("name") in volumes and "/var/run/secrets/kubernetes.io" not in str(mount.get("mountPath")):
            yield Mount(index, mount, volumes[mount["name"]])


def mount_at(container: Container, path: str) -> Mount | None:
    """Return the volume a path is on: the deepest mount that holds it."""
    found = [mount for mount in mounts(container) if mount.holds(path)]
    return max(found, key=lambda mount: len(mount.path), default=None)


def mount_in(container: Container, line: str) -> Mount | None:
    """Return the volume a line of a log speaks of: the deepest mount that holds a path in it."""
    found = (mount_at(container, path.rstrip("/.:")) for path in _PATH.findall(line))
    return max((mount for mount in found if mount), key=lambda mount: len(mount.path), default=None)
