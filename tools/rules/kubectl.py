"""What kubectl may do. Reading objects does not need it (tools/cluster.py): logs, rollouts and identity do."""

from tools.policy import Permission, Rule

TARGET = {"--context": "context", "--request-timeout": "wait"}
NAMESPACED = TARGET | {"--namespace": "name"}
ONE_CONTEXT = ("--context",)
ONE_NAMESPACE = ("--context", "--namespace")

READABLE = (
    "pods|deployments|replicasets|statefulsets|daemonsets|jobs|cronjobs|services|endpointslices|ingresses"
    "|horizontalpodautoscalers|poddisruptionbudgets|configmaps|events|persistentvolumeclaims|resourcequotas"
    "|limitranges|serviceaccounts|networkpolicies"
)

CLUSTER_WIDE = "nodes|namespaces|persistentvolumes|storageclasses"

LISTING = NAMESPACED | {
    "--output": "=json",
    "--all-namespaces": "",
    "--selector": "selector",
    "--field-selector": "selector",
    "--chunk-size": "number",
    "--ignore-not-found": "",
}

PREFLIGHT = "create|delete|get|impersonate|list|patch|update"

DIFF = "kubectl diff --context=a --namespace=b --server-side --field-manager=helm"

REPORTS = "kubectl apply --context=a --server-side --force-conflicts --field-manager=bluehelm"

FORWARD = "kubectl port-forward --context=a --namespace=b --address=127.0.0.1"

RULES = (
    Rule(
        Permission.ALLOW,
        "kubectl version",
        "says which client and server these are",
        TARGET | {"--output": "=json", "--client": ""},
        match=("kubectl version --client --output=json", "kubectl version --context=a --output=json"),
        no_match=("kubectl version --v=9", "kubectl version --output=yaml", "kubectl version --kubeconfig=/x"),
    ),
    Rule(
        Permission.ALLOW,
        "kubectl api-resources|api-versions",
        "says which kinds the server has",
        TARGET | {"--output": "=wide"},
        ONE_CONTEXT,
        match=("kubectl api-versions --context=a",),
        no_match=("kubectl api-versions --context=a --v=9", "kubectl api-versions"),
    ),
    Rule(
        Permission.ALLOW,
        "kubectl auth whoami",
        "says who this identity is",
        TARGET | {"--output": "=json"},
        ONE_CONTEXT,
        match=("kubectl auth whoami --context=a --output=json",),
        no_match=("kubectl auth whoami --context=a --as=root", "kubectl auth whoami"),
    ),
    Rule(
        Permission.ALLOW,
        f"kubectl auth can-i {PREFLIGHT} <word>",
        "says whether this identity may do one thing",
        NAMESPACED | {"--quiet": "", "--subresource": "word"},
        ONE_CONTEXT,
        match=(
            "kubectl auth can-i patch deployments --context=a --namespace=b",
            "kubectl auth can-i create pods --subresource=exec --context=a --namespace=b --quiet",
        ),
        no_match=(
            "kubectl auth can-i patch deployments --context=a --as=admin",
            "kubectl auth can-i get nodes/proxy --context=a",  # to kubectl a node of that name, not the subresource
            "kubectl auth can-i escalate clusterroles --context=a",
        ),
    ),
    Rule(
        Permission.ALLOW,
        "kubectl auth can-i",
        "says everything this identity may do in one namespace",
        NAMESPACED | {"--list": "", "--no-headers": ""},
        (*ONE_NAMESPACE, "--list"),
        match=("kubectl auth can-i --list --no-headers --context=a --namespace=b",),
        no_match=(
            "kubectl auth can-i --list --context=a",
            "kubectl auth can-i --list --context=a --namespace=b --as=admin",
        ),
    ),
    Rule(
        Permission.ALLOW,
        f"kubectl get {READABLE} <name>?",
        "reads objects that carry no secret",
        LISTING,
        ("--context", "--output"),
        ("--namespace", "--all-namespaces"),
        match=(
            "kubectl get pods --context=a --namespace=b --output=json",
            "kubectl get pods --context=a --all-namespaces --output=json",
            "kubectl get deployments web --context=a --namespace=b --output=json --ignore-not-found",
        ),
        no_match=(
            "kubectl get pods --context=a --output=json",
            "kubectl get secrets --context=a --namespace=b --output=json",
            "kubectl get pods,secrets --context=a --namespace=b --output=json",
            "kubectl get pods --context=a --namespace=b --output=yaml",
            "kubectl get pods --context=a --namespace=b --output=go-template-file=/etc/passwd",
            "kubectl get pods --context=a --namespace=b --output=json --watch",
            "kubectl get pods --context=a --namespace=b --output=json --server=https://x",
            "kubectl get --raw=/api --context=a --namespace=b --output=json",
            "kubectl get pods --context=a --namespace=b --output=json --filename=https://x",
        ),
    ),
    Rule(
        Permission.ALLOW,
        f"kubectl get {CLUSTER_WIDE} <name>?",
        "reads objects that belong to no namespace",
        LISTING,
        ("--context", "--output"),
        match=("kubectl get nodes --context=a --output=json",),
        no_match=("kubectl get nodes --output=json", "kubectl get pods --context=a --output=json"),
    ),
    Rule(
        Permission.ALLOW,
        "kubectl logs <name>",
        "reads a bounded part of one container's log",
        NAMESPACED
        | {
            "--container": "container",
            "--tail": "tail",
            "--limit-bytes": "bytes",
            "--timestamps": "",
            "--previous": "",
            "--since": "time",
        },
        ("--context", "--namespace", "--tail", "--limit-bytes"),
        match=("kubectl logs web-1 --context=a --namespace=b --tail=500 --limit-bytes=262144",),
        no_match=(
            "kubectl logs web-1 --context=a --namespace=b --tail=501 --limit-bytes=262144",
            "kubectl logs web-1 --context=a --namespace=b --tail=500 --limit-bytes=262145",
            "kubectl logs web-1 --context=a --namespace=b --tail=5 --limit-bytes=9 --follow",
            "kubectl logs web-1 --context=a --namespace=b",
            "kubectl logs web-1 --context=a --namespace=b --tail=5 --limit-bytes=9 --insecure-skip-tls-verify-backend",
        ),
    ),
    Rule(
        Permission.ALLOW,
        "kubectl rollout status <owned>",
        "waits, for a bounded time, for a rollout",
        NAMESPACED | {"--timeout": "wait", "--watch": "=false"},
        ("--context", "--namespace", "--timeout"),
        match=("kubectl rollout status deployment/web --context=a --namespace=b --timeout=30s",),
        no_match=(
            "kubectl rollout status deployment/web --context=a --namespace=b",
            "kubectl rollout status deployment/web --context=a --namespace=b --timeout=0s",
            "kubectl rollout status deployment/web --context=a --namespace=b --timeout=999h",
            "kubectl rollout status deployment/web --context=a --namespace=b --timeout=30s --request-timeout=0",
        ),
    ),
    Rule(
        Permission.ALLOW,
        "kubectl rollout history <owned>",
        "reads a workload's revisions",
        NAMESPACED | {"--output": "=json", "--revision": "number"},
        ONE_NAMESPACE,
        match=("kubectl rollout history deployment/web --context=a --namespace=b",),
        no_match=("kubectl rollout pause deployment/web --context=a --namespace=b",),
    ),
    Rule(
        Permission.ALLOW,
        "kubectl diff",
        "asks the server what it would say of objects (a dry run, which needs the right to patch); changes nothing",
        NAMESPACED
        | {"--filename": "directory", "--server-side": "", "--force-conflicts": "", "--field-manager": "=helm"},
        (*ONE_NAMESPACE, "--filename", "--server-side"),
        match=(f"{DIFF} --filename=/x/objects.json", f"{DIFF} --filename=/x/objects.json --force-conflicts"),
        no_match=(
            f"{DIFF} --filename=https://x/objects.yaml",
            f"{DIFF} --kustomize=/x",
            f"{DIFF} --filename=/x/objects.json --prune",
            "kubectl diff --context=a --namespace=b --filename=/x/objects.json",
        ),
    ),
    Rule(
        Permission.ALLOW,
        "kubectl apply",
        "keeps PolicyReports of our own, which nothing acts upon: a list that tools/kubectl.py makes of nothing else",
        TARGET
        | {
            "--filename": "reports",
            "--server-side": "",
            "--force-conflicts": "",
            "--field-manager": "=bluehelm",
            "--output": "=name",
        },
        ("--context", "--filename", "--server-side", "--field-manager"),
        match=(f"{REPORTS} --filename=/x/policyreports.json --output=name",),
        no_match=(
            f"{REPORTS} --filename=/x/objects.json",
            f"{REPORTS} --filename=https://x/policyreports.json",
            f"{REPORTS} --filename=/x/policyreports.json --prune",
            f"{REPORTS} --filename=/x/policyreports.json --namespace=b",
            "kubectl apply --context=a --filename=/x/policyreports.json",
            "kubectl apply --context=a --server-side --field-manager=helm --filename=/x/policyreports.json",
            "kubectl apply --filename=web.yaml",
            "kubectl apply deployment --context=a --server-side --field-manager=bluehelm",
        ),
    ),
    Rule(
        Permission.ASK,
        "kubectl rollout restart|undo <owned>",
        "restarts or reverts a workload: an operational event, or a break-glass that leaves a standing finding",
        NAMESPACED,
        ONE_NAMESPACE,
        match=("kubectl rollout restart deployment/web --context=a --namespace=b",),
        no_match=("kubectl rollout restart deployment --context=a --namespace=b --selector=app=web",),
    ),
    Rule(
        Permission.ASK,
        "kubectl delete pod <name>",
        "a drill: its workload makes another one at once",
        NAMESPACED | {"--wait": "", "--timeout": "wait"},
        (*ONE_NAMESPACE, "--wait", "--timeout"),
        match=("kubectl delete pod web-1 --context=a --namespace=b --wait --timeout=60s",),
        no_match=(
            "kubectl delete pod --context=a --namespace=b --wait --timeout=60s --selector=app=web",
            "kubectl delete pod web-1 --context=a --namespace=b --wait --timeout=60s --force",
            "kubectl delete pod web-1 --context=a --namespace=b --wait --timeout=60s --grace-period=0",
            "kubectl delete deployment web --context=a --namespace=b --wait --timeout=60s",
        ),
    ),
    Rule(
        Permission.ASK,
        "kubectl port-forward <forwarded> <ports>",
        "a drill: one port of this machine alone leads to a pod, for as long as something is asked of it",
        {"--context": "context", "--namespace": "name", "--address": "=127.0.0.1"},
        (*ONE_NAMESPACE, "--address"),
        match=(f"{FORWARD} service/web 40001:8000", f"{FORWARD} deployment/web 40001:80"),
        no_match=(
            f"{FORWARD} service/web :8000",  # a port that nobody knows before it is open
            f"{FORWARD} service/web 8000",
            f"{FORWARD} service/web 80:80",
            f"{FORWARD} service/web 40001:8000 40002:9000",
            f"{FORWARD} service/web 40001:http",
            f"{FORWARD} web-1 40001:8000",
            f"{FORWARD} secret/web 40001:8000",
            f"{FORWARD} service/web 40001:8000 --pod-running-timeout=1h",
            "kubectl port-forward service/web 40001:8000 --context=a --namespace=b",
            "kubectl port-forward service/web 40001:8000 --context=a --namespace=b --address=0.0.0.0",
            "kubectl port-forward service/web 40001:8000 --context=a --address=127.0.0.1",
        ),
    ),
    Rule(
        Permission.DENY,
        "kubectl patch|replace|scale|set|edit|label|annotate|create|expose|autoscale|run ...",
        "Helm owns these objects: the values file is the only way to change them",
        match=("kubectl replace --filename=x.yaml", "kubectl scale deployment/web --replicas=0", "kubectl create foo"),
        no_match=("kubectl get pods",),
    ),
    Rule(
        Permission.DENY,
        "kubectl exec|attach|cp|debug|proxy|drain|cordon|uncordon|taint|certificate|convert"
        "|kustomize|plugin|alpha|kuberc|completion|describe|explain|wait|events|top|config ...",
        "it enters a container, listens, writes, runs other programs or prints free text",
        match=("kubectl exec web-1 ls", "kubectl config view --raw", "kubectl describe pod web-1"),
        no_match=("kubectl get pods", "kubectl auth whoami"),
    ),
)
