"""The policy, row by row of the safety document's table, and under random commands: no rule, no run."""

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tools.policy import SHAPES, Permission, Rule, _fits, _rules, decide, shown
from tools.rules.strace import CALLS

KUBE = "--context=c"
NS = "--context=c --namespace=n"
RELEASE = "--kube-context=c --namespace=n"
BOUNDED = "--tail=500 --limit-bytes=262144"
PLAN = f"helm upgrade web /c {RELEASE} --values=/v --reset-values --wait --timeout=5m"

READ_KINDS = (
    "pods deployments replicasets statefulsets daemonsets jobs services endpointslices ingresses"
    " horizontalpodautoscalers poddisruptionbudgets configmaps events nodes namespaces persistentvolumeclaims"
    " resourcequotas limitranges"
).split()

ALLOWED = [
    "kubectl version --client --output=json",
    f"kubectl version {KUBE} --output=json",
    f"kubectl api-resources {KUBE}",
    f"kubectl api-versions {KUBE}",
    f"kubectl auth whoami {KUBE} --output=json",
    f"kubectl auth can-i patch deployments {NS}",
    *(f"kubectl get {kind} {NS} --output=json" for kind in READ_KINDS),
    f"kubectl get pods {NS} --output=json --selector=app=web --field-selector=status.phase=Running --chunk-size=500",
    f"kubectl get configmaps web {NS} --output=json --ignore-not-found",
    f"kubectl logs web-1 {NS} {BOUNDED} --timestamps",
    f"kubectl logs web-1 {NS} {BOUNDED} --previous --since=5m --container=app",
    f"kubectl rollout status deployment/web {NS} --timeout=30s",
    f"kubectl rollout history deployment/web {NS}",
    "helm version --short",
    f"helm list {RELEASE} --output=json",
    f"helm status web {RELEASE} --output=json",
    f"helm history web {RELEASE} --output=json",
    f"helm get metadata web {RELEASE} --output=json",
    f"helm get values web {RELEASE} --output=json",
    f"helm get manifest web {RELEASE}",
    "helm show chart /charts/web",
    "helm show values /charts/web",
    "helm lint /charts/web --strict --values=/v.yaml",
    "helm template web /charts/web --namespace=n --values=/v.yaml --kube-version=1.36 --api-versions=apps/v1",
    f"helm upgrade web /c {RELEASE} --values=/v --dry-run=server --hide-secret",
    "docker version --format={{.|json}}",
    "docker info --format={{.|json}}",
    "docker ps --all --format={{.|json}}",
    "docker images --format={{.|json}}",
    "docker image inspect web:1",
    "docker history web:1 --format={{.|json}}",
    "docker inspect web-1 --type=container",
    "docker logs web-1 --tail=500 --timestamps",
    "docker events --since=10m --until=0s --format={{.|json}}",
    "docker top web-1",
    "docker stats --no-stream --format={{.|json}}",
    "docker diff web-1",
    "docker port web-1",
    "minikube status --output=json",
    "minikube profile list --output=json",
    "minikube addons list --output=json",
    "minikube version --output=json",
    "minikube ip",
]

ASKED = [
    f"kubectl rollout restart deployment/web {NS}",
    f"kubectl rollout undo deployment/web {NS}",
    f"kubectl port-forward service/web 40001:8000 {NS} --address=127.0.0.1",
    f"kubectl port-forward deployment/web 40001:8000 {NS} --address=127.0.0.1",
    PLAN,
    f"{PLAN} --rollback-on-failure --history-max=20 --description=plan:0123456789ab",
    f"{PLAN} --install",  # the first revision of a release, which a plan says in so many words
    f"helm rollback web 3 {RELEASE} --wait --timeout=5m",
    "docker build web:1 /dir",
    "docker tag web:1",
    "docker pull web@sha256:00",
    "docker start web-1",
    f"strace --attach=7 --follow-forks --trace={CALLS} --string-limit=128 --output=/dev/stdout",
    "minikube start --profile=minikube --driver=docker --cpus=4 --memory=8192 --kubernetes-version=v1.36.0",
    "minikube addons enable ingress --profile=minikube",
]

DENIED = [
    f"kubectl version {KUBE} --output=json --v=9",
    f"kubectl explain pods {KUBE}",
    *(f"kubectl config {verb}" for verb in "view set-context use-context delete-context rename-context".split()),
    "kubectl config view --raw",
    "kubectl config view --flatten",
    f"kubectl auth reconcile --filename=/x {KUBE}",
    f"kubectl auth whoami {KUBE} --as=root",
    f"kubectl auth can-i --list {KUBE}",
    f"kubectl auth can-i --list {NS} --as=root",
    f"kubectl auth can-i escalate clusterroles {KUBE}",
    f"kubectl get secrets {NS} --output=json",
    f"kubectl get secret {NS} --output=json",
    f"kubectl get secrets.v1. {NS} --output=json",
    f"kubectl get secret/x {NS} --output=json",
    f"kubectl get configmaps,secrets {NS} --output=json",
    f"kubectl get cm,secret {NS} --output=json",
    f"kubectl get all {NS} --output=json",
    f"kubectl get --raw=/api/v1/nodes/n/proxy/exec {KUBE} --output=json",
    f"kubectl get pods {NS} --output=json --filename=https://x",
    f"kubectl get pods {NS} --output=json --kustomize=/x",
    f"kubectl get pods {NS} --output=json --watch",
    f"kubectl get pods {NS} --output=json --watch-only",
    *(f"kubectl get pods {NS} --output={form}" for form in "yaml wide go-template={{.}} jsonpath-file=/x".split()),
    *(f"kubectl get pods {NS} --output=json {flag}" for flag in "--kubeconfig=/x --server=x --token=x --as=x".split()),
    f"kubectl get pods {NS} --output=json --insecure-skip-tls-verify",
    f"kubectl get pods {NS} --output=json --insecure_skip_tls_verify",
    f"kubectl get pods {NS} --output=json --SERVER=x",
    f"kubectl get pods {NS} --output=json -sx",
    f"kubectl get pods {NS} --output=json -A",
    f"kubectl get pods {NS} --output=json -- x",
    f"kubectl get pods {NS} --output json",
    f"kubectl describe pod web-1 {NS}",
    f"kubectl logs web-1 {NS} --tail=501 --limit-bytes=262144",
    f"kubectl logs web-1 {NS} --tail=500 --limit-bytes=262145",
    f"kubectl logs web-1 {NS} --tail=0 --limit-bytes=262144",
    f"kubectl logs web-1 {NS}",
    f"kubectl logs web-1 {NS} {BOUNDED} --follow",
    f"kubectl logs web-1 {NS} {BOUNDED} --all-pods",
    f"kubectl logs web-1 {NS} {BOUNDED} --all-containers",
    f"kubectl logs web-1 {NS} {BOUNDED} --selector=app=web",
    f"kubectl logs web-1 {NS} {BOUNDED} --insecure-skip-tls-verify-backend",
    f"kubectl events {NS}",
    f"kubectl top pods {NS}",
    f"kubectl rollout status deployment/web {NS}",
    f"kubectl rollout pause deployment/web {NS}",
    f"kubectl rollout resume deployment/web {NS}",
    f"kubectl rollout restart deployment {NS}",
    f"kubectl port-forward service/web 40001:8000 {NS}",
    *(
        f"kubectl port-forward service/web 40001:8000 {NS} --address={where}"
        for where in "0.0.0.0 :: localhost".split()
    ),
    *(
        f"kubectl port-forward {what} {NS} --address=127.0.0.1"
        for what in (
            "service/web",
            "service/web :8000",
            "service/web 22:22",
            "service/web 40001:8000 40002:22",
            "pod/web-1 40001:8000",
            "web-1 40001:8000",
            "node/n 40001:10250",
            "service/web 40001:https",
            "service/web 40001:8000 --pod-running-timeout=1h",
            "service/web 40001:8000 --request-timeout=1h",
        )
    ),
    f"kubectl diff --filename=/x {KUBE}",
    f"kubectl wait pods/x {NS} --for=delete",
    *(
        f"kubectl {verb} x {NS}"
        for verb in (
            "apply patch replace scale set edit label annotate create delete expose autoscale run exec attach cp debug"
            " port-forward proxy drain cordon uncordon taint certificate convert kustomize plugin alpha kuberc"
            " completion foo"
        ).split()
    ),
    "kubectl cluster-info dump --output-directory=/x",
    "kubectl",
    f"helm get all web {RELEASE}",
    f"helm get hooks web {RELEASE}",
    f"helm get notes web {RELEASE}",
    f"helm list {RELEASE} --output=json --kube-apiserver=https://x",
    f"helm list {RELEASE} --output=json --kube-token=x",
    "helm show chart oci://x/y",
    "helm show values bitnami/nginx",
    "helm show chart /charts/../etc",
    *(
        f"helm template web /c {flag}"
        for flag in (
            "--post-renderer=/x --post-renderer-args=x --output-dir=/x --enable-dns --validate --set=a=b"
            " --set-string=a=b --set-file=a=/x --set-json=a=1 --skip-schema-validation"
            " --repo=https://x --devel --dependency-update"
        ).split()
    ),
    "helm template web oci://x/y",
    "helm template web ./c",
    f"helm upgrade web /c {RELEASE} --values=/v --dry-run=server",
    f"helm upgrade web /c {RELEASE} --values=/v --dry-run=client --hide-secret",
    f"helm upgrade web /c {RELEASE} --values=/v --dry-run=none --hide-secret",
    *(
        f"{PLAN} {flag}"
        for flag in (
            "--reuse-values --reset-then-reuse-values --set=a=b --force --force-replace --take-ownership"
            " --no-hooks --disable-openapi-validation --insecure-skip-tls-verify --kube-token=x --force-conflicts"
        ).split()
    ),
    f"helm upgrade web /c {RELEASE} --values=/v --wait --timeout=5m",
    f"helm rollback web {RELEASE}",
    *(
        f"helm {verb} x"
        for verb in "uninstall install test plugin repo registry search env completion pull push package create".split()
    ),
    "helm dependency update /c",
    *(
        f"docker {verb} x"
        for verb in (
            "run create exec attach cp export save load import commit compose login push plugin system swarm stack"
            " service secret config rm kill stop model mcp ai foo"
        ).split()
    ),
    "docker context use x",
    "docker context export x",
    "docker ps --format={{.|json}} --host=tcp://x",
    "docker ps --format={{.|json}} --context=x",
    "docker ps --format={{.|json}} --config=/x",
    "docker ps -Htcp://x",
    "docker inspect web-1 --format={{.Config.Env}}",
    "docker ps --format={{.Labels}}",
    "docker ps --format=json",
    "docker logs web-1",
    "docker logs web-1 --tail=10 --follow",
    "docker events --since=10m --format={{.|json}}",
    "docker stats --format={{.|json}}",
    *(
        f"minikube {verb}"
        for verb in "stop delete ssh mount tunnel service kubectl cp image pause unpause docker-env foo".split()
    ),
    "minikube start --mount-string=/:/host",
    *(f"git {verb}" for verb in "push config submodule rebase clean checkout fetch pull clone remote".split()),
    "git reset --hard",
    "sh -c id",
    "/usr/bin/kubectl version --client --output=json",
    "kubectl.exe version --client --output=json",
    "KUBECTL version --client --output=json",
    "curl http://x",
]


@pytest.mark.parametrize("command", ALLOWED)
def test_reads_run(command: str) -> None:
    assert decide(command.split()).permission is Permission.ALLOW


@pytest.mark.parametrize("command", ASKED)
def test_changes_need_a_plan(command: str) -> None:
    assert decide(command.split()).permission is Permission.ASK


@pytest.mark.parametrize("command", DENIED)
def test_everything_else_never_runs(command: str) -> None:
    found = decide(command.split())
    assert found.permission is Permission.DENY
    assert found.reason


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["kubectl", "get", "pods", ""],
        ["kubectl", "get", "pods", "a\nb", "--context=c", "--output=json"],
        ["kubectl", "get", "pods", "a\0", "--context=c", "--output=json"],
        ["kubectl", "get", "pods", "--context=c", "--output=json", "--selector=a\n"],
        ["kubectl", "get", "pods", "--context=c", "--output=json", f"--selector={'a' * 10_001}"],
        ["kubectl", *["x"] * 50],
        ["kubectl", "get", "pods", "--context=--server=x", "--output=json"],
        ["kubectl", "get", "pods", "-", "--context=c", "--output=json"],
        ["helm", "template", "web", "/c", "--values=/a/../../etc/shadow"],
        ["kubectl", "get", "pods", "--context=c", "--context=d", "--output=json"],
        ["kubectl", "logs", "web-1", "--context=c", "--namespace=n", "--tail=5", "--tail=500", "--limit-bytes=9"],
    ],
)
def test_what_no_command_of_ours_looks_like(argv: list[str]) -> None:
    """Of a flag given twice each program takes another one: the decision would be about a different command."""
    assert decide(argv).permission is Permission.DENY


ALLOW_RULES = [rule for rule in _rules() if rule.permission is Permission.ALLOW]
WORDS = sorted({word for rule in _rules() for example in rule.match + rule.no_match for word in example.split()})
FLAGS = sorted({flag for rule in _rules() for flag in rule.flags})
ODD = ["--", "-A", "-sx", "--raw=/x", "--v=9", "--server=x", "--as=x", "--follow", "--watch", "--set=a=b", "secrets"]


def legal(rule: Rule, argv: list[str]) -> bool:
    """Return whether a rule, read naively and anew, covers the command: every flag in its list, every word in place."""
    flags = [word for word in argv if word.startswith("-")]
    named = [flag.partition("=")[0] for flag in flags]
    if not set(named) <= set(rule.flags) or not set(rule.required) <= set(named):
        return False
    return len([word for word in argv if not word.startswith("-")]) <= len(rule.command.split())


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(ODD), st.text(max_size=8)), max_size=9))
def test_no_random_command_runs_with_a_flag_outside_its_rule(argv: list[str]) -> None:
    if decide(argv).permission is Permission.ALLOW:
        assert any(legal(rule, argv) for rule in ALLOW_RULES), argv


UNKNOWN = st.one_of(
    st.sampled_from([flag for flag in ODD if flag.startswith("-")]), st.text(min_size=1, max_size=12).map("--".__add__)
)


@given(st.sampled_from(ALLOWED), UNKNOWN, st.integers(1, 9))
def test_one_more_flag_that_no_rule_names_denies_a_legal_command(command: str, extra: str, place: int) -> None:
    assume(extra.partition("=")[0] not in FLAGS)
    argv = command.split()
    argv.insert(place, extra)
    assert decide(argv).permission is not Permission.ALLOW


@given(st.sampled_from([command for command in ASKED if command.startswith("kubectl")]), UNKNOWN, st.integers(1, 6))
def test_one_more_flag_is_nothing_that_a_person_may_approve(command: str, extra: str, place: int) -> None:
    """`--address=0.0.0.0` on a forwarded port would open a pod to the whole network."""
    assume(extra.partition("=")[0] not in FLAGS)
    argv = command.split()
    argv.insert(place, extra)
    assert decide(argv).permission is Permission.DENY


@given(st.sampled_from(ALLOWED), st.sampled_from(ALLOWED))
def test_the_flags_of_one_command_do_not_serve_another(command: str, other: str) -> None:
    argv = [*command.split(), *[word for word in other.split() if word.startswith("-")]]
    if decide(argv).permission is Permission.ALLOW:
        assert any(legal(rule, argv) for rule in ALLOW_RULES)


@given(st.text(max_size=30), st.sampled_from(sorted(SHAPES)))
def test_no_value_that_fits_a_shape_is_a_flag_or_has_a_line_end(text: str, shape: str) -> None:
    if _fits(shape, text):
        assert not text.startswith("-")
        assert "\n" not in text
        assert "\0" not in text


def test_every_rule_says_what_it_is_for_and_proves_itself() -> None:
    assert all(rule.reason and rule.match for rule in _rules())
    assert all(decide(example.split()).permission >= rule.permission for rule in _rules() for example in rule.match)


def test_no_two_examples_disagree() -> None:
    for left, right in itertools.pairwise(ALLOWED + ASKED):
        assert left != right


def test_a_command_is_shown_as_one_short_harmless_line() -> None:
    text = shown(["helm", "get", "values", "x\x1b[31m\n" + "y" * 900])
    assert len(text) <= 160
    assert text.isprintable()
