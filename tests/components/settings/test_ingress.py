"""The way in: its class, where TLS ends, what follows for the address, and the old forms."""

from typing import Any, get_args

import pytest
import yaml

from components.settings import Settings, SettingsError, parse, warnings
from components.settings.tls import TlsSource
from tests.components.settings.support import VALID, refusal, settings

PRODUCTION: dict[str, Any] = {"production": True, "protect": True}
# How each source is written in full.
WRITTEN: dict[str, dict[str, str]] = {
    "issuer": {"from": "issuer", "clusterIssuer": "letsencrypt"},
    "secret": {"from": "secret", "secretName": "certificate"},
    "controller": {"from": "controller"},
    "upstream": {"from": "upstream"},
    "none": {"from": "none"},
}


def ingress(**values: Any) -> Settings:
    """The settings of a stack with this Ingress, of the class traefik unless it says otherwise."""
    return settings(ingress={"className": "traefik", **values})


def refused(**values: Any) -> str:
    """The one line that refuses such a stack."""
    (line,) = refusal(ingress={"className": "traefik", **values})
    return line


def test_every_source_of_tls_is_tried_here() -> None:
    assert set(WRITTEN) == set(get_args(TlsSource))


# The class.


def test_without_an_ingress_section_the_lines_to_write_are_named() -> None:
    values = {key: value for key, value in VALID.items() if key != "ingress"}
    with pytest.raises(SettingsError) as caught:
        parse(values)
    by_class, by_tls = caught.value.lines
    assert by_class.startswith("feature-flags:ingress.className: is required")
    for way in ("`className: NAME`", "`kubectl get ingressclass`", "`defaultClass: true`", "`enabled: false`"):
        assert way in by_class
    assert by_tls.startswith("feature-flags:ingress.tls: must say where TLS ends")
    for source in get_args(TlsSource):
        assert f"from: {source}" in by_tls


def test_a_class_is_named_or_left_to_the_cluster_and_not_both() -> None:
    tls = WRITTEN["issuer"]
    (line,) = refusal(ingress={"tls": tls})
    assert line.startswith("feature-flags:ingress.className: is required")
    assert settings(ingress={"defaultClass": True, "tls": tls}).ingress.class_name is None
    assert refused(defaultClass=True, tls=tls).startswith("feature-flags:ingress.defaultClass = true: contradicts")
    assert settings(ingress={"enabled": False}).ingress.class_name is None


def test_no_class_and_no_namespace_is_anybody_s_default() -> None:
    found = settings(ingress={"enabled": False}, networkPolicy={})
    assert (found.ingress.class_name, found.ingress.default_class) == (None, False)
    assert found.network_policy.ways_in == ()


# Where TLS ends.


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("source", [None, *WRITTEN])
def test_the_address_is_https_unless_there_is_no_tls_at_all(source: str | None, *, enabled: bool) -> None:
    if source is None and enabled:
        assert refused().startswith("feature-flags:ingress.tls: must say where TLS ends")
        return
    found = ingress(enabled=enabled, tls={} if source is None else WRITTEN[source])
    scheme = "http" if source == "none" else "https"
    assert found.url == f"{scheme}://flags.example.com"
    assert found.ingress.issued is (enabled and source == "issuer")
    names = {"issuer": "flagsmith-tls", "secret": "certificate"}
    assert found.tls_secret_name == (names.get(source or "") if enabled else None)


@pytest.mark.parametrize(
    ("tls", "key", "says"),
    [
        ({"from": "issuer"}, "from", "needs the name of the issuer: set clusterIssuer or issuer"),
        ({"from": "secret"}, "from", "needs the name of the Secret: set secretName"),
        ({"from": "issuer", "secretName": "a"}, "from", "needs the name of the issuer"),
        ({"from": "issuer", "secretName": "a"}, "secretName", "goes with ingress.tls.from secret, and that is issuer"),
        ({"from": "upstream", "issuer": "a"}, "issuer", "goes with ingress.tls.from issuer, and that is upstream"),
        ({"from": "controller", "secretName": "a"}, "secretName", "goes with ingress.tls.from secret"),
        ({"from": "none", "clusterIssuer": "a"}, "clusterIssuer", "goes with ingress.tls.from issuer"),
        ({"from": "issuer", "clusterIssuer": "a", "issuer": "b"}, "issuer", "exactly one of"),
        ({"from": "upstream", "enabled": True}, "enabled", "is the old form of ingress.tls.from"),
        ({"from": "upstream", "enabled": "false"}, "enabled", "is the old form of ingress.tls.from"),
        ({"from": "loadbalancer"}, "from", "must be one of issuer, secret, controller, upstream, none"),
        ({"clusterIssuer": "a", "issuer": "b"}, "issuer", "exactly one of"),
        ({"issuer": "a", "secretName": "b"}, "secretName", "exactly one of"),
        ({"enabled": "false", "issuer": "a"}, "issuer", "and ingress.tls.enabled is false: remove one of the two"),
    ],
    ids=str,
)
def test_what_does_not_go_with_the_source_is_refused(tls: dict[str, Any], key: str, says: str) -> None:
    lines = refusal(ingress={"className": "traefik", "tls": tls})
    assert any(line.startswith(f"feature-flags:ingress.tls.{key}") and says in line for line in lines), lines


@pytest.mark.parametrize(
    ("annotation", "key"),
    [
        ("cert-manager.io/issuer", "ingress.tls.issuer"),
        ("feature-flags/tls", "ingress.tls.from"),
    ],
)
def test_an_annotation_of_the_program_is_refused_with_its_setting(annotation: str, key: str) -> None:
    line = refused(tls=WRITTEN["upstream"], annotations={annotation: "b"})
    assert line == f"feature-flags:ingress.annotations.{annotation}: is set by the program: use {key} in its place"


def test_gke_s_class_may_be_written_into_its_annotation_too() -> None:
    annotations = {"kubernetes.io/ingress.class": "gce"}
    assert ingress(className="gce", tls=WRITTEN["upstream"], annotations=annotations).ingress.class_name == "gce"
    assert "takes one of both" in refused(className="gce-internal", tls=WRITTEN["none"], annotations=annotations)


# Old forms go on working, with what to write in their place.


@pytest.mark.parametrize(
    ("tls", "now", "written"),
    [
        ({"clusterIssuer": "letsencrypt"}, "issuer", "`tls: {from: issuer, clusterIssuer: letsencrypt}`"),
        ({"issuer": "own"}, "issuer", "`tls: {from: issuer, issuer: own}`"),
        ({"secretName": "cert"}, "secret", "`tls: {from: secret, secretName: cert}`"),
        ({"enabled": True, "secretName": "cert"}, "secret", "`tls: {from: secret, secretName: cert}`"),
        ({"enabled": False}, "none", "`tls: {from: upstream}`"),
    ],
    ids=str,
)
def test_an_old_form_means_what_it_did_and_says_what_to_write(tls: dict[str, Any], now: str, written: str) -> None:
    found = ingress(tls=tls)
    assert found.ingress.tls_from == now
    assert found.url.startswith("http://" if now == "none" else "https://")
    (warning,) = warnings(found)
    assert written in warning
    new = yaml.safe_load(written.strip("`"))
    assert list(warnings(ingress(**new))) == []


def test_no_tls_is_warned_about_but_on_this_machine() -> None:
    (warning,) = warnings(ingress(tls=WRITTEN["none"]))
    assert warning.startswith("ingress.tls.from is none: passwords and keys cross the network unencrypted")
    assert list(warnings(settings(host="flags.localhost", ingress={"className": "a", "tls": WRITTEN["none"]}))) == []
    for source in set(WRITTEN) - {"none"}:
        assert list(warnings(ingress(tls=WRITTEN[source]))) == []


AWS = {
    "alb.ingress.kubernetes.io/target-type": "ip",
    "alb.ingress.kubernetes.io/certificate-arn": "arn:aws:acm:eu-west-1:111122223333:certificate/abc",
}
GOOGLE = {"kubernetes.io/ingress.class": "gce", "networking.gke.io/managed-certificates": "flags"}


@pytest.mark.parametrize(("class_name", "annotations"), [("alb", AWS), ("gce", GOOGLE)])
def test_a_load_balancer_s_certificate_in_the_old_form_is_pointed_out(
    class_name: str, annotations: dict[str, str]
) -> None:
    (warning,) = warnings(ingress(className=class_name, annotations=annotations, tls={"enabled": False}))
    certificate = next(key for key in annotations if "certificate" in key)
    assert (
        f"`tls: {{from: upstream}}` where TLS ends before the Ingress, as the annotation {certificate} says" in warning
    )
    new = ingress(className=class_name, annotations=annotations, tls=WRITTEN["upstream"])
    assert (new.url, list(warnings(new))) == ("https://flags.example.com", [])


# The policies' side: who leads here.


@pytest.mark.parametrize(
    ("class_name", "hint"),
    [
        ("traefik", "`ingressNamespace: traefik`"),
        ("haproxy", "`ingressNamespace: haproxy-controller`"),
        ("alb", "`ingressCidrs: [NETWORK, …]` with the subnets"),
        ("gce", "`ingressCidrs: [35.191.0.0/16, 130.211.0.0/22]`"),
        ("of-our-own", "`ingressNamespace: NAME`"),
    ],
)
def test_with_policies_who_leads_here_is_named_or_refused_with_the_line_to_write(class_name: str, hint: str) -> None:
    values = {**PRODUCTION, "ingress": {"className": class_name, "tls": WRITTEN["upstream"]}}
    (line,) = refusal(**values, networkPolicy={})
    assert line.startswith("feature-flags:networkPolicy.ingressNamespace: is required with network policies")
    assert hint in line
    assert "`ingressNamespace: NAME`" in line
    assert "`ingressCidrs: [NETWORK, …]`" in line
    for way_in in ({"ingressNamespace": "edge"}, {"ingressCidrs": ["10.0.0.0/20"]}):
        assert settings(**values, networkPolicy=way_in).network_policy.ways_in
    assert not settings(**{**values, "networkPolicy": {"enabled": False}}).isolated


def test_a_route_of_one_s_own_is_asked_for_where_it_comes_from_when_the_stack_says_that_there_is_one() -> None:
    upstream = {"enabled": False, "tls": WRITTEN["upstream"]}
    (line,) = refusal(**PRODUCTION, ingress=upstream, networkPolicy={})
    assert line.startswith("feature-flags:networkPolicy.ingressNamespace: is required")
    for network, count in (({}, 1), ({"ingressNamespace": "edge"}, 0)):
        found = settings(**PRODUCTION, ingress={"enabled": False}, networkPolicy=network)
        sign = "networkPolicy.ingressNamespace is not set, and there is no Ingress: only"
        assert len([warning for warning in warnings(found) if warning.startswith(sign)]) == count


def test_labels_of_pods_go_with_a_namespace() -> None:
    (line,) = refusal(networkPolicy={"ingressPodLabels": {"app": "traefik"}})
    assert line.startswith("feature-flags:networkPolicy.ingressPodLabels: goes with networkPolicy.ingressNamespace")


# The controller that gets no fixes.


@pytest.mark.parametrize(
    ("values", "sign"),
    [
        ({"ingress": {"className": "nginx"}}, "ingress.className nginx"),
        (
            {"ingress": {"className": "edge", "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "1m"}}},
            "nginx.ingress.kubernetes.io/proxy-body-size",
        ),
        (
            {"ingress": {"className": "edge"}, "networkPolicy": {"ingressNamespace": "ingress-nginx"}},
            "networkPolicy.ingressNamespace ingress-nginx",
        ),
    ],
)
def test_a_retired_controller_is_warned_about_with_what_to_do(values: dict[str, Any], sign: str) -> None:
    values["ingress"]["tls"] = WRITTEN["controller"]
    (warning,) = warnings(settings(**values))
    assert warning.startswith(f"{sign}: ingress-nginx was retired in March 2026")
    for step in (
        "Install a maintained one",
        "docs/ingress.md",
        "ingress.className",
        "ingressNamespace",
        "`ff up`",
    ):
        assert step in warning


def test_f5_s_controller_is_none_of_these() -> None:
    annotations = {"nginx.org/client-max-body-size": "1m"}
    assert list(warnings(ingress(className="nginx", tls=WRITTEN["controller"], annotations=annotations))) == []
    assert list(warnings(ingress(className="nginx-f5", tls=WRITTEN["controller"]))) == []
    assert list(warnings(settings(ingress={"enabled": False, "className": "nginx"}))) == []
