"""`ff doctor` on a Gateway and its routes, by the conditions that controllers write."""

import socket
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from flagops.commands.doctor.gateway import gateway
from flagops.commands.doctor.ingress import certificates, ingress
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.commands.status.status import status
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import assess
from flagops.kubernetes.refusals import UnknownKindError
from flagops.stacks.deployed import Instance
from tests.components.settings.test_gateway import OWN, SHARED
from tests.flagops.commands.gateways import (
    ACCEPTED,
    CLASS,
    IN_SERVICE,
    OF_OWN,
    PARENT,
    accepted,
    instance,
    made,
    route,
    said,
)
from tests.flagops.commands.test_way_in import Objects

NETWORK = {"enabled": True, "gatewayNamespace": "gateways", "gatewayPodLabels": {"app": "envoy"}}
POD: Manifest = {"kind": "Pod", "metadata": {"name": "envoy"}, "status": {"phase": "Running"}}


class Unserved(Objects):
    """A cluster that does not know the Gateway API."""

    def list(self, _api_version: str, kind: str, _namespace: str, **_: str) -> list[Manifest]:
        if _api_version.startswith("gateway."):
            raise UnknownKindError(_api_version, kind)
        return super().list(_api_version, kind, _namespace)


def found(place: Instance) -> list[DoctorFinding]:
    return list(gateway(Examination(place)))


@pytest.fixture(autouse=True)
def the_name_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [])


def at_shared(*conditions: Mapping[str, Any], **more: Any) -> Instance:
    return instance(SHARED, accepted(CLASS), IN_SERVICE, route(PARENT, *conditions, **more))


def test_a_gateway_in_service_is_well() -> None:
    assert found(at_shared(*ACCEPTED)) == []
    own = instance(OWN, accepted(CLASS), made("flagsmith", said("Programmed")), route(OF_OWN, *ACCEPTED))
    assert found(own) == []
    assert found(instance({})) == [], "a stack without one"


@pytest.mark.parametrize(
    ("refused", "name", "words"),
    [
        (said("Accepted", "False", "NotAllowedByListeners"), "route-not-allowed", ("feature-flags", "allowedRoutes")),
        (said("Accepted", "False", "NoMatchingListenerHostname"), "route-hostname", ("flags.example.com", "hostname")),
        (said("Accepted", "False", "NoMatchingParent"), "route-parent", ("no such listener", "gateway.parentRefs")),
        (said("ResolvedRefs", "False", "RefNotPermitted"), "route-reference", ("another namespace", "ReferenceGrant")),
        (said("ResolvedRefs", "False", "BackendNotFound"), "route-backend", ("Service", "ff up --stack production")),
        (said("Accepted", "False", "UnsupportedValue"), "route-refused", ("does not take", "describe httproute")),
        (said("Accepted", "Unknown", "Pending"), "route-refused", ("does not take", "describe httproute")),
    ],
    ids=lambda value: str(value.get("reason")) if isinstance(value, dict) else None,
)
def test_the_doctor_names_why_a_route_is_not_taken_and_what_to_do(
    refused: Mapping[str, Any], name: str, words: Sequence[str]
) -> None:
    other = next(item for item in ACCEPTED if item["type"] != refused["type"])
    (finding,) = found(at_shared(refused, other))
    assert finding.name == name
    assert "gateways/shared, listener https" in finding.what
    assert words[0] in finding.what
    assert words[1] in finding.fix
    assert finding.evidence == (
        f"HTTPRoute flagsmith: {refused['type']} is {refused['status']}: {refused['reason']}: about {refused['type']}",
    )


def test_only_our_own_parent_counts_and_the_route_as_it_is_now() -> None:
    refused = said("Accepted", "False", "NoMatchingParent")
    stranger = {"parentRef": {**PARENT, "name": "old"}, "conditions": [refused]}
    elsewhere = {"parentRef": {**PARENT, "namespace": "feature-flags"}, "conditions": [refused]}
    beside = {"parentRef": {**PARENT, "sectionName": "http"}, "conditions": [refused]}
    assert found(at_shared(*ACCEPTED, others=[stranger, elsewhere, beside])) == []
    (unseen,) = found(at_shared(*ACCEPTED, of={**PARENT, "name": "old"}))
    assert unseen.name == "route-unseen"
    stale = [{**item, "observedGeneration": 1} for item in ACCEPTED]
    assert [finding.name for finding in found(at_shared(*stale))] == ["route-unseen"]


@pytest.mark.parametrize(
    ("classes", "name", "words"),
    [
        ([], "gateway-class-missing", "the cluster has: none"),
        ([accepted(CLASS, "Unknown", "Pending")], "gateway-class-without-controller", "gateway.envoyproxy.io/control"),
        ([CLASS], "gateway-class-without-controller", "gateway.envoyproxy.io/control"),
        ([accepted(CLASS, "False", "InvalidParameters")], "gateway-class-refused", "InvalidParameters"),
    ],
    ids=["missing", "pending", "unseen", "refused"],
)
@pytest.mark.parametrize("settings", [OWN, SHARED], ids=["own", "shared"])
def test_a_class_that_nobody_serves_is_the_only_thing_told(
    settings: Mapping[str, Any], classes: list[Manifest], name: str, words: str
) -> None:
    live = made("flagsmith") if settings is OWN else made("shared", namespace="gateways")
    (finding,) = found(instance(settings, *classes, live, route(PARENT)))
    assert finding.name == name
    assert any(words in line for line in finding.evidence)


def test_a_gateway_that_is_not_there_or_not_in_service_is_told_with_its_listeners() -> None:
    (missing,) = found(instance(SHARED, accepted(CLASS), route(PARENT)))
    assert (missing.name, missing.what) == ("gateway-missing", "There is no Gateway gateways/shared.")
    listeners = [
        {
            "name": "https",
            "conditions": [said("ResolvedRefs", "False", "InvalidCertificateRef"), said("Conflicted", "False")],
        },
        {"name": "http", "conditions": [said("Conflicted", "True", "HostnameConflict"), said("Programmed")]},
    ]
    pending = said("Programmed", "False", "AddressNotAssigned")
    live = made("flagsmith", said("Accepted"), pending, listeners=listeners)
    (finding,) = found(instance(OWN, accepted(CLASS), live, route(OF_OWN, *ACCEPTED)))
    assert finding.name == "gateway-not-programmed"
    told = "\n".join(finding.evidence)
    assert "Programmed is False: AddressNotAssigned" in told
    assert "listener https: ResolvedRefs is False: InvalidCertificateRef" in told
    assert "listener http: Conflicted is True: HostnameConflict" in told
    assert told.count("listener") == 2


def test_a_gateway_that_is_refused_as_traefik_refuses_it_is_told_by_that_reason() -> None:
    """Seen with Traefik 3.7.9, for a Secret that is not there: nothing is said about Programmed."""
    live = made("flagsmith", said("Accepted", "False", "ListenersNotValid"))
    place = instance(OWN, accepted(CLASS), live, route(OF_OWN, said("Accepted", "False", "NoMatchingParent")))
    (finding,) = found(place)
    assert finding.evidence == ("Accepted is False: ListenersNotValid: about Accepted",)
    (row,) = (row for row in status(place).rows if row.kind == "Gateway")
    assert (row.state, row.is_fine) == ("no address, ListenersNotValid", False)
    assert assess(live).message == "ListenersNotValid: about Accepted"


def test_a_cluster_without_the_gateway_api_is_told_so() -> None:
    place = instance(SHARED, known=Unserved)
    assert [finding.name for finding in found(place)] == ["gateway-api-missing"]
    assert [(row.kind, row.is_fine) for row in status(place).rows if row.kind == "HTTPRoute"] == [("HTTPRoute", False)]


def test_policies_that_let_in_nobody_are_told() -> None:
    cut_off = instance(SHARED, accepted(CLASS), IN_SERVICE, route(PARENT, *ACCEPTED), networkPolicy=NETWORK)
    (finding,) = found(cut_off)
    assert finding.name == "gateway-cut-off"
    assert finding.evidence == ("no pod runs in the namespace gateways with the labels app=envoy",)
    let_in = instance(SHARED, accepted(CLASS), IN_SERVICE, route(PARENT, *ACCEPTED), POD, networkPolicy=NETWORK)
    assert found(let_in) == []
    by_address = {"enabled": True, "gatewayCidrs": ["10.129.0.0/23"]}
    assert (
        found(instance(SHARED, IN_SERVICE, accepted(CLASS), route(PARENT, *ACCEPTED), networkPolicy=by_address)) == []
    )


def test_the_name_is_looked_up_once_for_whichever_way_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    place = at_shared(*ACCEPTED)
    (finding,) = found(place)
    assert finding.name == "dns-public"
    assert "get gateway " in finding.fix
    assert list(ingress(Examination(place))) == []


def test_the_certificate_of_the_stack_s_own_gateway_is_looked_at() -> None:
    place = instance(OWN, accepted(CLASS), made("flagsmith", said("Programmed")), route(OF_OWN, *ACCEPTED))
    (finding,) = certificates(Examination(place))
    assert (finding.name, "flagsmith-gateway-tls" in finding.what) == ("certificate-not-issued", True)
    rows = [(row.kind, row.name) for row in status(place).rows if row.kind == "Certificate"]
    assert rows == [("Certificate", "flagsmith-gateway-tls")]
