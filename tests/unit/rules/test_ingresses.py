"""Ingresses, Gateways and routes that lead nowhere, and those that need no help."""

from typing import Any

from agent.diagnose.finding import Severity
from tests.fakes.made import RECENTLY, Raw, condition, endpoints, found, made, modes, running_workload, service
from tests.fakes.remedies import changes

SERVED = {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}


def ingress(*paths: tuple[str, str, Any], status: Raw | None = None, **more: Any) -> Raw:
    meta = {key: more.pop(key) for key in ("annotations", "creationTimestamp") if key in more}
    entries = [
        {"path": path, "pathType": "Prefix", "backend": {"service": {"name": name, "port": _port(port)}}}
        for path, name, port in paths or (("/", "web", 8000),)
    ]
    spec = {"ingressClassName": "nginx", "rules": [{"host": "shop.example.com", "http": {"paths": entries}}]} | more
    return made("Ingress", "shop", spec, status, **meta)


def _port(port: Any) -> Raw:
    return {"name": port} if isinstance(port, str) else {"number": port}


def world(*more: Raw) -> list[Raw]:
    """Return a class, a workload and its Service."""
    return [made("IngressClass", "nginx"), *running_workload("web"), service("web"), endpoints("web"), *more]


def test_an_ingress_with_all_it_needs_is_well() -> None:
    assert found(*world(ingress())) == []
    assert found(*world(ingress(("/", "web", "http")))) == []


def test_a_class_that_does_not_exist_is_near_one_that_does() -> None:
    (finding,) = found(*world(ingress(ingressClassName="ngnix")))
    assert finding.mode.number == 122
    assert changes(finding)[0][2] == "nginx"


def test_no_class_is_a_mistake_only_where_others_name_theirs() -> None:
    unnamed = ingress(ingressClassName=None)
    assert [item.severity for item in found(*world(unnamed))] == [Severity.WARNING]
    assert found(*world(ingress(ingressClassName=None, annotations={"kubernetes.io/ingress.class": "nginx"}))) == []
    default = made("IngressClass", "main", annotations={"ingressclass.kubernetes.io/is-default-class": "true"})
    assert found(*world(default, unnamed)) == []
    assert found(*world(unnamed)[1:]) == [], "a cluster without classes has an older controller, or none"


def test_an_ingress_with_an_address_is_served_whatever_its_class() -> None:
    assert found(*world(ingress(ingressClassName="apisix", status=SERVED))) == []


def test_a_backend_under_its_old_name() -> None:
    (finding,) = found(*world(ingress(("/", "web-app", 8000))))
    assert finding.mode.number == 123
    assert "shop.example.com/ to Service web-app, which does not exist in namespace shop" in finding.cause
    assert "there is one called web" in finding.cause


def test_an_action_of_the_aws_controller_is_no_service() -> None:
    assert found(*world(ingress(("/", "web", 8000), ("/old", "ssl-redirect", "use-annotation")))) == []


def test_a_port_the_service_does_not_offer() -> None:
    (finding,) = found(*world(ingress(("/", "web", 80))))
    assert finding.mode.number == 124
    assert "to port 80 of Service web, which offers only 8000 (http)" in finding.cause
    assert changes(finding)[0][2] == 8000
    assert modes(found(*world(ingress(("/", "web", "https"))))) == [124]


def test_an_external_name_takes_any_port() -> None:
    outside = made("Service", "pay", {"type": "ExternalName", "externalName": "pay.example.com"})
    assert found(*world(outside, ingress(("/", "web", 8000), ("/pay", "pay", 443)))) == []


def test_a_path_that_changes_nothing_while_its_service_gets_nothing() -> None:
    api = [*running_workload("api"), service("api"), endpoints("api")]
    (finding,) = found(*world(*api, ingress(("/", "web", 8000), ("/api", "web", 8000))))
    assert (finding.mode.number, finding.severity) == (125, Severity.WARNING)
    assert found(*world(*api, ingress(("/api", "web", 8000)))) == [], "the frontend may pass requests on"
    assert found(*world(*api, ingress(("/", "web", 8000), ("/api", "api", 8000)))) == []


def test_a_certificate_nobody_issued() -> None:
    tls = [{"hosts": ["shop.example.com"], "secretName": "shop-tls"}]
    (finding,) = found(*world(ingress(tls=tls)))
    assert (finding.mode.number, finding.severity) == (126, Severity.ERROR)
    secret = made("Secret", "shop-tls") | {"type": "kubernetes.io/tls", "keys": 2}
    assert found(*world(ingress(tls=tls), secret)) == []
    assert modes(found(*world(ingress(tls=tls), secret | {"keys": 0}))) == [126]
    asked = {"cert-manager.io/cluster-issuer": "letsencrypt"}
    assert found(*world(ingress(tls=tls, annotations=asked, creationTimestamp=RECENTLY))) == []
    assert found(*world(ingress(tls=[{"hosts": ["shop.example.com"]}]))) == [], "the controller's own certificate"


def gateway(*conditions: Raw, name: str = "public") -> Raw:
    return made("Gateway", name, {"gatewayClassName": "envoy"}, {"conditions": list(conditions)})


def route(*conditions: Raw, backend: Raw | None = None, parent: str = "public") -> Raw:
    spec = {"parentRefs": [{"name": parent}], "rules": [{"backendRefs": [backend or {"name": "web", "port": 8000}]}]}
    return made("HTTPRoute", "shop", spec, {"parents": [{"conditions": list(conditions)}]})


ENVOY = made("GatewayClass", "envoy")
"""Gateway API kinds are not among those every test's snapshot knows whole: the cluster may not serve them."""


def test_routes_and_gateways_that_are_accepted_are_well() -> None:
    good = [condition("Accepted", "True"), condition("ResolvedRefs", "True")]
    assert found(*world(ENVOY, gateway(condition("Programmed", "True")), route(*good))) == []


def test_a_gateway_its_controller_refuses() -> None:
    refused = condition("Accepted", "False", "UnsupportedAddress", "no such address", observedGeneration=1)
    (finding,) = found(*world(ENVOY, gateway(refused)))
    assert finding.mode.number == 127
    assert "is not accepted by its controller (UnsupportedAddress: no such address)" in finding.cause


def test_a_gateway_nobody_looked_at_yet_may_be_accepted() -> None:
    young = condition("Accepted", "Unknown", "Pending", "Waiting for controller", RECENTLY)
    old = condition("Programmed", "False", "Invalid", "of an older generation", observedGeneration=0)
    assert found(*world(ENVOY, gateway(young, old))) == []


def test_a_route_to_a_service_or_port_that_is_not_there() -> None:
    (missing,) = found(*world(ENVOY, gateway(), route(backend={"name": "webb", "port": 8000})))
    assert "sends to Service webb, which does not exist in namespace shop (there is one called web)" in missing.cause
    (port,) = found(*world(ENVOY, gateway(), route(backend={"name": "web", "port": 80})))
    assert "sends to port 80 of Service web, which offers only 8000" in port.cause


def test_a_route_its_gateway_refuses() -> None:
    refused = condition("Accepted", "False", "NotAllowedByListeners", "namespace shop is not allowed")
    (finding,) = found(*world(ENVOY, gateway(), route(refused)))
    assert "NotAllowedByListeners: namespace shop is not allowed" in finding.cause
