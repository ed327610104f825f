"""The cluster as scenarios use it: commands in one namespace, conditions, and what must be gone afterwards."""

import json
import os
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Sequence

from tests.cluster.binaries import program
from tests.cluster.client import helm, kubectl
from tests.cluster.layout import kubeconfig
from tests.cluster.trouble import Trouble
from tests.scenarios.expectation import Condition, Object

LABEL = "bluehelm.test/scenario"
"""On every namespace of ours, so that what a killed run left is found."""

RUN = "bluehelm.test/run"
"""Which process plays there."""

POLL = 1.0
BREATHER = 1.0
"""Seconds by which each further question waits longer, when the API server does not answer: it may be busy."""

QUICK = "--request-timeout=30s"
STATE = "pods,deployments,statefulsets,daemonsets,jobs,services,endpointslices,persistentvolumeclaims,hpa"


class Lost(Exception):
    """The cluster does not answer any more."""


class Stopped(Exception):
    """The run was ended while this one was playing."""


class Place:
    """One namespace and the patience for what happens in it."""

    def __init__(self, namespace: str, timeout: int, stop: threading.Event, say: Callable[[str], None]) -> None:
        self.namespace, self._timeout, self._stop, self._say = namespace, timeout, stop, say

    def kubectl(self, *args: str, stdin: str | None = None) -> str:
        """Run kubectl here; return what it said on failure, nothing on success."""
        done = kubectl(f"--namespace={self.namespace}", *map(self.here, args), stdin=stdin)
        return _refusal(done)

    def helm(self, *args: str) -> str:
        """Run helm here; return what it said on failure, nothing on success."""
        return _refusal(helm(f"--namespace={self.namespace}", *map(self.here, args)))

    def interrupted(self, tool: str, args: Sequence[str], until: Condition) -> None:
        """Start a command and kill it as soon as the condition holds."""
        argv = [str(program(tool)), f"--kubeconfig={kubeconfig()}", f"--namespace={self.namespace}"]
        with subprocess.Popen([*argv, *map(self.here, args)], stdout=subprocess.DEVNULL) as running:
            try:
                self.wait([until])
                if running.poll() is not None:
                    raise Trouble(f"{tool} {' '.join(args[:2])} ended before it could be interrupted")
            finally:
                running.kill()

    def wait(self, conditions: Sequence[Condition]) -> None:
        """Wait until all of these hold at once.

        Raises:
            Trouble: they do not in time; says which does not and what was there instead.
            Lost: the cluster is gone.
        """
        end = time.monotonic() + self._timeout
        while unmet := next(filter(None, map(self._unmet, conditions)), ""):
            self._say(f"waits for {unmet}")
            if time.monotonic() > end:
                raise Trouble(f"not within {self._timeout} s: {unmet}")
            if self._stop.wait(POLL):
                raise Stopped

    def here(self, text: str) -> str:
        """Return an argument or a manifest with the namespace's own name in it."""
        return text.replace("$NAMESPACE", self.namespace)

    def state(self) -> str:
        """Return what there is, for a person to see why a state was not reached."""
        objects = kubectl(f"--namespace={self.namespace}", QUICK, "get", STATE, "--output=wide").stdout
        events = kubectl(f"--namespace={self.namespace}", QUICK, "get", "events", "--sort-by=.lastTimestamp").stdout
        return f"{objects}\n" + "\n".join(events.splitlines()[-15:])

    def _unmet(self, condition: Condition) -> str:
        """Return a condition that does not hold, with what is there; nothing when it holds."""
        path = f"--output=jsonpath={condition.jsonpath}"
        found = kubectl(f"--namespace={self.namespace}", QUICK, "get", *shlex.split(self.here(condition.get)), path)
        if found.returncode:
            alive()
        elif re.search(self.here(condition.matches), found.stdout):
            return ""
        seen = found.stderr.strip() if found.returncode else found.stdout
        return f"{condition} (now: {seen[-80:] or 'nothing'})"


def alive() -> None:
    """Do nothing while the cluster answers, asked more than once.

    Raises:
        Lost: it does not.
    """
    for attempt in range(4):
        asked = kubectl("--request-timeout=10s", "get", "--raw=/readyz")
        if not asked.returncode:
            return
        time.sleep(attempt * BREATHER)
    raise Lost((asked.stderr.strip().splitlines() or ["no answer"])[-1][:200])


def create(namespace: str, name: str) -> None:
    """Make a namespace of ours and wait for what every namespace gets: its account and its root certificate."""
    kubectl("create", "namespace", namespace, check=True)
    kubectl("label", "namespace", namespace, f"{LABEL}={name}", f"{RUN}={os.getpid()}", check=True)
    for made in ("serviceaccount/default", "configmap/kube-root-ca.crt"):
        kubectl("wait", "--for=create", made, f"--namespace={namespace}", "--timeout=30s", check=True)


def remove(namespace: str, objects: Sequence[Object]) -> None:
    """Take a namespace away, and objects outside of it; nothing is waited for."""
    if objects:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        kubectl("delete", "--ignore-not-found", "--wait=false", "--filename=-", stdin=text)
    kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")
    _release(namespace)


def _release(namespace: str) -> None:
    """Take the finalizers of pods away, whose controllers are made up: they would keep the namespace for ever."""
    path = "jsonpath={.items[?(@.metadata.finalizers)].metadata.name}"
    for name in kubectl("get", "pods", f"--namespace={namespace}", f"--output={path}").stdout.split():
        nothing = '--patch={"metadata":{"finalizers":null}}'
        kubectl("patch", "pod", name, f"--namespace={namespace}", "--type=merge", nothing)


def gone(pid: str = "", seconds: float = 240) -> str:
    """Wait until the namespaces of a run, our own when none is named, are gone; return what stays, if anything does.

    Raises:
        Lost: the cluster is gone.
    """
    of_run = f"--selector={RUN}={pid or os.getpid()}"
    done = kubectl("wait", "--for=delete", "namespace", of_run, f"--timeout={seconds:.0f}s")
    if not done.returncode or "no matching resources" in done.stderr:
        return ""
    alive()
    return done.stderr.strip()[-200:]


def _refusal(done: "subprocess.CompletedProcess[str]") -> str:
    if not done.returncode:
        return ""
    alive()
    return (done.stderr.strip() or f"exit code {done.returncode}")[-400:]
