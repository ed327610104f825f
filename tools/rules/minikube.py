"""What minikube may do: tell. Starting it with what a cluster control names needs a plan."""

from tools.policy import Effect, Rule

RULES = (
    Rule(
        Effect.ALLOW,
        "minikube status",
        "says whether the cluster's parts run",
        {"--output": "=json", "--profile": "name"},
        match=("minikube status --output=json",),
        no_match=("minikube status --format={{.Host}}",),
    ),
    Rule(
        Effect.ALLOW,
        "minikube profile|addons list",
        "lists profiles or addons",
        {"--output": "=json", "--profile": "name"},
        match=("minikube addons list --output=json", "minikube profile list --output=json"),
        no_match=("minikube profile other",),
    ),
    Rule(
        Effect.ALLOW,
        "minikube version|ip",
        "says the version or address",
        {"--output": "=json", "--profile": "name"},
        match=("minikube version --output=json",),
        no_match=("minikube ip --node=x",),
    ),
    Rule(
        Effect.ASK,
        "minikube start",
        "starts the cluster with exactly what the cluster blueprint names",
        {"--driver": "word", "--cpus": "number", "--memory": "text", "--kubernetes-version": "version"},
        match=("minikube start --driver=docker --cpus=4",),
        no_match=("minikube start --mount-string=/:/host",),
    ),
    Rule(
        Effect.ASK,
        "minikube addons enable <name>",
        "enables an addon the cluster blueprint names",
        match=("minikube addons enable ingress",),
        no_match=("minikube addons disable ingress",),
    ),
    Rule(
        Effect.DENY,
        "minikube stop|delete|ssh|mount|tunnel|service|kubectl|cp|image|config|cache|docker-env|podman-env|node"
        "|pause|unpause|update-context ...",
        "it stops, enters or exposes the cluster",
        match=("minikube delete", "minikube ssh"),
        no_match=("minikube status",),
    ),
)
