"""More names than one, and classes that a controller reads in an annotation alone."""

from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from flagops.commands.smoke import published
from flagops.commands.smoke.in_time import Deadline
from flagops.commands.smoke.model import CheckFailedError, CheckSkippedError, SmokeTarget
from flagops.commands.smoke.visit import Visit
from policies.model import Object, Objects
from policies.rules.ingress import RULES
from tests.components.settings.support import refusal, settings
from tests.recording import environment, record
from tests.scanners.rendered import API_VERSIONS

CLASS = "kubernetes.io/ingress.class"
PUBLIC, INTERNAL = "flags.example.com", "flags.corp.internal"
NAMED: dict[str, Any] = {"host": PUBLIC, "additionalHosts": [INTERNAL]}
ISSUER = {"from": "issuer", "clusterIssuer": "letsencrypt"}


def test_every_name_has_the_same_paths_and_is_in_the_certificate() -> None:
    (ingress,) = record("staging", {**NAMED, "ingress": {"className": "traefik", "tls": ISSUER}}).all("Ingress")
    rules = ingress["spec"]["rules"]
    assert [rule["host"] for rule in rules] == [PUBLIC, INTERNAL]
    assert rules[0]["http"] == rules[1]["http"]
    assert ingress["spec"]["tls"] == [{"hosts": [PUBLIC, INTERNAL], "secretName": "flagsmith-tls"}]
    found = Objects((Object(ingress),))
    assert [finding for rule in RULES for finding in rule.check(found)] == []


def test_flagsmith_answers_every_name_and_calls_itself_by_the_public_one() -> None:
    env = environment(record("staging", NAMED).one("Deployment", "flagsmith")["spec"]["template"])
    assert env["DJANGO_ALLOWED_HOSTS"].split(",")[:2] == [PUBLIC, INTERNAL]
    assert env["DJANGO_CSRF_TRUSTED_ORIGINS"].split(",")[:2] == [f"https://{PUBLIC}", f"https://{INTERNAL}"]
    assert {env[name] for name in ("FLAGSMITH_API_URL", "FLAGSMITH_FRONTEND_URL")} == {f"https://{PUBLIC}"}
    assert env["FLAGSMITH_DOMAIN"] == PUBLIC


def test_a_gateway_has_listeners_for_every_name_and_the_routes_are_attached_to_each() -> None:
    gateway = {"enabled": True, "className": "envoy", "tls": ISSUER}
    more = {"ingress": {"enabled": False}, "gateway": gateway, "apiVersions": list(API_VERSIONS)}
    found = record("staging", {**NAMED, **more})
    (own,) = found.all("Gateway")
    listeners = {item["name"]: item for item in own["spec"]["listeners"]}
    assert {name: item["hostname"] for name, item in listeners.items()} == {
        "http": PUBLIC,
        "https": PUBLIC,
        "http-2": INTERNAL,
        "https-2": INTERNAL,
    }
    assert {listeners[name]["tls"]["certificateRefs"][0]["name"] for name in ("https", "https-2")} == {
        "flagsmith-gateway-tls"
    }
    for route, wanted in (("flagsmith", ["https", "https-2"]), ("flagsmith-redirect", ["http", "http-2"])):
        spec = found.one("HTTPRoute", route)["spec"]
        assert spec["hostnames"] == [PUBLIC, INTERNAL]
        assert [parent["sectionName"] for parent in spec["parentRefs"]] == wanted


def test_one_name_renders_as_before() -> None:
    gateway = {"enabled": True, "className": "envoy", "tls": ISSUER}
    found = record("staging", {"gateway": gateway, "apiVersions": list(API_VERSIONS)})
    assert [item["name"] for item in found.all("Gateway")[0]["spec"]["listeners"]] == ["http", "https"]
    assert len(found.all("Ingress")[0]["spec"]["rules"]) == 1


def test_a_name_twice_and_what_is_no_name_are_refused() -> None:
    for index, hosts in ((0, ["flags.example.com"]), (1, ["a.example.com", "a.example.com"])):
        lines = refusal(additionalHosts=hosts)
        assert any(f"additionalHosts[{index}]" in line and "is a name of this stack already" in line for line in lines)
    (line,) = refusal(additionalHosts=["https://a.example.com"])
    assert "leave out the scheme" in line


def test_a_controller_that_reads_the_annotation_alone_is_named_there() -> None:
    tls = {"from": "upstream"}
    ingress = {"annotations": {CLASS: "gce-internal"}, "tls": tls}
    (made,) = record("staging", {"ingress": ingress}).all("Ingress")
    assert made["metadata"]["annotations"][CLASS] == "gce-internal"
    assert "ingressClassName" not in made["spec"]
    # GKE's classes are no objects of the cluster: the field is written into the annotation, with either of the two.
    for stated in ({}, {"annotations": {CLASS: "gce"}}):
        (made,) = record("staging", {"ingress": {"className": "gce", "tls": tls, **stated}}).all("Ingress")
        assert made["metadata"]["annotations"][CLASS] == "gce"
        assert "ingressClassName" not in made["spec"]


def test_a_class_in_both_is_refused_as_kubernetes_does() -> None:
    tls = {"from": "upstream"}
    (line,) = refusal(ingress={"className": "traefik", "annotations": {CLASS: "traefik"}, "tls": tls})
    assert "Kubernetes takes one of both" in line
    (line,) = refusal(ingress={"defaultClass": True, "annotations": {CLASS: "x"}, "tls": tls})
    assert "remove one of the two" in line
    (line,) = refusal(ingress={"tls": tls})
    assert CLASS in line
    assert settings(ingress={"annotations": {CLASS: "x"}, "tls": tls}).ingress.class_name is None


@pytest.mark.parametrize("status", [200, 400, 404])
def test_smoke_asks_each_further_name(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answered(url: httpx.URL, _: dict[str, str]) -> httpx.Response:
        asked.append(str(url))
        return httpx.Response(status)

    monkeypatch.setattr(published, "_asked", answered)
    visit = visiting(INTERNAL)
    if status == 200:
        assert published.further_names(visit) == INTERNAL
    else:
        with pytest.raises(CheckFailedError, match=f"is answered with status {status}"):
            published.further_names(visit)
    assert asked == [f"https://{INTERNAL}/health/liveness/"]
    with pytest.raises(CheckSkippedError):
        published.further_names(visiting())


def visiting(*further: str) -> Visit:
    place = SmokeTarget(url=f"https://{PUBLIC}", public_url=f"https://{PUBLIC}", further=further)
    return cast("Visit", SimpleNamespace(place=place, deadline=Deadline(9)))
