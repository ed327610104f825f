"""The catalogue: every failure mode once, with its number, name and layer. Ranking and grounding read it.

The number is that of the failure mode in the catalogue of 145 root causes; several names may share one.
"""

from dataclasses import dataclass
from enum import StrEnum


class Layer(StrEnum):
    """What a mode says about: a cause, what a cause looks like, or a change that may be one."""

    CAUSE = "cause"
    SYMPTOM = "symptom"
    """It says that something does not work, not why: any cause of the same pods explains it."""
    CHANGE = "change"
    """It says what changed: a finding only where something is said that it explains."""


@dataclass(frozen=True, slots=True, order=True)
class Mode:
    """One failure mode."""

    number: int
    code: str
    """Its stable name: `oom-killed`."""
    family: str
    """The folder of its rules below agent/diagnose/rules, "" for what no rule explains."""
    layer: Layer = Layer.CAUSE
    dependent: bool = False
    """Whether a dead upstream can bring it about, when nothing certain speaks for a cause of its own."""

    @property
    def is_symptom(self) -> bool:
        """Return whether any cause of the same pods explains it."""
        return self.layer is Layer.SYMPTOM


UNEXPLAINED = Mode(0, "unexplained", "", Layer.SYMPTOM, dependent=True)

CPU_QUOTA_EXCEEDED = Mode(1, "cpu-quota-exceeded", "admission")
MEMORY_QUOTA_EXCEEDED = Mode(2, "memory-quota-exceeded", "admission")
POD_QUOTA_EXCEEDED = Mode(3, "pod-quota-exceeded", "admission")
SERVICE_QUOTA_EXCEEDED = Mode(4, "service-quota-exceeded", "admission")
STORAGE_QUOTA_EXCEEDED = Mode(5, "storage-quota-exceeded", "admission")
QUOTA_WANTS_A_NUMBER = Mode(6, "quota-wants-a-number", "admission")
OUTSIDE_LIMIT_RANGE = Mode(7, "outside-limit-range", "admission")
SERVICE_ACCOUNT_MISSING = Mode(8, "service-account-missing", "admission")
POD_SECURITY_DENIED = Mode(9, "pod-security-denied", "admission")
POLICY_DENIED = Mode(10, "policy-denied", "admission")
WEBHOOK_UNAVAILABLE = Mode(11, "webhook-unavailable", "admission")
CHANGED_AT_ADMISSION = Mode(12, "changed-at-admission", "admission")
PRIORITY_CLASS_MISSING = Mode(13, "priority-class-missing", "admission")
RBAC_FORBIDDEN = Mode(128, "rbac-forbidden", "admission")
ROLEBINDING_WRONG_SUBJECT = Mode(129, "rolebinding-wrong-subject", "admission")
TOKEN_NOT_MOUNTED = Mode(130, "token-not-mounted", "admission")

INSUFFICIENT_CPU = Mode(17, "insufficient-cpu", "scheduling")
INSUFFICIENT_MEMORY = Mode(18, "insufficient-memory", "scheduling")
INSUFFICIENT_DEVICE = Mode(19, "insufficient-device", "scheduling")
INSUFFICIENT_EPHEMERAL_STORAGE = Mode(20, "insufficient-ephemeral-storage", "scheduling")
TOO_MANY_PODS = Mode(20, "too-many-pods", "scheduling")
NODE_SELECTOR_UNMATCHED = Mode(21, "node-selector-unmatched", "scheduling")
NODE_AFFINITY_UNMATCHED = Mode(22, "node-affinity-unmatched", "scheduling")
NODE_ABSENT = Mode(23, "node-absent", "scheduling")
UNTOLERATED_TAINT = Mode(24, "untolerated-taint", "scheduling")
NODES_CORDONED = Mode(25, "nodes-cordoned", "scheduling")
ANTI_AFFINITY_UNSATISFIABLE = Mode(26, "anti-affinity-unsatisfiable", "scheduling")
SPREAD_UNSATISFIABLE = Mode(26, "spread-unsatisfiable", "scheduling")
AFFINITY_TARGET_ABSENT = Mode(27, "affinity-target-absent", "scheduling")
HOST_PORT_TAKEN = Mode(28, "host-port-taken", "scheduling")
PREEMPTED = Mode(29, "preempted", "scheduling")
SCHEDULING_GATED = Mode(30, "scheduling-gated", "scheduling")
NO_SCHEDULER = Mode(31, "no-scheduler", "scheduling")

VOLUME_ELSEWHERE = Mode(32, "volume-elsewhere", "storage")
CLAIM_MISSING = Mode(33, "claim-missing", "storage")
STORAGE_CLASS_DIFFERS = Mode(34, "storage-class-differs", "storage")
STORAGE_CLASS_MISSING = Mode(34, "storage-class-missing", "storage")
NO_DEFAULT_CLASS = Mode(35, "no-default-class", "storage")
ACCESS_MODE_DIFFERS = Mode(36, "access-mode-differs", "storage")
NO_VOLUME_FITS = Mode(36, "no-volume-fits", "storage")
VOLUME_TOO_SMALL = Mode(37, "volume-too-small", "storage")
VOLUME_NOT_SELECTED = Mode(38, "volume-not-selected", "storage")
VOLUME_ABSENT = Mode(39, "volume-absent", "storage")
VOLUME_TAKEN = Mode(39, "volume-taken", "storage")
CLAIM_LOST = Mode(40, "claim-lost", "storage")
VOLUME_FAILED = Mode(40, "volume-failed", "storage")
VOLUME_RELEASED = Mode(40, "volume-released", "storage")
DRIVER_ABSENT = Mode(41, "driver-absent", "storage")
NOBODY_MAKES_VOLUMES = Mode(41, "nobody-makes-volumes", "storage")
NOT_PROVISIONED = Mode(41, "not-provisioned", "storage")
ATTACHED_ELSEWHERE = Mode(43, "attached-elsewhere", "storage")
MOUNT_FAILED = Mode(44, "mount-failed", "storage")
RESIZE_FAILED = Mode(45, "resize-failed", "storage")
VOLUME_FULL = Mode(45, "volume-full", "storage")
VOLUME_DENIED = Mode(46, "volume-denied", "storage")

KUBELET_SILENT = Mode(131, "kubelet-silent", "node")
NODE_NOT_READY = Mode(131, "node-not-ready", "node")
RUNTIME_DOWN = Mode(132, "runtime-down", "node")
RUNTIME_FAILING = Mode(132, "runtime-failing", "node")
NODE_UNDER_PRESSURE = Mode(133, "node-under-pressure", "node")
EVICTION_THRESHOLD = Mode(134, "eviction-threshold", "node")
NETWORK_NOT_READY = Mode(135, "network-not-ready", "node")
NETWORK_UNAVAILABLE = Mode(135, "network-unavailable", "node")
NODE_OVERCOMMITTED = Mode(136, "node-overcommitted", "node")
NODE_PROBLEM = Mode(137, "node-problem", "node")
CONTROL_PLANE_OVERLOADED = Mode(138, "control-plane-overloaded", "node")
LEASE_LOST = Mode(138, "lease-lost", "node")
AUTOSCALER_ADDS_NO_NODE = Mode(139, "autoscaler-adds-no-node", "node")

IMMUTABLE_FIELD = Mode(14, "immutable-field", "release")
RELEASE_FAILED = Mode(15, "release-failed", "release")
RELEASE_STUCK = Mode(15, "release-stuck", "release")
API_REMOVED = Mode(16, "api-removed", "release")
KIND_UNDEFINED = Mode(16, "kind-undefined", "release")
REGRESSION = Mode(140, "regression", "release", Layer.SYMPTOM, dependent=True)
DRIFT = Mode(141, "drift", "release", Layer.CHANGE)
CONFIGURATION_NOT_READ = Mode(142, "configuration-not-read", "release")

IMAGE_NOT_FOUND = Mode(47, "image-not-found", "program")
IMAGE_PULL_DENIED = Mode(48, "image-pull-denied", "program")
REGISTRY_UNREACHABLE = Mode(49, "registry-unreachable", "program")
REGISTRY_RATE_LIMIT = Mode(50, "registry-rate-limit", "program")
IMAGE_NAME_INVALID = Mode(51, "image-name-invalid", "program")
IMAGE_NEVER_PULLED = Mode(52, "image-never-pulled", "program")
FOREIGN_PROGRAM = Mode(53, "foreign-program", "program")
IMAGE_FOR_OTHER_PLATFORM = Mode(53, "image-for-other-platform", "program")
CONFIGMAP_MISSING = Mode(54, "configmap-missing", "program")
SECRET_MISSING = Mode(55, "secret-missing", "program")
KEY_MISSING = Mode(56, "key-missing", "program")
VOLUME_SOURCE_MISSING = Mode(57, "volume-source-missing", "program")
COMMAND_NOT_FOUND = Mode(58, "command-not-found", "program")
ROOT_FORBIDDEN = Mode(59, "root-forbidden", "program")
START_HOOK_FAILS = Mode(61, "start-hook-fails", "program")
INIT_CONTAINER_FAILS = Mode(62, "init-container-fails", "program", dependent=True)
INIT_WAITS = Mode(63, "init-waits", "program", dependent=True)
OOM_KILLED = Mode(65, "oom-killed", "program")
SETTING_MISSING = Mode(69, "setting-missing", "program")
CONFIGURATION_UNREADABLE = Mode(70, "configuration-unreadable", "program")
FINISHED = Mode(71, "finished", "program", dependent=True)
WRONG_USER = Mode(72, "wrong-user", "program")
EXCEPTION = Mode(73, "exception", "program", dependent=True)
LIVENESS_PORT = Mode(74, "liveness-port", "program")
STARTUP_PORT = Mode(74, "startup-port", "program")
LIVENESS_PROTOCOL = Mode(75, "liveness-protocol", "program")
STARTUP_PROTOCOL = Mode(75, "startup-protocol", "program")
STARTUP_PATH = Mode(76, "startup-path", "program")
LIVENESS_PATH = Mode(76, "liveness-path", "program")
LIVENESS_IMPATIENT = Mode(77, "liveness-impatient", "program")
STARTUP_IMPATIENT = Mode(78, "startup-impatient", "program")
READINESS_PROBE = Mode(79, "readiness-probe", "program", dependent=True)
CREDENTIALS_REFUSED = Mode(81, "credentials-refused", "program")
DEPENDENCY_UNREACHABLE = Mode(82, "dependency-unreachable", "program", dependent=True)
CONNECTIONS_EXHAUSTED = Mode(83, "connections-exhausted", "program")
DATABASE_READ_ONLY = Mode(84, "database-read-only", "program")
CERTIFICATE_REFUSED = Mode(85, "certificate-refused", "program")
PORT_TAKEN = Mode(86, "port-taken", "program")
LIMIT_OF_THE_SYSTEM = Mode(87, "limit-of-the-system", "program")

EVICTED_BY_NODE = Mode(67, "evicted-by-node", "workload")
DISK_LIMIT_EXCEEDED = Mode(68, "disk-limit-exceeded", "workload")
EVICTED_FOR_DISK = Mode(68, "evicted-for-disk", "workload")
HELD_BY_FINALIZER = Mode(91, "held-by-finalizer", "workload")
ZERO_REPLICAS = Mode(92, "zero-replicas", "workload")
ROLLOUT_STUCK = Mode(93, "rollout-stuck", "workload", Layer.SYMPTOM, dependent=True)
DAEMONSET_SURGE_WITH_HOST_PORT = Mode(94, "daemonset-surge-with-host-port", "workload")
STRATEGY_BLOCKS_ROLLOUT = Mode(94, "strategy-blocks-rollout", "workload")
AUTOSCALERS_OVERLAP = Mode(95, "autoscalers-overlap", "workload")
STATEFULSET_SERVICE_MISSING = Mode(96, "statefulset-service-missing", "workload")
STATEFULSET_BLOCKED = Mode(97, "statefulset-blocked", "workload")
STATEFULSET_DEADLOCK = Mode(97, "statefulset-deadlock", "workload")
STATEFULSET_FIX_NOT_APPLIED = Mode(97, "statefulset-fix-not-applied", "workload")
DAEMONSET_NOT_EVERYWHERE = Mode(98, "daemonset-not-everywhere", "workload")
JOB_BACKOFF_LIMIT = Mode(99, "job-backoff-limit", "workload")
JOB_DEADLINE = Mode(100, "job-deadline", "workload")
JOB_NEVER_COMPLETES = Mode(101, "job-never-completes", "workload")
CRONJOB_NOT_STARTING = Mode(102, "cronjob-not-starting", "workload")
AUTOSCALER_TARGET_MISSING = Mode(103, "autoscaler-target-missing", "workload")
AUTOSCALER_WITHOUT_REQUESTS = Mode(104, "autoscaler-without-requests", "workload")
AUTOSCALER_WITHOUT_METRICS = Mode(105, "autoscaler-without-metrics", "workload")
AUTOSCALER_AT_MAXIMUM = Mode(106, "autoscaler-at-maximum", "workload")
BUDGET_BLOCKS_EVICTION = Mode(107, "budget-blocks-eviction", "workload")
BUDGETS_OVERLAP = Mode(107, "budgets-overlap", "workload")

SERVICE_SELECTOR_UNMATCHED = Mode(108, "service-selector-unmatched", "network")
SERVICE_SELECTS_OTHERS = Mode(109, "service-selects-others", "network")
SERVICE_WITHOUT_ENDPOINTS = Mode(110, "service-without-endpoints", "network")
TARGET_PORT_UNMATCHED = Mode(111, "target-port-unmatched", "network")
SERVICE_PROTOCOL_MISMATCH = Mode(112, "service-protocol-mismatch", "network")
SERVICE_NAME_WRONG = Mode(113, "service-name-wrong", "network")
SERVICE_PORT_WRONG = Mode(114, "service-port-wrong", "network")
EXTERNAL_TRAFFIC_POLICY_LOCAL = Mode(115, "external-traffic-policy-local", "network")
TRAFFIC_POLICY_LOCAL = Mode(115, "traffic-policy-local", "network")
LOAD_BALANCER_PENDING = Mode(116, "load-balancer-pending", "network")
NETWORK_POLICY_BLOCKS = Mode(117, "network-policy-blocks", "network")
DNS_MISCONFIGURED = Mode(118, "dns-misconfigured", "network")
DNS_UNANSWERED = Mode(118, "dns-unanswered", "network")
DNS_POLICY_WRONG = Mode(119, "dns-policy-wrong", "network")
KUBE_PROXY_DOWN = Mode(120, "kube-proxy-down", "network")
MESH_REFUSES = Mode(121, "mesh-refuses", "network")
INGRESS_CLASS_MISSING = Mode(122, "ingress-class-missing", "network")
INGRESS_BACKEND_MISSING = Mode(123, "ingress-backend-missing", "network")
INGRESS_PORT_MISMATCH = Mode(124, "ingress-port-mismatch", "network")
INGRESS_WRONG_SERVICE = Mode(125, "ingress-wrong-service", "network")
INGRESS_TLS_SECRET_MISSING = Mode(126, "ingress-tls-secret-missing", "network")
GATEWAY_NOT_ACCEPTED = Mode(127, "gateway-not-accepted", "network")
ROUTE_NOT_ACCEPTED = Mode(127, "route-not-accepted", "network")

CATALOGUE: tuple[Mode, ...] = tuple(sorted(found for found in globals().values() if isinstance(found, Mode)))
"""Every mode, by number."""
