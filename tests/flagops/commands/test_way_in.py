"""The commands that look at the way in, for every way: with an Ingress of any kind of TLS, and without one."""

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import Result

from flagops.commands.doctor.ingress import certificates, ingress
from flagops.commands.doctor.model import Examination
from flagops.commands.smoke.deployed import place_of
from flagops.commands.status.status import status
from flagops.kubernetes.client import Client
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.refusals import UnknownKindError
from flagops.stacks.deployed import Instance
from flagops.stacks.files import Stack
from tests.components.settings.support import VALID

Run = Callable[..., Result]
ADDRESS = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
TRAEFIK: Manifest = {"kind": "IngressClass", "metadata": {"name": "traefik"}}


class Objects:
    """A client of a cluster that has these objects and no others."""

    def __init__(self, objects: Sequence[Manifest]) -> None:
        self.objects = objects

    def list(self, _api_version: str, kind: str, _namespace: str, **_: str) -> list[Manifest]:
        return [item for item in self.objects if item["kind"] == kind]

    def get(self, ref: Ref) -> Manifest | None:
        found = (item for item in self.objects if item["kind"] == ref.kind and item["metadata"]["name"] == ref.name)
        return next(found, None)


def instance(values: Mapping[str, object], *objects: Manifest, kubeconfig: Path | None = None) -> Instance:
    """A deployed stack with this Ingress in its settings, on a cluster with these objects."""
    config = {f"feature-flags:{key}": value for key, value in {**VALID, "ingress": values}.items()}
    stack = Stack("production", "feature-flags", config, {}, Path("Pulumi.production.yaml"))
    client = cast("Client", Objects(objects))
    return Instance(stack, stack.settings, "cluster", kubeconfig, client, cast("Any", None))


def deployed(
    *, class_name: str | None = "traefik", tls: object = None, status: object = None, **annotations: str
) -> Manifest:
    """The Ingress in the cluster."""
    spec = {"ingressClassName": class_name, "tls": tls}
    return {
        "kind": "Ingress",
        "metadata": {"name": "flagsmith", "annotations": annotations},
        "spec": {key: value for key, value in spec.items() if value is not None},
        "status": status or {},
    }


def rows(place: Instance) -> list[tuple[str, bool]]:
    """What `ff status` says of the way in, and whether that is as it should be."""
    return [(row.kind, row.is_fine) for row in status(place).rows if row.kind in ("Ingress", "Certificate")]


def found(place: Instance) -> list[str]:
    return [finding.name for finding in ingress(Examination(place))]


@pytest.fixture
def nobody_knows_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"className": "alb", "tls": {"from": "upstream"}}, "https://flags.example.com"),
        ({"className": "traefik", "tls": {"from": "controller"}}, "https://flags.example.com"),
        ({"className": "traefik", "tls": {"from": "none"}}, "http://flags.example.com"),
        ({"enabled": False}, "https://flags.example.com"),
        ({"enabled": False, "tls": {"from": "none"}}, "http://flags.example.com"),
    ],
    ids=str,
)
def test_the_smoke_tests_go_where_people_go(values: dict[str, object], url: str) -> None:
    given = {"url": None, "environment": None, "environment_key": None, "version": None}
    with place_of(instance(values), **given, seconds=1) as place:
        assert (place.url, place.public_url) == (url, url)


@pytest.mark.parametrize("tls", [[{"hosts": ["flags.example.com"]}], None], ids=["controller", "upstream"])
def test_a_certificate_that_is_elsewhere_is_not_looked_for_in_a_secret(tls: object) -> None:
    values = {"className": "traefik", "tls": {"from": "controller" if tls else "upstream"}}
    place = instance(values, deployed(tls=tls, status=ADDRESS))
    assert list(certificates(Examination(place), datetime.now(UTC))) == []
    assert rows(place) == [("Ingress", True)]


def test_a_certificate_of_a_secret_that_is_not_there_is_trouble() -> None:
    tls = [{"hosts": ["flags.example.com"], "secretName": "mine"}]
    place = instance({"className": "traefik", "tls": {"from": "secret", "secretName": "mine"}}, deployed(tls=tls))
    assert [finding.name for finding in certificates(Examination(place))] == ["certificate-not-issued"]
    assert rows(place) == [("Ingress", True), ("Certificate", False)]


def test_a_cluster_without_cert_manager_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    tls = [{"hosts": ["flags.example.com"], "secretName": "flagsmith-tls"}]
    place = instance({"className": "traefik", "tls": {"clusterIssuer": "letsencrypt"}}, deployed(tls=tls))
    assert [finding.name for finding in certificates(Examination(place))] == ["certificate-not-issued"]

    def unknown(_: object, api_version: str, kind: str, *__: object, **___: object) -> list[Manifest]:
        if kind == "Certificate":
            raise UnknownKindError(api_version, kind)
        return [deployed(tls=tls)] if kind == "Ingress" else []

    monkeypatch.setattr(Objects, "list", unknown)
    (finding,) = certificates(Examination(place))
    assert finding.name == "cert-manager-missing"
    assert "cert-manager is not installed" in finding.what
    assert "tls.from" in finding.fix


@pytest.mark.parametrize(
    ("values", "live", "classes", "names"),
    [
        ({"className": "traefik"}, deployed(), [], ["ingress-class-missing"]),
        ({"className": "traefik"}, deployed(), [TRAEFIK], ["ingress-without-address"]),
        ({"className": "traefik"}, deployed(status=ADDRESS), [], ["ingress-class-missing"]),
        ({"className": "traefik"}, deployed(status=ADDRESS), [TRAEFIK], ["dns-public"]),
        # The API server writes the default class into a new Ingress; where there was none, the field stays empty.
        ({"defaultClass": True}, deployed(class_name=None), [TRAEFIK], ["ingress-class-missing"]),
        ({"defaultClass": True}, deployed(), [TRAEFIK], ["ingress-without-address"]),
        # GKE has no IngressClass, and serves what names none.
        ({"defaultClass": True}, deployed(class_name=None, status=ADDRESS), [], ["dns-public"]),
        (
            {"className": "gce"},
            deployed(class_name=None, **{"kubernetes.io/ingress.class": "gce"}),
            [],
            ["ingress-without-address"],
        ),
        (
            {"className": "gce"},
            deployed(class_name=None, status=ADDRESS, **{"kubernetes.io/ingress.class": "gce"}),
            [],
            ["dns-public"],
        ),
    ],
)
@pytest.mark.usefixtures("nobody_knows_the_name")
def test_the_doctor_names_what_is_missing_on_the_way(
    values: dict[str, object], live: Manifest, classes: list[Manifest], names: list[str]
) -> None:
    assert found(instance({**values, "tls": {"from": "upstream"}}, live, *classes)) == names


@pytest.mark.usefixtures("nobody_knows_the_name")
def test_without_an_ingress_the_public_name_is_looked_up_all_the_same() -> None:
    assert found(instance({"enabled": False})) == ["dns-public"]
    assert found(instance({"enabled": False}, kubeconfig=Path("kubeconfig"))) == [], (
        "a local cluster has no public name"
    )


def test_open_says_that_a_route_of_one_s_own_leads_to_the_address(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pod: Manifest = {"kind": "Pod", "metadata": {"name": "api", "creationTimestamp": "2026-01-01T00:00:00Z"}}
    pod["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}
    secret = {"kind": "Secret", "metadata": {"name": "flagsmith-admin"}, "data": {"password": "eA=="}}

    @contextmanager
    def opened(_: str, **__: bool) -> Iterator[Instance]:
        yield instance({"enabled": False}, pod, secret)

    monkeypatch.setattr("flagops.commands.pods.command.open_instance", opened)
    shown = run("open", "--stack", "production").stdout
    assert "URL       https://flags.example.com\n" in shown
    assert "The stack has no Ingress: a route of your own leads there." in shown
    assert "`ff port-forward --stack production`" in shown
