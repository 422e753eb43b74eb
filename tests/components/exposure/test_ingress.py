"""The Ingress as it is rendered: its class, its TLS, and that address, cookies and policies say the same."""

from typing import Any, get_args

import pytest

from components.kit import names
from components.settings.tls import TLS_ANNOTATION, TlsSource
from flagops.evaluation.policy_objects import of_program
from flagops.evaluation.policy_review import rules
from policies.check import check
from policies.model import Enforcement
from policies.rules.ingress import ENDED_BY
from tests.recording import Recording, environment, record

HOST = "flags.footanalytics.com"
TLS: dict[str, dict[str, str]] = {
    "issuer": {"from": "issuer", "issuer": "own"},
    "secret": {"from": "secret", "secretName": "certificate"},
    "controller": {"from": "controller"},
    "upstream": {"from": "upstream"},
    "none": {"from": "none"},
}
ENTRIES: dict[str, Any] = {
    "issuer": [{"hosts": [HOST], "secretName": "flagsmith-tls"}],
    "secret": [{"hosts": [HOST], "secretName": "certificate"}],
    "controller": [{"hosts": [HOST]}],
    "upstream": None,
    "none": None,
}


def stack(ingress: dict[str, Any], *, production: bool = True) -> Recording:
    return record("production", {"ingress": ingress, "production": production})


def broken(recording: Recording, *, production: bool) -> list[str]:
    """The mandatory rules of the policy that the stack breaks."""
    found = check(of_program(recording.program, production=production), rules())
    return [item.rule.id for item in found.of(Enforcement.MANDATORY)]


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("source", [None, *get_args(TlsSource)])
def test_address_cookies_origins_and_manifest_agree(source: str | None, *, enabled: bool) -> None:
    if source is None and enabled:
        return  # refused by the settings
    production = source != "none"
    tls = {} if source is None else TLS[source]
    recording = stack({"enabled": enabled, "className": "traefik", "tls": tls}, production=production)
    url = f"{'http' if source == 'none' else 'https'}://{HOST}"
    assert recording.program.outputs["url"] == url
    for name in ("flagsmith", "flagsmith-task-processor"):
        env = environment(recording.one("Deployment", name)["spec"]["template"])
        assert env["FLAGSMITH_API_URL"] == env["FLAGSMITH_FRONTEND_URL"] == url
        assert env["DJANGO_CSRF_TRUSTED_ORIGINS"] == f"{url},http://localhost:8000"
        assert env["USE_SECURE_COOKIES"] == str(source != "none")
        assert HOST in env["DJANGO_ALLOWED_HOSTS"].split(",")
    for rule in recording.all("PrometheusRule"):
        alerts = [item["alert"] for group in rule["spec"]["groups"] for item in group["rules"]]
        assert ("FlagsmithCertificateEnds" in alerts) is (enabled and source == "issuer")
    assert broken(recording, production=production) == []
    if not enabled:
        assert recording.all("Ingress") == []
        return
    ingress = recording.one("Ingress", "flagsmith")
    assert source is not None
    assert ingress["spec"].get("tls") == ENTRIES[source]
    annotations = ingress["metadata"].get("annotations", {})
    assert annotations.get("cert-manager.io/issuer") == ("own" if source == "issuer" else None)
    assert annotations.get(TLS_ANNOTATION) == (source if source in ("controller", "upstream") else None)


def test_without_its_statement_an_ingress_without_certificate_breaks_the_policy() -> None:
    assert ENDED_BY == TLS_ANNOTATION
    for source in ("controller", "upstream"):
        recording = stack({"className": "traefik", "tls": TLS[source]})
        del recording.one("Ingress", "flagsmith")["metadata"]["annotations"][TLS_ANNOTATION]
        assert broken(recording, production=True) == ["ingress-tls"]


@pytest.mark.parametrize(
    ("values", "field", "annotation"),
    [
        ({"className": "traefik"}, "traefik", None),
        ({"defaultClass": True}, None, None),
        ({"className": "gce"}, None, "gce"),
        ({"className": "gce-internal"}, None, "gce-internal"),
        ({"className": "gce", "annotations": {"kubernetes.io/ingress.class": "gce"}}, None, "gce"),
    ],
    ids=str,
)
def test_a_class_is_written_where_its_controller_reads_it_and_never_twice(
    values: dict[str, Any], field: str | None, annotation: str | None
) -> None:
    ingress = stack({**values, "tls": TLS["upstream"]}).one("Ingress", "flagsmith")
    assert ingress["spec"].get("ingressClassName") == field
    assert ingress["metadata"]["annotations"].get("kubernetes.io/ingress.class") == annotation


def test_a_gateway_of_one_s_own_is_let_in_as_an_ingress_controller_is() -> None:
    recording = record("production", {"ingress": {"enabled": False}, "networkPolicy": {"ingressNamespace": "edge"}})
    (policy,) = (item for item in recording.all("NetworkPolicy") if item["metadata"]["name"] == "flagsmith-api")
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "edge"}}}
    (rule,) = (rule for rule in policy["spec"]["ingress"] if peer in rule["from"])
    assert names.API_PORT in [port["port"] for port in rule["ports"]]
