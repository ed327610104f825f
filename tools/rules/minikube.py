"""What minikube may do: tell. Starting it with what a cluster control names needs a plan."""

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
        {"--driver": "word", "--cpus": "number", "--memory": "text", "--kubernetes-version": "version"},
        match=("minikube start --driver=docker --cpus=4",),
        no_match=("minikube start --mount-string=/:/host",),
    ),
    Rule(
        Permission.ASK,
        "minikube addons enable <name>",
        "enables an addon the cluster blueprint names",
        match=("minikube addons enable ingress",),
        no_match=("minikube addons disable ingress",),
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
