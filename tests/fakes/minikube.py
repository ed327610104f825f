"""A minikube that keeps clusters as a file: made, started, their addons, what it refuses, and every call."""

import json
import sys
from pathlib import Path
from typing import Any

from tests.fakes.executables import Executable

SCRIPT = """#!{python} -IS
import json, os, sys, time
here = {folder!r}
kept = json.load(open(here + "/.minikube.json"))
argv = sys.argv[1:]
flags = dict(word[2:].partition("=")[::2] for word in argv if word.startswith("--"))
words = [word for word in argv if not word.startswith("--")]
name = flags.get("profile", "minikube")
with open(here + "/.minikube.calls", "a") as out:
    out.write(json.dumps([argv, dict(os.environ), os.getcwd(), os.getpid(), 0]) + "\\n")
def keep():
    with open(here + "/.minikube.part", "w") as out:
        json.dump(kept, out)
    os.replace(here + "/.minikube.part", here + "/.minikube.json")
refused = kept["refuses"].get(" ".join(words))
if refused:
    sys.exit("X " + refused)
cluster = kept["clusters"].get(name)
if words == ["version"]:
    print(json.dumps(dict(minikubeVersion=kept["version"])))
elif words == ["profile", "list"]:
    valid = [dict(Name=each, Config=one["config"]) for each, one in kept["clusters"].items()]
    print(json.dumps(dict(invalid=[], valid=valid)))
elif words == ["status"] and cluster:
    print(json.dumps(dict(Name=name, **cluster["status"])))
    sys.exit(0 if cluster["status"]["Host"] == "Running" else 7)
elif words == ["addons", "list"] and cluster:
    states = dict((each, "enabled" if on else "disabled") for each, on in cluster["addons"].items())
    print(json.dumps(dict((each, dict(Status=state)) for each, state in states.items())))
elif words == ["start"]:
    time.sleep(kept["delay"])
    if not cluster:
        config = dict(Driver=flags.get("driver", "docker"), CPUs=int(flags.get("cpus", 2)))
        config.update(Memory=int(flags.get("memory", 4000)), KubernetesConfig=dict(KubernetesVersion="v1.36.0"))
        cluster = kept["clusters"][name] = dict(config=config, addons=dict.fromkeys(kept["addons"], False))
    cluster["status"] = dict.fromkeys(("Host", "Kubelet", "APIServer"), "Running")
    keep()
elif words[:2] in (["addons", "enable"], ["addons", "disable"]) and cluster:
    cluster["addons"][words[2]] = words[1] == "enable"
    keep()
else:
    sys.exit("X minikube: nothing is known of: " + " ".join(argv))
"""

RUNNING = dict.fromkeys(("Host", "Kubelet", "APIServer"), "Running")
STOPPED = dict.fromkeys(("Host", "Kubelet", "APIServer"), "Stopped")
ADDONS = ("ingress", "metrics-server", "registry", "dashboard")


def cluster(*enabled: str, cpus: int = 4, memory: int = 8192, status: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a cluster as it was made, with some addons enabled."""
    config = {"Driver": "docker", "CPUs": cpus, "Memory": memory, "KubernetesConfig": {"KubernetesVersion": "v1.36.0"}}
    return {"config": config, "addons": {name: name in enabled for name in ADDONS}, "status": status or RUNNING}


class Minikube(Executable):
    """The program, and what it keeps."""

    def __init__(self, folder: Path, clusters: dict[str, Any] | None = None, **more: Any) -> None:
        """Write it; `refuses`: words (`addons enable ingress`) and what it says to them, `delay`: of a start."""
        super().__init__(folder / "minikube")
        folder.mkdir(parents=True, exist_ok=True)
        usual = {"version": "v1.37.0", "addons": ADDONS, "refuses": {}, "delay": 0.0}
        self._write({**usual, "clusters": clusters or {}, **more})
        self.path.write_text(SCRIPT.format(python=sys.executable, folder=str(folder)), encoding="utf-8")
        self.path.chmod(0o755)

    def kept(self) -> dict[str, Any]:
        """Return what it keeps now."""
        found: dict[str, Any] = json.loads(self.path.with_name(".minikube.json").read_text(encoding="utf-8"))
        return found

    def change(self, **more: Any) -> None:
        """Change what it keeps, as somebody else would."""
        self._write({**self.kept(), **more})

    def changing(self) -> list[str]:
        """Return the calls that changed something, each as one line."""
        every = (" ".join(call.argv) for call in self.calls())
        return [line for line in every if line.startswith(("start", "addons enable", "addons disable"))]

    def _write(self, kept: dict[str, Any]) -> None:
        self.path.with_name(".minikube.json").write_text(json.dumps(kept), encoding="utf-8")
