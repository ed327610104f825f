"""The parts of Kubernetes and how each is started; the odd flags are what this kind of machine needs."""

import json
from pathlib import Path

from tests.cluster import certs
from tests.cluster.binaries import program
from tests.cluster.layout import (
    BRIDGE,
    DNS_SERVICE,
    NODE,
    POD_CIDR,
    PORTS,
    SERVICE_CIDR,
    audit_log,
    containerd_socket,
    kubeconfig,
    node_ip,
    run_dir,
)
from tests.cluster.processes import start

PAUSE = "registry.local/pause:1"
CRASH_LOOP_SECONDS = 10
"""The longest back-off between restarts: a crash loop shows itself in seconds rather than minutes."""


def etcd() -> None:
    """Start etcd; without fsync, because nothing here outlives the afternoon."""
    client, peer = f"http://127.0.0.1:{PORTS['etcd']}", f"http://127.0.0.1:{PORTS['etcd-peer']}"
    start(
        "etcd",
        [
            str(program("etcd")),
            "--unsafe-no-fsync",
            f"--data-dir={run_dir() / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--quota-backend-bytes=4294967296",
            "--log-level=warn",
        ],
    )


def apiserver() -> None:
    """Start the API server on every address: pods reach it through the service address."""
    pki = certs.folder()
    start(
        "kube-apiserver",
        [
            str(program("kube-apiserver")),
            "--bind-address=0.0.0.0",
            f"--advertise-address={node_ip()}",
            f"--secure-port={PORTS['kube-apiserver']}",
            f"--etcd-servers=http://127.0.0.1:{PORTS['etcd']}",
            f"--service-cluster-ip-range={SERVICE_CIDR}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            f"--client-ca-file={pki / 'ca.crt'}",
            f"--tls-cert-file={pki / 'kube-apiserver.crt'}",
            f"--tls-private-key-file={pki / 'kube-apiserver.key'}",
            f"--kubelet-client-certificate={pki / 'admin.crt'}",
            f"--kubelet-client-key={pki / 'admin.key'}",
            f"--kubelet-certificate-authority={pki / 'ca.crt'}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-account-key-file={pki / 'service-accounts.pub'}",
            f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--requestheader-client-ca-file={pki / 'ca.crt'}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            f"--proxy-client-cert-file={pki / 'front-proxy.crt'}",
            f"--proxy-client-key-file={pki / 'front-proxy.key'}",
            "--enable-aggregator-routing=true",
            "--max-requests-inflight=2000",
            "--max-mutating-requests-inflight=1000",
            "--event-ttl=4h",
            f"--audit-policy-file={_audit_policy()}",
            f"--audit-log-path={audit_log()}",
        ],
    )


def _audit_policy() -> Path:
    """Write what the API server's audit log tells of: who wrote what, the cluster's own parts left out."""
    parts = ["system:kube-controller-manager", "system:kube-scheduler", "system:kube-proxy", "system:apiserver"]
    rules = [
        {"level": "None", "verbs": ["get", "list", "watch"]},
        {"level": "None", "users": parts},
        {"level": "None", "userGroups": ["system:nodes", "system:serviceaccounts:kube-system"]},
        {"level": "Metadata"},
    ]
    policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules}
    path = run_dir() / "audit-policy.json"
    path.write_text(json.dumps(policy), encoding="utf-8")
    return path


def controller_manager() -> None:
    """Start the controllers, allowed to be quick where thousands of pods are made."""
    config = certs.folder() / "kube-controller-manager.kubeconfig"
    start(
        "kube-controller-manager",
        [
            str(program("kube-controller-manager")),
            f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            f"--secure-port={PORTS['kube-controller-manager']}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            f"--root-ca-file={certs.folder() / 'ca.crt'}",
            f"--service-account-private-key-file={certs.folder() / 'service-accounts.key'}",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--horizontal-pod-autoscaler-sync-period=5s",
        ],
    )


def scheduler() -> None:
    """Start the scheduler."""
    config = certs.folder() / "kube-scheduler.kubeconfig"
    start(
        "kube-scheduler",
        [
            str(program("kube-scheduler")),
            f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            f"--secure-port={PORTS['kube-scheduler']}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        ],
    )


def containerd() -> None:
    """Start containerd with a root, a state and a socket of its own."""
    config = run_dir() / "containerd.toml"
    config.write_text(_containerd_config())
    path = f"{program('containerd').parent}:{program('runc').parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    start("containerd", [str(program("containerd")), f"--config={config}"], {"PATH": path})


def kubelet() -> None:
    """Start the node agent."""
    config = run_dir() / "kubelet.json"
    config.write_text(json.dumps(_kubelet_config(), indent=1))
    (run_dir() / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    start(
        "kubelet",
        [
            str(program("kubelet")),
            f"--config={config}",
            f"--kubeconfig={certs.folder() / 'kubelet-client.kubeconfig'}",
            f"--root-dir={run_dir() / 'kubelet'}",
            f"--cert-dir={certs.folder()}",
            f"--hostname-override={NODE}",
            f"--node-ip={node_ip()}",
        ],
    )


def kube_proxy() -> None:
    """Start kube-proxy on iptables; the machine's conntrack limits are not ours to change."""
    config = run_dir() / "kube-proxy.json"
    config.write_text(
        json.dumps(
            {
                "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
                "kind": "KubeProxyConfiguration",
                "mode": "iptables",
                "clusterCIDR": POD_CIDR,
                "hostnameOverride": NODE,
                "healthzBindAddress": f"127.0.0.1:{PORTS['kube-proxy-health']}",
                "metricsBindAddress": f"127.0.0.1:{PORTS['kube-proxy-metrics']}",
                "clientConnection": {"kubeconfig": str(certs.folder() / "kube-proxy.kubeconfig")},
                "conntrack": {"maxPerCore": 0, "min": 0},
            }
        )
    )
    start("kube-proxy", [str(program("kube-proxy")), f"--config={config}"])


def kwok(stages: list[str]) -> None:
    """Start the simulator of nodes, for nodes that carry its annotation only."""
    start(
        "kwok",
        [
            str(program("kwok")),
            f"--kubeconfig={kubeconfig()}",
            *(f"--config={stage}" for stage in stages),
            "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        ],
    )


def write_cni() -> None:
    """Write the pod network: one bridge, addresses from a range of its own."""
    folder = run_dir() / "cni"
    folder.mkdir(parents=True, exist_ok=True)
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(run_dir() / "ipam"),
            "ranges": [[{"subnet": POD_CIDR}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    network = {"cniVersion": "1.0.0", "name": "bluehelm", "plugins": [bridge, portmap]}
    (folder / "10-bluehelm.conflist").write_text(json.dumps(network, indent=1))


def _kubelet_config() -> dict[str, object]:
    pki = certs.folder()
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": False}, "x509": {"clientCAFile": str(pki / "ca.crt")}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki / "kubelet.crt"),
        "tlsPrivateKeyFile": str(pki / "kubelet.key"),
        "port": PORTS["kubelet"],
        "healthzPort": PORTS["kubelet-health"],
        "containerRuntimeEndpoint": f"unix://{containerd_socket()}",
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDomain": "cluster.local",
        "clusterDNS": [DNS_SERVICE],
        "resolvConf": str(run_dir() / "resolv.conf"),
        "podLogsDir": str(run_dir() / "pod-logs"),
        "volumePluginDir": str(run_dir() / "volume-plugins"),
        "maxPods": 200,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "featureGates": {"KubeletCrashLoopBackOffMax": True},
        "crashLoopBackOff": {"maxContainerRestartPeriod": f"{CRASH_LOOP_SECONDS}s"},
        "syncFrequency": "10s",
        "serializeImagePulls": False,
        "shutdownGracePeriod": "0s",
    }


def _containerd_config() -> str:
    return f"""version = 3
root = "{run_dir() / "containerd-root"}"
state = "{run_dir() / "containerd-state"}"
disabled_plugins = [
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.blockfile", "io.containerd.nri.v1.nri",
]
[grpc]
  address = "{containerd_socket()}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{run_dir() / "opt"}"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{PAUSE}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["{program("bridge").parent}"]
  conf_dir = "{run_dir() / "cni"}"
[plugins."io.containerd.cri.v1.runtime".containerd]
  default_runtime_name = "runc"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  BinaryName = "{program("runc")}"
  Root = "{run_dir() / "runc"}"
  SystemdCgroup = false
"""
