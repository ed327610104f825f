"""What helm may do: read releases, render and lint charts that are here. Changes only inside a plan."""

from tools.policy import Permission, Rule

TARGET = {"--kube-context": "context"}
NAMESPACED = TARGET | {"--namespace": "name"}
ONE_NAMESPACE = ("--kube-context", "--namespace")

PLANNED = "helm upgrade web /c --kube-context=a --namespace=b --values=/v --wait --timeout=5m"

UPGRADE = NAMESPACED | {
    "--values": "directory",
    "--reset-values": "",
    "--install": "",
    "--wait": "",
    "--timeout": "wait",
    "--rollback-on-failure": "",
    "--atomic": "",
    "--history-max": "=20",
    "--description": "text",
}

RULES = (
    Rule(
        Permission.ALLOW,
        "helm version",
        "says which helm this is",
        {"--template": "text", "--short": ""},
        match=("helm version --short",),
        no_match=("helm version --kube-token=x",),
    ),
    Rule(
        Permission.ALLOW,
        "helm list",
        "lists releases",
        NAMESPACED | {"--all-namespaces": "", "--output": "=json", "--max": "number", "--all": ""},
        ("--kube-context", "--output"),
        ("--namespace", "--all-namespaces"),
        match=(
            "helm list --kube-context=a --namespace=b --output=json",
            "helm list --kube-context=a --all-namespaces --output=json",
        ),
        no_match=(
            "helm list --output=json",
            "helm list --kube-context=a --output=json",
            "helm list --kube-context=a --output=json --kube-apiserver=https://x",
        ),
    ),
    Rule(
        Permission.ALLOW,
        "helm status|history <name>",
        "reads one release's state",
        NAMESPACED | {"--output": "=json", "--max": "number", "--revision": "number"},
        (*ONE_NAMESPACE, "--output"),
        match=("helm history web --kube-context=a --namespace=b --output=json",),
        no_match=("helm status web --kube-context=a --namespace=b --output=yaml",),
    ),
    Rule(
        Permission.ALLOW,
        "helm get values|metadata <name>",
        "reads what a release was given; redacted before it leaves the runner",
        NAMESPACED | {"--output": "=json", "--revision": "number"},
        (*ONE_NAMESPACE, "--output"),
        match=("helm get values web --kube-context=a --namespace=b --output=json",),
        no_match=(
            "helm get values web --kube-context=a --namespace=b --output=json --all",
            "helm get all web --kube-context=a --namespace=b --output=json",
        ),
    ),
    Rule(
        Permission.ALLOW,
        "helm get manifest <name>",
        "reads what a release rendered; Secrets are dropped before it leaves tools/helm.py",
        NAMESPACED | {"--revision": "number"},
        ONE_NAMESPACE,
        match=("helm get manifest web --kube-context=a --namespace=b",),
        no_match=(
            "helm get hooks web --kube-context=a --namespace=b",
            "helm get notes web --kube-context=a --namespace=b",
        ),
    ),
    Rule(
        Permission.ALLOW,
        "helm show chart|values <directory>",
        "reads a chart that is here",
        offline=True,
        match=("helm show chart /charts/web",),
        no_match=("helm show chart oci://x/y", "helm show values bitnami/nginx", "helm show chart /charts/../x"),
    ),
    Rule(
        Permission.ALLOW,
        "helm lint <directory>",
        "checks a chart that is here",
        {"--values": "directory", "--strict": "", "--quiet": "", "--kube-version": "version"},
        offline=True,
        match=("helm lint /charts/web --strict",),
        no_match=(
            "helm lint charts/web",
            "helm lint /charts/web --set=a=b",
            "helm lint /charts/web --values=/v.yaml,https://x",  # to helm a comma starts another file, or URL
        ),
    ),
    Rule(
        Permission.ALLOW,
        "helm template <name> <directory>",
        "renders a chart that is here",
        {
            "--namespace": "name",
            "--values": "directory",
            "--kube-version": "version",
            "--api-versions": "apis",
            "--show-only": "text",
            "--skip-tests": "",
        },
        offline=True,
        match=("helm template web /charts/web --namespace=b --values=/v.yaml",),
        no_match=(
            "helm template web /charts/web --post-renderer=/bin/sh",
            "helm template web /charts/web --enable-dns",
            "helm template web /charts/web --output-dir=/etc",
            "helm template web /charts/web --set=a=b",
            "helm template web oci://x/y",
            "helm template web /charts/web --validate",
        ),
    ),
    Rule(
        Permission.ALLOW,
        "helm upgrade <name> <directory>",
        "asks the server what an upgrade would do; nothing changes and Secrets stay hidden",
        NAMESPACED
        | {
            "--values": "directory",
            "--dry-run": "=server",
            "--hide-secret": "",
            "--reset-values": "",
            "--install": "",
            "--output": "=json",
        },
        (*ONE_NAMESPACE, "--dry-run", "--hide-secret"),
        match=("helm upgrade web /c --kube-context=a --namespace=b --values=/v --dry-run=server --hide-secret",),
        no_match=(
            "helm upgrade web /c --kube-context=a --namespace=b --values=/v --dry-run=server",
            "helm upgrade web /c --kube-context=a --namespace=b --values=/v --dry-run=none --hide-secret",
        ),
    ),
    Rule(
        Permission.ASK,
        "helm upgrade <name> <directory>",
        "changes a release",
        UPGRADE,
        (*ONE_NAMESPACE, "--values", "--reset-values", "--timeout"),
        match=(
            f"{PLANNED} --reset-values",
            PLANNED.replace("--wait ", "") + " --reset-values",  # back to what failed before: nothing to wait for
        ),
        no_match=(
            f"{PLANNED} --reset-values --create-namespace",
            f"{PLANNED} --reuse-values",
            f"{PLANNED} --reset-values --force",
            PLANNED.replace("5m", "0s") + " --reset-values",
            PLANNED.replace("5m", "99h") + " --reset-values",
        ),
    ),
    Rule(
        Permission.ASK,
        "helm rollback <name> <number>",
        "break-glass: the values file is then ahead of the release until git agrees",
        NAMESPACED | {"--wait": "", "--timeout": "wait"},
        ONE_NAMESPACE,
        match=("helm rollback web 3 --kube-context=a --namespace=b --wait --timeout=5m",),
        no_match=(
            "helm rollback web --kube-context=a --namespace=b",
            "helm rollback web 3 --kube-context=a --namespace=b --wait",
            "helm rollback web 3 --kube-context=a --namespace=b --wait --timeout=0",
        ),
    ),
    Rule(
        Permission.DENY,
        "helm uninstall|install|test|plugin|repo|registry|search|env|completion|pull|push|package|create"
        "|dependency|verify ...",
        "it removes, installs, fetches or runs what no blueprint names",
        match=("helm uninstall web", "helm repo add x https://x", "helm plugin install x"),
        no_match=("helm list",),
    ),
)
