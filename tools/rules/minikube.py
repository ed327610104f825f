"""What minikube may do: tell. Starting a cluster with what its blueprint names needs a plan, and so do its addons."""

from tools.policy import Permission, Rule

RULES = (
    Rule(
        Permission.ALLOW,
        "minikube status",
        "says whether the cluster's parts run",
        {"--output": "=json", "--profile": "name"},
        match=("minikube status --output=json",),
        no_match=("minikube status --format={{.Host}}",),
    ),
    Rule(
        Permission.ALLOW,
        "minikube profile|addons list",
        "lists profiles or addons",
        {"--output": "=json", "--profile": "name"},
        match=("minikube addons list --output=json", "minikube profile list --output=json"),
        no_match=("minikube profile other",),
    ),
    Rule(
        Permission.ALLOW,
        "minikube version|ip",
        "says the version or address",
        {"--output": "=json", "--profile": "name"},
        match=("minikube version --output=json",),
        no_match=("minikube ip --node=x",),
    ),
    Rule(
        Permission.ASK,
        "minikube start",
        "starts the cluster with exactly what the cluster blueprint names",
        {
            "--profile": "name",
            "--driver": "word",
            "--cpus": "number",
            "--memory": "number",
            "--kubernetes-version": "version",
        },
        ("--profile",),
        match=("minikube start --profile=minikube --driver=docker --cpus=4", "minikube start --profile=minikube"),
        no_match=("minikube start --driver=docker", "minikube start --profile=minikube --mount-string=/:/host"),
    ),
    Rule(
        Permission.ASK,
        "minikube addons enable|disable <name>",
        "enables an addon the cluster blueprint names, or takes that back",
        {"--profile": "name"},
        ("--profile",),
        match=("minikube addons enable ingress --profile=minikube", "minikube addons disable ingress --profile=a"),
        no_match=("minikube addons enable ingress", "minikube addons configure ingress --profile=minikube"),
    ),
    Rule(
        Permission.DENY,
        "minikube stop|delete|ssh|mount|tunnel|service|kubectl|cp|image|config|cache|docker-env|podman-env|node"
        "|pause|unpause|update-context ...",
        "it stops, enters or exposes the cluster",
        match=("minikube delete", "minikube ssh"),
        no_match=("minikube status",),
    ),
)
