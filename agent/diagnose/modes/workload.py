"""Controllers of pods: rollouts, StatefulSets, Jobs, autoscalers, budgets, evictions."""

from agent.diagnose.modes.mode import Layer, Mode

BLOCKED_ROLLOUT = (
    "unexplained",
    "cpu-quota-exceeded",
    "memory-quota-exceeded",
    "pod-quota-exceeded",
    "insufficient-cpu",
    "insufficient-memory",
    "insufficient-ephemeral-storage",
    "too-many-pods",
    "anti-affinity-unsatisfiable",
    "spread-unsatisfiable",
    "host-port-taken",
    "rollout-stuck",
)
"""What a rollout that stands in its own way looks like when only the new pod is seen: no quota, no room, no port."""

EVICTED_BY_NODE = Mode(
    67,
    "evicted-by-node",
    "workload",
    title="Evicted because its node ran short",
    means="The node ran out of memory, disk or process ids, and the kubelet removed this pod to save the rest.",
    asks="Set requests near what the pod really uses, and see what else fills that node.",
)
DISK_LIMIT_EXCEEDED = Mode(
    68,
    "disk-limit-exceeded",
    "workload",
    title="Evicted for writing too much to local disk",
    means="A container or emptyDir wrote more than its limit allows, and the kubelet evicted the pod.",
    asks="Raise the limit, rotate logs, or write to a volume.",
)
EVICTED_FOR_DISK = Mode(
    68,
    "evicted-for-disk",
    "workload",
    title="Evicted because its node's disk was full",
    means="The node ran out of disk and the pod was the one that used most of it beyond its request.",
    asks="Write less to local disk, request what is needed, or give the node more.",
)
HELD_BY_FINALIZER = Mode(
    91,
    "held-by-finalizer",
    "workload",
    title="Deletion is held up by a finalizer",
    means="The object was deleted and stays, because the controller that owns its finalizer has not removed it.",
    asks="Bring that controller back; remove the finalizer by hand only when it is gone for good.",
)
ZERO_REPLICAS = Mode(
    92,
    "zero-replicas",
    "workload",
    title="Scaled to zero while others count on it",
    means="A workload runs no pods, and a Service, an Ingress or an autoscaler expects some.",
    asks="Scale it up, or remove what still points to it.",
)
ROLLOUT_STUCK = Mode(
    93,
    "rollout-stuck",
    "workload",
    title="Rollout makes no progress",
    means="The Deployment passed its progress deadline and its new pods are not available.",
    asks="Mend what keeps the new pods from becoming ready, or roll back.",
    layer=Layer.SYMPTOM,
    dependent=True,
    explains=("unexplained",),
)
DAEMONSET_SURGE_WITH_HOST_PORT = Mode(
    94,
    "daemonset-surge-with-host-port",
    "workload",
    title="DaemonSet surges onto its own host port",
    means="The new pod is to start beside the old one, which holds the same port of the node.",
    asks="Set maxSurge to 0, so that the old pod stops first.",
    explains=BLOCKED_ROLLOUT,
)
STRATEGY_BLOCKS_ROLLOUT = Mode(
    94,
    "strategy-blocks-rollout",
    "workload",
    title="Rollout strategy blocks itself",
    means="No old pod may stop before a new one is ready, and there is no room for one more.",
    asks="Allow one pod to be unavailable, use Recreate, or make room.",
    explains=BLOCKED_ROLLOUT,
)
AUTOSCALERS_OVERLAP = Mode(
    95,
    "autoscalers-overlap",
    "workload",
    title="Two autoscalers count on the same pods",
    means="Several HorizontalPodAutoscalers select the same pods, so Kubernetes scales by none of them.",
    asks="Keep one autoscaler, with all the metrics.",
    explains=("autoscaler-without-requests", "autoscaler-without-metrics"),
)
STATEFULSET_SERVICE_MISSING = Mode(
    96,
    "statefulset-service-missing",
    "workload",
    title="Service of a StatefulSet does not exist",
    means="The StatefulSet names a headless Service that is not there, so its pods have no names of their own.",
    asks="Create the headless Service, or correct serviceName.",
)
STATEFULSET_BLOCKED = Mode(
    97,
    "statefulset-blocked",
    "workload",
    title="StatefulSet waits for an earlier pod",
    means="Each pod is made only when the one before it is ready, and one of them is not.",
    asks="Mend the first pod that is not ready; the others follow.",
    explains=("unexplained",),
)
STATEFULSET_DEADLOCK = Mode(
    97,
    "statefulset-deadlock",
    "workload",
    title="StatefulSet waits for itself",
    means="A pod becomes ready only with a later one, which is made only when this one is ready.",
    asks="Use podManagementPolicy Parallel, or publish not-ready addresses.",
    explains=("unexplained", "init-waits", "readiness-probe"),
)
STATEFULSET_FIX_NOT_APPLIED = Mode(
    97,
    "statefulset-fix-not-applied",
    "workload",
    title="StatefulSet never applies its fix",
    means="A broken pod is of an older template, and the controller waits for it before it uses the newer one.",
    asks="Delete the broken pod, so that it is made from the new template.",
    explains=("unexplained",),
)
DAEMONSET_NOT_EVERYWHERE = Mode(
    98,
    "daemonset-not-everywhere",
    "workload",
    title="DaemonSet misses nodes",
    means="A label or a taint keeps the DaemonSet from nodes it is most likely meant for.",
    asks="Correct its nodeSelector, or add the toleration.",
)
JOB_BACKOFF_LIMIT = Mode(
    99,
    "job-backoff-limit",
    "workload",
    title="Job gave up",
    means="The pods of the Job failed more often than its backoffLimit allows.",
    asks="Mend what its container ends with, then start the Job again.",
    explains=("unexplained", "exception"),
)
JOB_DEADLINE = Mode(
    100,
    "job-deadline",
    "workload",
    title="Job ran out of time",
    means="The Job took longer than its activeDeadlineSeconds and was ended.",
    asks="Give it more time, or find out what it waits for.",
)
JOB_NEVER_COMPLETES = Mode(
    101,
    "job-never-completes",
    "workload",
    title="Job is done and does not end",
    means="The work of the Job is done, and a container beside it goes on running.",
    asks="Make the helper a native sidecar, or do not inject it into Jobs.",
    explains=("unexplained", "exception"),
)
CRONJOB_NOT_STARTING = Mode(
    102,
    "cronjob-not-starting",
    "workload",
    title="CronJob starts no Job",
    means="Its schedule is never due or cannot be read, a run that does not end holds it back, or it is too late.",
    asks="Correct the schedule, end the run that hangs, or give it a longer starting deadline.",
)
AUTOSCALER_TARGET_MISSING = Mode(
    103,
    "autoscaler-target-missing",
    "workload",
    title="Autoscaler scales nothing",
    means="The autoscaler names a workload that does not exist.",
    asks="Correct scaleTargetRef, or remove the autoscaler.",
)
AUTOSCALER_WITHOUT_REQUESTS = Mode(
    104,
    "autoscaler-without-requests",
    "workload",
    title="Autoscaler has no request to measure against",
    means="It scales by a share of the request, and a container of its target sets none.",
    asks="Set the request of every container, or scale by an absolute value.",
)
AUTOSCALER_WITHOUT_METRICS = Mode(
    105,
    "autoscaler-without-metrics",
    "workload",
    title="Autoscaler gets no metrics",
    means="Nothing serves the metrics API it asks, or nothing measures its pods.",
    asks="Install metrics-server or the adapter it needs, or repair it.",
)
AUTOSCALER_AT_MAXIMUM = Mode(
    106,
    "autoscaler-at-maximum",
    "workload",
    title="Autoscaler is at its maximum",
    means="The metrics ask for more replicas than maxReplicas allows.",
    asks="Allow more replicas, or give each of them more to work with.",
)
BUDGET_BLOCKS_EVICTION = Mode(
    107,
    "budget-blocks-eviction",
    "workload",
    title="Disruption budget allows no eviction",
    means="The budget can never spare a pod, so draining a node waits for ever.",
    asks="Run one replica more than the budget demands, or relax it.",
)
BUDGETS_OVERLAP = Mode(
    107,
    "budgets-overlap",
    "workload",
    title="Two disruption budgets cover the same pods",
    means="The API refuses to evict a pod that has more than one budget.",
    asks="Keep one of them.",
)
