"""Pods for which the scheduler finds no node."""

from agent.diagnose.modes.admission import NO_ROOM
from agent.diagnose.modes.mode import Mode

INSUFFICIENT_CPU = Mode(
    17,
    "insufficient-cpu",
    "scheduling",
    title="No node has enough CPU",
    means="The pod requests more CPU than any node it may use has left, or than any of them has at all.",
    asks="Lower the CPU request, or add a node that is large enough.",
)
INSUFFICIENT_MEMORY = Mode(
    18,
    "insufficient-memory",
    "scheduling",
    title="No node has enough memory",
    means="The pod requests more memory than any node it may use has left, or than any of them has at all.",
    asks="Lower the memory request, or add a node that is large enough.",
)
INSUFFICIENT_DEVICE = Mode(
    19,
    "insufficient-device",
    "scheduling",
    title="No node has the device",
    means="The pod asks for a device, a GPU for instance, and no node it may use offers one that is free.",
    asks="Add a node with the device and its plugin, or do without it.",
)
INSUFFICIENT_EPHEMERAL_STORAGE = Mode(
    20,
    "insufficient-ephemeral-storage",
    "scheduling",
    title="No node has enough local disk",
    means="The pod requests more ephemeral storage than any node it may use has left.",
    asks="Lower the request, or add nodes with more local disk.",
)
TOO_MANY_PODS = Mode(
    20,
    "too-many-pods",
    "scheduling",
    title="Every node is full of pods",
    means="Each node the pod may use already runs as many pods as its kubelet allows.",
    asks="Add a node, raise the kubelet's maxPods, or run fewer pods.",
)
TOO_MANY_VOLUMES = Mode(
    20,
    "too-many-volumes",
    "scheduling",
    title="Every node is full of volumes",
    means="Each node the pod may use has as many volumes of that storage driver attached as the driver allows there.",
    asks="Add a node, run fewer pods with volumes per node, or choose machines that hold more.",
)
NODE_SELECTOR_UNMATCHED = Mode(
    21,
    "node-selector-unmatched",
    "scheduling",
    title="nodeSelector matches no node",
    means="No node carries the labels the pod's nodeSelector asks for.",
    asks="Correct the selector, or label a node.",
)
NODE_AFFINITY_UNMATCHED = Mode(
    22,
    "node-affinity-unmatched",
    "scheduling",
    title="Required node affinity matches no node",
    means="No node meets the expressions of the pod's required node affinity.",
    asks="Correct the affinity, make it a preference, or label a node.",
)
NODE_ABSENT = Mode(
    23,
    "node-absent",
    "scheduling",
    title="Pod is bound to a node that does not exist",
    means="The pod's nodeName names no node, so no kubelet ever starts it and no scheduler looks at it.",
    asks="Remove nodeName and let the scheduler choose, or correct it.",
)
UNTOLERATED_TAINT = Mode(
    24,
    "untolerated-taint",
    "scheduling",
    title="Taint the pod does not tolerate",
    means="Every node the pod could use carries a taint it has no toleration for.",
    asks="Add the toleration if the pod belongs there, or remove the taint.",
)
NODES_CORDONED = Mode(
    25,
    "nodes-cordoned",
    "scheduling",
    title="Nodes are cordoned",
    means="Every node the pod could use is marked unschedulable.",
    asks="Uncordon a node once its maintenance is over.",
)
ANTI_AFFINITY_UNSATISFIABLE = Mode(
    26,
    "anti-affinity-unsatisfiable",
    "scheduling",
    title="Pod anti-affinity leaves no node",
    means="On each node runs a pod that must not share it with the new one: more replicas than places.",
    asks="Make the rule a preference, run fewer replicas, or add nodes.",
)
SPREAD_UNSATISFIABLE = Mode(
    26,
    "spread-unsatisfiable",
    "scheduling",
    title="Topology spread cannot be kept",
    means="Any node would make the pods more unevenly spread than the constraint allows, or no node has its label.",
    asks="Allow a larger skew, use ScheduleAnyway, or add nodes in the zones that lack them.",
)
AFFINITY_TARGET_ABSENT = Mode(
    27,
    "affinity-target-absent",
    "scheduling",
    title="The pod to be near does not exist",
    means="Required pod affinity asks for a neighbour that runs on no node the pod may use.",
    asks="Deploy the neighbour first, correct the label it is found by, or make the affinity a preference.",
)
HOST_PORT_TAKEN = Mode(
    28,
    "host-port-taken",
    "scheduling",
    title="Host port is taken on every node",
    means="The pod wants a port of its node, and on each node it may use another pod has it.",
    asks="Use a Service instead of a host port, or run no more replicas than nodes.",
)
PREEMPTED = Mode(
    29,
    "preempted",
    "scheduling",
    title="Preempted by a pod of higher priority",
    means="A pod had to make room for one of higher priority, and its replacement finds no place.",
    asks="Add room, or review which priority classes the two workloads have.",
    explains=NO_ROOM,
)
SCHEDULING_GATED = Mode(
    30,
    "scheduling-gated",
    "scheduling",
    title="Held back by a scheduling gate",
    means="A scheduling gate keeps the pod from the scheduler until whoever set it removes it.",
    asks="Find out who set the gate, and why it is still there.",
)
NO_SCHEDULER = Mode(
    31,
    "no-scheduler",
    "scheduling",
    title="No scheduler looks at the pod",
    means="The pod waits and no scheduler has said anything: its schedulerName is unknown, or the scheduler is down.",
    asks="Correct schedulerName, or bring the scheduler back.",
)
