"""What kubectl calls a kind: one table, read by the reader, the checklists, lint and the command line."""

import pytest

from agent.errors import UsageError
from agent.kube.names import KINDS as DIAGNOSED
from agent.kube.names import parse
from agent.snapshot.record import Ref
from tools.kinds import BY_NAME, KINDS, UNREAD, kind_called


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("po", "Pod"),
        ("Pod", "Pod"),
        ("pods", "Pod"),
        ("deployments.apps", "Deployment"),
        ("deployment.v1.apps", "Deployment"),
        ("ingresses", "Ingress"),
        ("ingress.networking.k8s.io", "Ingress"),
        ("networkpolicy", "NetworkPolicy"),
        ("storageclass", "StorageClass"),
        ("crds", "CustomResourceDefinition"),
        ("gc", "GatewayClass"),
        ("endpoints", "Endpoints"),
    ],
)
def test_a_word_is_the_kind_kubectl_takes_it_for(word: str, name: str) -> None:
    found = kind_called(word)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("word", ["", "podz", "all", "addons", "pods.metrics.k8s.io", "deployments.extensions", "s"])
def test_a_word_that_means_another_thing_is_no_kind(word: str) -> None:
    """`kubectl get pods.metrics.k8s.io` lists figures; taken for pods, a line would be judged by the wrong list."""
    assert kind_called(word) is None


def test_no_word_means_two_kinds() -> None:
    """A word of two kinds would silently mean the one that stands last."""
    words = [word for kind in (*KINDS, *UNREAD) for word in {kind.name.casefold(), kind.plural, *kind.short}]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("name", DIAGNOSED)
def test_an_object_is_named_by_any_word_for_its_kind(name: str) -> None:
    kind = BY_NAME[name]
    place = "shop" if kind.namespaced else ""
    for word in (kind.name, kind.plural, *kind.short):
        assert parse(f"{word}/web", "shop") == Ref(name, place, "web")


@pytest.mark.parametrize("text", ["web", "pod/", "secret/web", "crd/web", "thing/web"])
def test_what_cannot_be_asked_about_is_said(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text, "shop")
