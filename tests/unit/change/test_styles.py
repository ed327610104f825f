"""The values edit on files as the charts that everybody installs write them: a reviewer sees one clean change."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from agent.change.splice import restored, spliced
from agent.change.values import edited
from tests.unit.change.written import (
    ARGO_CD,
    BITNAMI,
    CERT_MANAGER,
    EXTERNAL_DNS,
    GRAFANA,
    INGRESS_NGINX,
    KUBE_PROMETHEUS,
    TRAEFIK,
)
from tools.documents import plain
from tools.failure import Failure


@dataclass(frozen=True)
class Case:
    """One edit of one file, and the lines of its unified diff without any around them."""

    file: str
    wanted: dict[str, Any]
    diff: str

    @property
    def keys(self) -> dict[tuple[str, ...], Any]:
        return {tuple(path.split("/")): value for path, value in self.wanted.items()}


CASES = {
    "ingress-nginx leaf": Case(INGRESS_NGINX, {"controller/image/tag": "v1.2.0"}, """\
-    tag: "v1.1.1"
+    tag: "v1.2.0"
"""),
    "ingress-nginx beside": Case(INGRESS_NGINX, {"controller/image/pullPolicy": "Always"}, """\
     runAsUser: 101
+    pullPolicy: Always
"""),
    "ingress-nginx below {}": Case(INGRESS_NGINX, {"controller/podLabels/team": "é"}, """\
-  podLabels: {}
+  podLabels:
+    team: "é"
"""),
    "ingress-nginx missing parent": Case(INGRESS_NGINX, {"controller/resources/limits/memory": "90Mi"}, """\
       cpu: 100m
+    limits:
+      memory: 90Mi
"""),
    "ingress-nginx behind what is commented out": Case(INGRESS_NGINX, {"controller/autoscaling/maxReplicas": 5}, """\
       #   stabilizationWindowSeconds: 0
+    maxReplicas: 5
"""),
    "ingress-nginx behind a list's example": Case(INGRESS_NGINX, {"controller/kind": "DaemonSet"}, """\
   #  - key: "key"
+  kind: DaemonSet
"""),
    "kube-prometheus leaf": Case(KUBE_PROMETHEUS, {"defaultRules/node/fsSelector": 'fstype="xfs"'}, """\
-    fsSelector: 'fstype!=""'
+    fsSelector: 'fstype="xfs"'
"""),
    "kube-prometheus beside a block": Case(KUBE_PROMETHEUS, {"alertmanager/image/pullPolicy": "Always"}, """\
     tag: ""  # defaults to the version
+    pullPolicy: Always
"""),
    "kube-prometheus below {}": Case(KUBE_PROMETHEUS, {"customRules/AlertmanagerFailedReload/for": "5m"}, """\
-customRules: {}
+customRules:
+  AlertmanagerFailedReload:
+    for: 5m
"""),
    "kube-prometheus missing parent": Case(KUBE_PROMETHEUS, {"alertmanager/config/global/resolve_timeout": "5m"}, """\
     - '/etc/alertmanager/config/*.tmpl'
+    global:
+      resolve_timeout: 5m
"""),
    "kube-prometheus remarked": Case(KUBE_PROMETHEUS, {"defaultRules/keepFiringFor": "1m"}, """\
   # KubeAPIDown: true
+  keepFiringFor: 1m
"""),
    "kube-prometheus list": Case(KUBE_PROMETHEUS, {"alertmanager/config/route/group_by": ["job"]}, """\
-      group_by: ['namespace']
+      group_by: [job]
"""),
    "bitnami leaf": Case(BITNAMI, {"image/tag": "7.2.0"}, """\
-  tag: 7.0.9-debian-11-r6
+  tag: "7.2.0"
"""),
    "bitnami beside": Case(BITNAMI, {"master/livenessProbe/periodSeconds": 5}, """\
     initialDelaySeconds: 20
+    periodSeconds: 5
"""),
    "bitnami below {}": Case(BITNAMI, {"master/resources/limits/memory": "64Mi"}, """\
-    limits: {}
+    limits:
+      memory: 64Mi
"""),
    "bitnami missing parent": Case(BITNAMI, {"metrics/serviceMonitor/enabled": True}, """\
     initialDelaySeconds: 20
+metrics:
+  serviceMonitor:
+    enabled: true
"""),
    "bitnami remarked": Case(BITNAMI, {"image/pullSecrets": ["mine"]}, """\
-  pullSecrets: []
+  pullSecrets: [mine]
"""),
    "cert-manager leaf": Case(CERT_MANAGER, {"replicaCount": 2}, """\
-replicaCount: 1
+replicaCount: 2
"""),
    "cert-manager beside": Case(CERT_MANAGER, {"podDisruptionBudget/minAvailable": 1}, """\
   enabled: false
+  minAvailable: 1
"""),
    "cert-manager below {}": Case(CERT_MANAGER, {"strategy/type": "Recreate"}, """\
-strategy: {}
+strategy:
+  type: Recreate
"""),
    "cert-manager missing parent": Case(CERT_MANAGER, {"containerSecurityContext/seccompProfile/type": "Runtime"}, """\
   readOnlyRootFilesystem: true
+  seccompProfile:
+    type: Runtime
"""),
    "cert-manager list at its key": Case(CERT_MANAGER, {"approveSignerNames": ["mine/*"]}, """\
-- issuers.cert-manager.io/*
-- clusterissuers.cert-manager.io/*
+- "mine/*"
"""),
    "argo-cd leaf of nothing": Case(ARGO_CD, {"controller/image/tag": "v2.1.0"}, """\
-    tag: # defaults to global.image.tag
+    tag: v2.1.0 # defaults to global.image.tag
"""),
    "argo-cd number in quotes": Case(ARGO_CD, {"controller/args/statusProcessors": "50"}, """\
-    statusProcessors: "20"
+    statusProcessors: "50"
"""),
    "argo-cd below {} on its own line": Case(ARGO_CD, {"controller/containerSecurityContext/runAsUser": 999}, """\
-    {}
+    runAsUser: 999
"""),
    "argo-cd missing parent": Case(ARGO_CD, {"controller/metrics/service/servicePort": 8082}, """\
       enabled: false
+    service:
+      servicePort: 8082
"""),
    "argo-cd remarked": Case(ARGO_CD, {"controller/metrics/serviceMonitor/interval": "30s"}, """\
       enabled: false
+      interval: 30s
"""),
    "argo-cd flow map": Case(ARGO_CD, {"redis-ha/server.config/admin.enabled": "false"}, """\
-  server.config: {admin.enabled: "true", url: 'https://argocd.example.com'}
+  server.config: {admin.enabled: "false", url: 'https://argocd.example.com'}
"""),
    "grafana leaf": Case(GRAFANA, {"autoscaling/targetCPU": "70"}, """\
-  targetCPU: "60"
+  targetCPU: "70"
"""),
    "grafana beside": Case(GRAFANA, {"serviceAccount/create": False}, """\
   autoMount: true
+  create: false
"""),
    "grafana below {}": Case(GRAFANA, {"resources/limits/cpu": "100m"}, """\
-resources: {}
+resources:
+  limits:
+    cpu: 100m
"""),
    "grafana missing parent": Case(GRAFANA, {"grafana.ini/log/mode": "console"}, """\
       {{ else }}''{{ end }}"
+  log:
+    mode: console
"""),
    "grafana remarked": Case(GRAFANA, {"ingress/annotations/kubernetes.io~ingress.class": "nginx"}, """\
-  annotations: {}
+  annotations:
+    "kubernetes.io~ingress.class": nginx
"""),
    "grafana long text": Case(GRAFANA, {"grafana.ini/server/domain": "grafana.example.com"}, """\
-    domain: "{{ if (and .Values.ingress.enabled .Values.ingress.hosts) }}{{ tpl (.Values.ingress.hosts | first) . }}\\
-      {{ else }}''{{ end }}"
+    domain: "grafana.example.com"
"""),
    "traefik leaf of nothing": Case(TRAEFIK, {"podDisruptionBudget/minAvailable": "25%"}, """\
-  minAvailable:    # @schema type:[string, integer, null];minimum:0
+  minAvailable: "25%"    # @schema type:[string, integer, null];minimum:0
"""),
    "traefik beside": Case(TRAEFIK, {"updateStrategy/rollingUpdate/maxUnavailable": 0}, """\
     maxSurge: 1        # @schema type:[integer, string, null]
+    maxUnavailable: 0
"""),
    "traefik below {} at the end": Case(TRAEFIK, {"resources/limits/memory": "150Mi"}, """\
-resources: {}
+resources:
+  limits:
+    memory: 150Mi
"""),
    "traefik missing parent": Case(TRAEFIK, {"deployment/podSecurityContext/fsGroup": 65532}, """\
   goMemLimitPercentage: 0.9
+  podSecurityContext:
+    fsGroup: 65532
"""),
    "traefik remarked": Case(TRAEFIK, {"deployment/lifecycle/preStop/sleep/seconds": 5}, """\
-  lifecycle: {}
+  lifecycle:
+    preStop:
+      sleep:
+        seconds: 5
"""),
    "external-dns leaf": Case(EXTERNAL_DNS, {"interval": "5m"}, """\
-interval: 1m
+interval: 5m
"""),
    "external-dns beside a merge": Case(EXTERNAL_DNS, {"webhook/resources/requests/cpu": "10m"}, """\
-    requests: {memory: 32Mi}
+    requests: {memory: 32Mi, cpu: 10m}
"""),
    "external-dns below nothing": Case(EXTERNAL_DNS, {"dnsPolicy": "Default"}, """\
-dnsPolicy:
+dnsPolicy: Default
"""),
    "external-dns missing parent": Case(EXTERNAL_DNS, {"securityContext/seccompProfile/type": "RuntimeDefault"}, """\
-securityContext: {runAsNonRoot: true, capabilities: {drop: ["ALL"]}}
+securityContext: {runAsNonRoot: true, capabilities: {drop: ["ALL"]}, seccompProfile: {type: RuntimeDefault}}
"""),
    "external-dns flow map of several lines": Case(EXTERNAL_DNS, {"nodeSelector/disk": "ssd"}, """\
-  kubernetes.io/os: linux,  # Windows has none
+  kubernetes.io/os: linux, disk: ssd,  # Windows has none
"""),
    "external-dns list": Case(EXTERNAL_DNS, {"sources": ["service", "crd"]}, """\
-  - ingress
+  - crd
"""),
}  # fmt: skip


def unified(before: str, after: str) -> str:
    """Return what a reviewer sees: the lines that go and come, and of lines that only come the one above."""
    one, other = (text.splitlines() for text in (before, after))
    lines = list(difflib.unified_diff(one, other, n=1, lineterm=""))[2:]
    if not any(line.startswith("-") for line in lines):
        last = lines.index(next(line for line in lines if line.startswith("+"))) - 1
        return "\n".join([*lines[last : last + 1], *(line for line in lines if line.startswith("+"))]) + "\n"
    return "\n".join(line for line in lines if line.startswith(("-", "+"))) + "\n"


def with_leaf(tree: dict[str, Any], keys: tuple[str, ...], value: Any) -> dict[str, Any]:
    return {**tree, keys[0]: with_leaf(tree.get(keys[0]) or {}, keys[1:], value) if keys[1:] else value}


WRITTEN: Mapping[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "as on Windows": lambda text: "\ufeff" + text.replace("\n", "\r\n"),
    "tabs before remarks": lambda text: re.sub(r"(?<=\S) +#", "\t#", text),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("name", CASES)
def test_a_reviewer_sees_the_value_and_nothing_else(name: str, written: str) -> None:
    """Else the commit rewrites a file that other people keep, and every later merge of the chart's own conflicts."""
    case = CASES[name]
    text = WRITTEN[written](case.file)
    found = edited("values.yaml", text.encode(), case.keys)
    assert not isinstance(found, Failure), found
    fresh = spliced(text, found)
    assert unified(text, fresh) == WRITTEN[written](case.diff).replace("\r\n", "\n").removeprefix("\ufeff")
    tree = plain(text.encode())
    for keys, value in case.keys.items():
        tree = with_leaf(tree, keys, value)
    assert plain(fresh.encode()) == tree
    assert restored(fresh, found) == text
    assert fresh.endswith("\n") == text.endswith("\n")
    assert fresh.count("\r") == (fresh.count("\n") if written == "as on Windows" else 0)


REFUSED = {
    "what an alias shares": (EXTERNAL_DNS, "x-resources/limits/memory", "anchor"),
    "what comes in by a merge": (EXTERNAL_DNS, "webhook/resources/limits/memory", "merge key"),
    "a block of text": (KUBE_PROMETHEUS, "alertmanager/template", "block of text"),
    "a folded text": (EXTERNAL_DNS, "description", "block of text"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_written_for_several_readers_is_left_to_a_person(name: str) -> None:
    """A default that two components share would change the one nobody asked about."""
    text, path, why = REFUSED[name]
    found = edited("values.yaml", text.encode(), {tuple(path.split("/")): "x"})
    assert isinstance(found, Failure)
    assert why in found.detail
