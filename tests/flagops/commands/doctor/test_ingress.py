"""An Ingress that nobody serves, and its certificate. What the settings say of waiting for it is not deployed."""

from datetime import UTC, datetime, timedelta

import pytest

from flagops.kubernetes.objects import Manifest, Ref
from flagops.stacks import target
from flagops.stacks.deployed import Instance
from flagops.stacks.target import StackTarget
from tests.certificates import tls_secret
from tests.containers import NAMESPACE
from tests.flagops.commands.doctor.conftest import Examine
from tests.flagops.commands.faults import created
from tests.platform import Platform

pytestmark = pytest.mark.cluster
INGRESS = Ref("networking.k8s.io/v1", "Ingress", NAMESPACE, "flagsmith")
TRAEFIK: Manifest = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "traefik"},
    "spec": {"controller": "traefik.io/ingress-controller"},
}


def with_ingress(*, awaits: bool) -> dict[str, object]:
    tls = {"from": "secret", "secretName": "public-tls"}
    return {"ingress": {"defaultClass": True, "awaitAddress": awaits, "tls": tls}}


@pytest.fixture
def place(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> StackTarget:
    """The stack with an Ingress, whose file counts on a controller; it was deployed without one."""
    platform.ensure(with_ingress(awaits=False))
    cluster = platform.cluster
    found = StackTarget(platform.stack(with_ingress(awaits=True)), cluster.context, cluster.kubeconfig)
    monkeypatch.setattr(target, "find", lambda _: found)
    return found


def test_nobody_serves_the_ingress(doctor: Examine, instance: Instance) -> None:
    assert doctor()["ingress-class-missing"].what.endswith("it names no class, and there was no default one.")
    instance.client.merge(INGRESS, {"spec": {"ingressClassName": "traefik"}})
    try:
        assert doctor()["ingress-class-missing"].what.endswith("there is no IngressClass traefik.")
        with created(instance, TRAEFIK):
            finding = doctor()["ingress-without-address"]
    finally:
        instance.client.merge(INGRESS, {"spec": {"ingressClassName": None}})
    assert finding.what == "The Ingress flagsmith has no address."
    assert finding.fix.endswith("describe ingress flagsmith")


def test_the_certificate_is_missing_then_about_to_end(doctor: Examine, instance: Instance) -> None:
    assert doctor()["certificate-not-issued"].what.startswith("There is no certificate in the Secret public-tls")
    for days, name in ((5, "certificate-expiring"), (-3, "certificate-expired")):
        secret = tls_secret("flags.localhost", datetime.now(UTC) + timedelta(days=days), "public-tls")
        with created(instance, {**secret, "metadata": {**secret["metadata"], "namespace": NAMESPACE}}):
            assert name in doctor()
