"""What Kubernetes writes where a person looks first (STATUS, reasons, exit codes), and the causes that show so.

The words are those of the kubelet (pkg/kubelet/kuberuntime, pkg/kubelet/images), the scheduler and the controllers;
exit codes those of the shell and of signal(7).
"""

import re
from collections.abc import Mapping
from typing import NamedTuple


class Word(NamedTuple):
    """What a status says, and the codes of the failure modes it may come of."""

    means: str
    codes: tuple[str, ...]


_ENDS = (
    "oom-killed", "setting-missing", "configuration-unreadable", "dependency-unreachable", "credentials-refused",
    "exception", "finished", "command-not-found", "liveness-port", "liveness-path", "liveness-impatient", "port-taken",
    "volume-denied", "wrong-user",
)  # fmt: skip
_PULL = (
    "image-not-found",
    "image-pull-denied",
    "registry-unreachable",
    "registry-rate-limit",
    "image-for-other-platform",
)
_WAITS = (
    "insufficient-cpu", "insufficient-memory", "too-many-pods", "node-selector-unmatched", "node-affinity-unmatched",
    "untolerated-taint", "nodes-cordoned", "anti-affinity-unsatisfiable", "spread-unsatisfiable", "claim-missing",
    "volume-elsewhere", "host-port-taken", "scheduling-gated", "no-scheduler",
)  # fmt: skip
_MOUNT = ("volume-source-missing", "mount-failed", "attached-elsewhere", "network-not-ready", "driver-absent")
_CONFIG = ("configmap-missing", "secret-missing", "key-missing", "root-forbidden")
_PROBES = ("readiness-probe", "readiness-timeout", "liveness-port", "liveness-path", "probe-command")
_REFUSED = ("cpu-quota-exceeded", "memory-quota-exceeded", "pod-security-denied", "service-account-missing")
_EVICTED = ("evicted-by-node", "evicted-for-disk", "disk-limit-exceeded", "eviction-threshold")

WORDS: Mapping[str, Word] = {
    "CrashLoopBackOff": Word("the container ends again and again; the kubelet waits ever longer to start it", _ENDS),
    "ImagePullBackOff": Word("the image cannot be pulled, and the kubelet waits ever longer to try again", _PULL),
    "ErrImagePull": Word("the image could not be pulled", _PULL),
    "ErrImageNeverPull": Word("the image is not on the node, and the pull policy is Never", ("image-never-pulled",)),
    "InvalidImageName": Word("the image's name is none", ("image-name-invalid",)),
    "CreateContainerConfigError": Word("what the container is configured by is not there", _CONFIG),
    "CreateContainerError": Word("the runtime could not make the container", ("command-not-found", "runtime-failing")),
    "RunContainerError": Word("the runtime could not start the container", ("command-not-found", "mount-failed")),
    "StartError": Word("the runtime could not start the container's program", ("command-not-found",)),
    "ContainerCannotRun": Word("the runtime could not start the container's program", ("command-not-found",)),
    "OOMKilled": Word("the kernel killed the container, because it used more memory than its limit", ("oom-killed",)),
    "Error": Word("the container ended with an exit code other than 0", _ENDS),
    "Completed": Word("the container ended with exit code 0", ("finished",)),
    "Pending": Word("the pod has no node yet, or its containers are not made yet", _WAITS),
    "FailedScheduling": Word("the scheduler found no node for the pod", _WAITS),
    "Unschedulable": Word("the scheduler found no node for the pod", _WAITS),
    "ContainerCreating": Word("the pod has a node, and its volumes, network or images are being made ready", _MOUNT),
    "FailedMount": Word("a volume could not be mounted", _MOUNT),
    "FailedAttachVolume": Word("a volume could not be attached to the node", ("attached-elsewhere", "driver-absent")),
    "FailedCreatePodSandBox": Word("the pod's network could not be made", ("network-not-ready", "runtime-failing")),
    "Evicted": Word("the kubelet ended the pod, because its node ran short or the pod used too much disk", _EVICTED),
    "Preempted": Word("the pod made room for one of higher priority", ("preempted",)),
    "Terminating": Word("the pod was asked to end, and is within its grace period or held up", ("held-by-finalizer",)),
    "PodInitializing": Word("init containers are through, and the others start", ("init-waits",)),
    "Init": Word("an init container is not through", ("init-container-fails", "init-waits")),
    "NotReady": Word("the node, or a container of the pod, is not ready", ("node-not-ready", "kubelet-silent")),
    "Unhealthy": Word("a probe failed", _PROBES),
    "BackOff": Word("the kubelet waits ever longer to start a container or to pull an image", (*_ENDS[:4], *_PULL[:2])),
    "ProgressDeadlineExceeded": Word("a rollout made no progress within its deadline", ("rollout-stuck", "regression")),
    "BackoffLimitExceeded": Word("a Job failed as often as it may", ("job-backoff-limit",)),
    "DeadlineExceeded": Word("a Job, or a pod, ran longer than it may", ("job-deadline",)),
    "FailedCreate": Word("a controller may not make its pods", _REFUSED),
    "FailedGetResourceMetric": Word("an autoscaler gets no metrics", ("autoscaler-without-metrics",)),
    "exit code 0": Word("the program ended, and says that all is well", ("finished",)),
    "exit code 1": Word("the program ended by an error of its own", ("exception", "setting-missing")),
    "exit code 2": Word("the program, or its shell, was used wrongly", ("exception", "setting-missing")),
    "exit code 126": Word("the command is there and may not be executed", ("command-not-found",)),
    "exit code 127": Word("the shell found no such command", ("command-not-found",)),
    "exit code 128": Word("the runtime could not start the program", ("command-not-found",)),
    "exit code 134": Word("the program aborted (SIGABRT)", ("exception",)),
    "exit code 137": Word("the program was killed (SIGKILL)", ("oom-killed", "liveness-impatient")),
    "exit code 139": Word("the program crashed by reading memory that is not there (SIGSEGV)", ("exception",)),
    "exit code 143": Word("the program was asked to end (SIGTERM) and did", ("liveness-port", "liveness-path")),
}  # fmt: skip
"""Every word, as Kubernetes spells it."""

_SPELLED = {re.sub(r"[\W_]", "", name).lower(): name for name in WORDS}


def word(text: str) -> str:
    """Return the word of Kubernetes that a text spells (`crash loop back-off`, `exit 137`), "" for none."""
    plain = re.sub(r"[\W_]", "", text).lower().removeprefix("init")
    found = _SPELLED.get(plain) or _SPELLED.get(plain.replace("exitstatus", "exitcode"))
    number = re.fullmatch(r"exit(\d{1,3})", plain)
    return found or (_SPELLED.get(f"exitcode{number[1]}", "") if number else "")
