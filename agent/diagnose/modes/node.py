"""Nodes, what runs on each of them, and the control plane."""

from agent.diagnose.modes.mode import Mode

KUBELET_SILENT = Mode(
    131,
    "kubelet-silent",
    "node",
    title="Node does not report any more",
    means="The kubelet of a node has stopped sending its status: the machine, its network or the kubelet is down.",
    asks="Look at the machine, and restart its kubelet or replace the node.",
)
NODE_NOT_READY = Mode(
    131,
    "node-not-ready",
    "node",
    title="Node is not ready",
    means="The kubelet says that its node cannot run pods, and gives the reason.",
    asks="Mend what the condition names; drain the node if that takes long.",
)
RUNTIME_DOWN = Mode(
    132,
    "runtime-down",
    "node",
    title="Container runtime is down",
    means="The node is not ready because its container runtime does not answer.",
    asks="Restart the runtime on that node and read its log.",
)
RUNTIME_FAILING = Mode(
    132,
    "runtime-failing",
    "node",
    title="Container runtime fails on a node that is ready",
    means="The node reports ready, while its kubelet cannot create or inspect containers there.",
    asks="Cordon the node, then restart its runtime.",
)
NODE_UNDER_PRESSURE = Mode(
    133,
    "node-under-pressure",
    "node",
    title="Node is short of memory, disk or processes",
    means="The node takes no new pods and evicts some of its own until the pressure is gone.",
    asks="Free what is short, or move pods away; set requests so that it does not happen again.",
)
EVICTION_THRESHOLD = Mode(
    134,
    "eviction-threshold",
    "node",
    title="Kubelet evicts too early",
    means="Pods are evicted while much is free: the kubelet's eviction threshold is set too high.",
    asks="Correct the threshold in the kubelet's configuration.",
)
NETWORK_NOT_READY = Mode(
    135,
    "network-not-ready",
    "node",
    title="Network plugin is not ready on a node",
    means="The node is not ready because its CNI plugin is not installed or not initialised.",
    asks="Install the plugin, or mend its pod on that node.",
)
NETWORK_UNAVAILABLE = Mode(
    135,
    "network-unavailable",
    "node",
    title="Node has no route for its pods",
    means="The cloud or the network plugin has not made the routes for the node's pods.",
    asks="Look at the route controller or the plugin's pod on that node.",
)
NODE_OVERCOMMITTED = Mode(
    136,
    "node-overcommitted",
    "node",
    title="Node promised more memory than it has",
    means="The memory limits of the node's pods are far above what it has, and it ran out.",
    asks="Bring requests and limits closer together, or spread the pods over more nodes.",
)
NODE_PROBLEM = Mode(
    137,
    "node-problem",
    "node",
    title="Node reports a defect",
    means="A problem detector says that the node's disk, kernel, clock or services are broken.",
    asks="Drain the node and repair or replace it.",
)
CONTROL_PLANE_OVERLOADED = Mode(
    138,
    "control-plane-overloaded",
    "node",
    title="Control plane cannot keep up",
    means="The API server, or etcd behind it, could not answer when pods were to be made.",
    asks="Look at etcd's disk and the API server's load; lower what calls it most.",
)
LEASE_LOST = Mode(
    138,
    "lease-lost",
    "node",
    title="Controller lost its lease",
    means="A controller ended because it could not renew its lease in time: the API server was slow or away.",
    asks="Look at the API server and etcd first; the controller only shows it.",
)
AUTOSCALER_ADDS_NO_NODE = Mode(
    139,
    "autoscaler-adds-no-node",
    "node",
    title="Cluster autoscaler adds no node",
    means="A pod waits for a node, and the cluster autoscaler says why it does not add one.",
    asks="Raise the node group's maximum, or add a group in which the pod fits.",
)
