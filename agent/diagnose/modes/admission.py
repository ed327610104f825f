"""Pods and other objects that the API server refuses, and requests it does not allow."""

from agent.diagnose.modes.mode import Mode

NO_ROOM = (
    "insufficient-cpu",
    "insufficient-memory",
    "insufficient-device",
    "insufficient-ephemeral-storage",
    "too-many-pods",
)
"""How a pod looks that asks for more than it should."""

FORBIDDEN = (
    "unexplained",
    "command-not-found",
    "init-container-fails",
    "setting-missing",
    "configuration-unreadable",
    "exception",
    "readiness-probe",
    "lease-lost",
)
"""What a forbidden request looks like when only the container is seen."""

CPU_QUOTA_EXCEEDED = Mode(
    1,
    "cpu-quota-exceeded",
    "admission",
    title="CPU quota used up",
    means="The namespace's ResourceQuota has no CPU left, so the API server refuses new pods of a workload.",
    asks="Lower the CPU requests or the number of replicas, or raise the quota.",
)
MEMORY_QUOTA_EXCEEDED = Mode(
    2,
    "memory-quota-exceeded",
    "admission",
    title="Memory quota used up",
    means="The namespace's ResourceQuota has no memory left, so the API server refuses new pods of a workload.",
    asks="Lower the memory requests or limits or the number of replicas, or raise the quota.",
)
POD_QUOTA_EXCEEDED = Mode(
    3,
    "pod-quota-exceeded",
    "admission",
    title="Pod quota used up",
    means="The namespace may have no more pods by its ResourceQuota, so a workload stays short of replicas.",
    asks="Run fewer replicas, delete pods that are done, or raise the quota's number of pods.",
)
SERVICE_QUOTA_EXCEEDED = Mode(
    4,
    "service-quota-exceeded",
    "admission",
    title="Service quota used up",
    means="The namespace may have no more Services of this type, so one that others rely on was never made.",
    asks="Delete a Service nobody uses, choose another type, or raise the quota.",
)
STORAGE_QUOTA_EXCEEDED = Mode(
    5,
    "storage-quota-exceeded",
    "admission",
    title="Storage quota used up",
    means="The claims of a StatefulSet do not fit into the namespace's storage quota, so its pods are not made.",
    asks="Ask for smaller volumes, delete claims that are no longer used, or raise the quota.",
)
QUOTA_WANTS_A_NUMBER = Mode(
    6,
    "quota-wants-a-number",
    "admission",
    title="Quota demands a request or limit that is not set",
    means="A ResourceQuota counts a resource the container does not set, and the API server refuses such pods.",
    asks="Set the missing requests and limits, or give the namespace defaults with a LimitRange.",
)
OUTSIDE_LIMIT_RANGE = Mode(
    7,
    "outside-limit-range",
    "admission",
    title="Request or limit outside of the LimitRange",
    means="A container or claim asks for more or less than the namespace's LimitRange allows, so its pod is refused.",
    asks="Bring the request or limit into the allowed range, or change the LimitRange.",
)
SERVICE_ACCOUNT_MISSING = Mode(
    8,
    "service-account-missing",
    "admission",
    title="ServiceAccount does not exist",
    means="The pod template names a ServiceAccount that is not in the namespace, so no pod is made.",
    asks="Create the ServiceAccount, or correct the name in the template.",
)
POD_SECURITY_DENIED = Mode(
    9,
    "pod-security-denied",
    "admission",
    title="Refused by Pod Security Admission",
    means="The namespace enforces a Pod Security level that the pod's security context does not meet.",
    asks="Set the security context the level demands, or lower the level of the namespace.",
)
POLICY_DENIED = Mode(
    10,
    "policy-denied",
    "admission",
    title="Refused by a policy",
    means="An admission webhook or policy looked at the pod and denied it, and said why.",
    asks="Change what the policy objects to, or exempt the workload.",
)
WEBHOOK_UNAVAILABLE = Mode(
    11,
    "webhook-unavailable",
    "admission",
    title="Admission webhook does not answer",
    means="A webhook that must be asked before a pod is made cannot be reached or trusted, so no pod is made.",
    asks="Bring the webhook's pods or certificate back, or relax its failurePolicy for as long as it is down.",
)
CHANGED_AT_ADMISSION = Mode(
    12,
    "changed-at-admission",
    "admission",
    title="Changed on its way into the cluster",
    means="A webhook, a policy or the Vertical Pod Autoscaler gave the pod another value than its template has, "
    "and with that value it does not work.",
    asks="Correct the policy, or exempt the workload: the chart's own value is not what runs.",
    explains=(
        *NO_ROOM,
        "image-not-found",
        "image-pull-denied",
        "registry-unreachable",
        "image-name-invalid",
        "image-never-pulled",
        "oom-killed",
    ),
)
PRIORITY_CLASS_MISSING = Mode(
    13,
    "priority-class-missing",
    "admission",
    title="PriorityClass does not exist",
    means="The pod template names a PriorityClass the cluster does not have, so no pod is made.",
    asks="Create the PriorityClass, or correct or remove its name.",
)
RBAC_FORBIDDEN = Mode(
    128,
    "rbac-forbidden",
    "admission",
    title="The API server forbids what the program does",
    means="The program calls the Kubernetes API, and no role gives its ServiceAccount that verb on that resource.",
    asks="Grant the missing verb in a Role bound to the ServiceAccount.",
    explains=FORBIDDEN,
)
ROLEBINDING_WRONG_SUBJECT = Mode(
    129,
    "rolebinding-wrong-subject",
    "admission",
    title="RoleBinding names another account",
    means="A role with the needed rights exists, and its binding names another ServiceAccount or namespace.",
    asks="Correct the subject of the binding.",
    explains=FORBIDDEN,
)
TOKEN_NOT_MOUNTED = Mode(
    130,
    "token-not-mounted",
    "admission",
    title="ServiceAccount token is not mounted",
    means="The program looks for its account's token, and automountServiceAccountToken is switched off.",
    asks="Mount the token for the programs that call the API.",
    explains=FORBIDDEN,
)
