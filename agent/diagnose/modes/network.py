"""Services, names, routes and policies between a client and the pods it calls."""

from agent.diagnose.modes.mode import Mode

CLIENT = ("unexplained", "init-waits", "exception", "readiness-probe", "dependency-unreachable")
"""What a wrong address looks like when only the client is seen."""

NO_NAME = (
    "unexplained",
    "init-waits",
    "setting-missing",
    "exception",
    "readiness-probe",
    "dependency-unreachable",
    "service-name-wrong",
)
"""What a name that does not resolve looks like when only the client is seen."""

SERVICE_SELECTOR_UNMATCHED = Mode(
    108,
    "service-selector-unmatched",
    "network",
    title="Service selects no pod",
    means="No pod carries the labels the Service selects, so it has no endpoints.",
    asks="Correct the selector, or the labels of the pods.",
    unreachable=True,
    explains=("service-without-endpoints",),
)
SERVICE_SELECTS_OTHERS = Mode(
    109,
    "service-selects-others",
    "network",
    title="Service also selects somebody else's pods",
    means="The selector is so wide that another workload's pods answer some of the requests.",
    asks="Select by one more label that only the own pods carry.",
)
SERVICE_WITHOUT_ENDPOINTS = Mode(
    110,
    "service-without-endpoints",
    "network",
    title="Service leads nowhere",
    means="The Service has no endpoints although its pods are ready, or nobody gave it a selector or addresses.",
    asks="Give it a selector or an EndpointSlice, or look at the controller manager.",
    unreachable=True,
)
TARGET_PORT_UNMATCHED = Mode(
    111,
    "target-port-unmatched",
    "network",
    title="targetPort is no port of the pods",
    means="The Service sends traffic to a port its pods do not have, so connections are refused.",
    asks="Set targetPort to the container's port or its name.",
    unreachable=True,
    explains=("service-without-endpoints",),
)
SERVICE_PROTOCOL_MISMATCH = Mode(
    112,
    "service-protocol-mismatch",
    "network",
    title="Service forwards another protocol",
    means="The Service forwards TCP where its pods listen on UDP, or the reverse.",
    asks="Set the protocol of the Service's port to what the pods speak.",
    unreachable=True,
    explains=("target-port-unmatched",),
)
SERVICE_NAME_WRONG = Mode(
    113,
    "service-name-wrong",
    "network",
    title="Client calls a Service that does not exist",
    means="A container is told to call a name no Service has, often one letter or one namespace off.",
    asks="Correct the name in its configuration, or create the Service.",
    explains=CLIENT,
)
SERVICE_PORT_WRONG = Mode(
    114,
    "service-port-wrong",
    "network",
    title="Client calls a port the Service does not offer",
    means="The Service exists, and the port the container is told to call is none of its ports.",
    asks="Call a port the Service offers.",
    explains=CLIENT,
)
EXTERNAL_TRAFFIC_POLICY_LOCAL = Mode(
    115,
    "external-traffic-policy-local",
    "network",
    title="Node port answers only where a pod runs",
    means="With externalTrafficPolicy Local, nodes without a pod of the Service drop requests from outside.",
    asks="Use Cluster, or let clients come by the nodes that run its pods.",
)
TRAFFIC_POLICY_LOCAL = Mode(
    115,
    "traffic-policy-local",
    "network",
    title="Service answers only on the nodes of its pods",
    means="With internalTrafficPolicy Local, a client on a node without a pod of the Service gets no answer.",
    asks="Use Cluster, or run a pod of it on every node.",
    explains=CLIENT,
)
LOAD_BALANCER_PENDING = Mode(
    116,
    "load-balancer-pending",
    "network",
    title="Load balancer gets no address",
    means="A Service of type LoadBalancer waits, because nothing in the cluster provides one, or the provider fails.",
    asks="Install a provider, or use another type behind an Ingress.",
)
NETWORK_POLICY_BLOCKS = Mode(
    117,
    "network-policy-blocks",
    "network",
    title="NetworkPolicy drops the traffic",
    means="A policy isolates the client or the called pod, and no rule allows this connection.",
    asks="Allow the connection in the policy, with its port, and DNS where names are used.",
    explains=(
        "unexplained",
        "init-waits",
        "setting-missing",
        "exception",
        "readiness-probe",
        "dependency-unreachable",
        "dns-misconfigured",
        "dns-unanswered",
    ),
)
DNS_MISCONFIGURED = Mode(
    118,
    "dns-misconfigured",
    "network",
    title="CoreDNS does not come up",
    means="CoreDNS ends because of its Corefile, or because it finds that it asks itself.",
    asks="Correct the Corefile, or the name server it forwards to.",
    explains=("unexplained", "configuration-unreadable", "exception"),
)
DNS_UNANSWERED = Mode(
    118,
    "dns-unanswered",
    "network",
    title="Cluster DNS does not answer",
    means="Pods resolve no name: CoreDNS is down, or packets do not reach it.",
    asks="Mend CoreDNS, or what keeps packets from it.",
    explains=NO_NAME,
)
DNS_POLICY_WRONG = Mode(
    119,
    "dns-policy-wrong",
    "network",
    title="Pod does not ask the cluster's DNS",
    means="With its dnsPolicy, or on the host's network, the pod asks name servers that know no Service.",
    asks="Use ClusterFirst, or ClusterFirstWithHostNet on the host's network.",
    explains=(*NO_NAME, "dns-misconfigured", "dns-unanswered"),
)
KUBE_PROXY_DOWN = Mode(
    120,
    "kube-proxy-down",
    "network",
    title="kube-proxy does not run on a node",
    means="On that node, Services whose endpoints are new or have changed are not reached.",
    asks="Mend the kube-proxy pod on that node.",
    explains=("unexplained",),
)
MESH_REFUSES = Mode(
    121,
    "mesh-refuses",
    "network",
    title="Service mesh refuses the request",
    means="A sidecar proxy denies the request by policy, or the two sides do not agree on TLS.",
    asks="Allow the client in the mesh's policy, or give both sides a proxy.",
    explains=("unexplained", "exception", "readiness-probe", "dependency-unreachable"),
)
INGRESS_CLASS_MISSING = Mode(
    122,
    "ingress-class-missing",
    "network",
    title="IngressClass does not exist",
    means="No controller feels responsible for the Ingress, so nothing routes its host.",
    asks="Name a class that exists, or install its controller.",
)
INGRESS_BACKEND_MISSING = Mode(
    123,
    "ingress-backend-missing",
    "network",
    title="Ingress sends to a Service that does not exist",
    means="A path of the Ingress names a Service that is not in its namespace, so it answers 503.",
    asks="Correct the Service's name in the Ingress, or create the Service.",
)
INGRESS_PORT_MISMATCH = Mode(
    124,
    "ingress-port-mismatch",
    "network",
    title="Ingress asks a port the Service does not have",
    means="The backend of a path names a port, by number or name, that its Service does not offer.",
    asks="Correct the port in the Ingress.",
)
INGRESS_WRONG_SERVICE = Mode(
    125,
    "ingress-wrong-service",
    "network",
    title="Ingress path leads to the wrong Service",
    means="A path is sent to a Service other than the one it is most likely meant for.",
    asks="Correct the backend of the path.",
)
INGRESS_TLS_SECRET_MISSING = Mode(
    126,
    "ingress-tls-secret-missing",
    "network",
    title="Certificate of an Ingress does not exist",
    means="The TLS Secret the Ingress names is missing or of the wrong type, so it shows a default certificate.",
    asks="Create the Secret of type kubernetes.io/tls, or correct its name.",
)
GATEWAY_NOT_ACCEPTED = Mode(
    127,
    "gateway-not-accepted",
    "network",
    title="Gateway is not accepted",
    means="Its class does not exist, or its controller refuses the Gateway or one of its listeners.",
    asks="Correct what the condition names: class, listener or certificate.",
)
ROUTE_NOT_ACCEPTED = Mode(
    127,
    "route-not-accepted",
    "network",
    title="Route is not accepted",
    means="The route names a Gateway, Service or port that is not there, or its Gateway does not take it.",
    asks="Correct the reference, or let the Gateway's listener allow the route.",
)
