"""Network policies that keep the ingress controller out, by where its pods really run."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from flagops.kubernetes.objects import Manifest, Ref
from flagops.stacks import target
from flagops.stacks.deployed import Instance
from flagops.stacks.target import StackTarget
from tests.fixtures_cluster import eventually
from tests.flagops.commands.doctor.conftest import Examine
from tests.platform import Platform

pytestmark = pytest.mark.cluster

ELSEWHERE = "traefik"
LABELS = {"app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": "traefik-traefik"}
# By a stack that names the class, and by one that leaves it to the cluster.
NAMED = {"className": "traefik", "awaitAddress": False, "tls": {"from": "none"}}
DEFAULT = {"defaultClass": True, "awaitAddress": False, "tls": {"from": "none"}}
CLASS: Manifest = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {
        "name": "traefik",
        "labels": LABELS,
        "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"},
    },
    "spec": {"controller": "traefik.io/ingress-controller"},
}
Isolate = Callable[..., None]


@pytest.fixture
def isolated(deployed: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Isolate]:
    """Deploy the stack with these settings of its network policies; without any again at the end."""

    def deploy(ingress: dict[str, object] = NAMED, **network: object) -> None:
        policies = {"enabled": True, "ingressNamespace": "haproxy-controller", **network}
        overrides = {"ingress": ingress, "networkPolicy": policies}
        deployed.up(overrides)
        cluster = deployed.cluster
        found = StackTarget(deployed.stack(overrides), cluster.context, cluster.kubeconfig)
        monkeypatch.setattr(target, "find", lambda _: found)

    yield deploy
    deployed.up()


@pytest.fixture(params=[False, True], ids=["pods' network", "nodes' network"])
def controller(request: pytest.FixtureRequest, instance: Instance) -> Iterator[Manifest]:
    """A running pod of an ingress controller in another namespace, with the labels that its class has too."""
    pod: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "traefik", "namespace": ELSEWHERE, "labels": LABELS},
        "spec": {"hostNetwork": request.param, "containers": [{"name": "traefik", "image": "traefik:v3.5"}]},
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ELSEWHERE}}
    with ExitStack() as stack:
        for manifest in (namespace, CLASS):
            if instance.client.get(Ref.of(manifest)) is None:
                instance.client.create(manifest)
            stack.callback(instance.client.delete, Ref.of(manifest))

        def its_namespace_has_an_account() -> bool:
            return instance.client.get(Ref("v1", "ServiceAccount", ELSEWHERE, "default")) is not None

        eventually(its_namespace_has_an_account)
        instance.client.create(pod)
        stack.callback(instance.client.delete, Ref.of(pod))
        found: Manifest = {}

        def it_runs() -> bool:
            found.update(instance.client.get(Ref.of(pod)) or {})
            return bool(found.get("status", {}).get("phase") == "Running")

        eventually(it_runs)
        yield found

        stack.close()

        def its_namespace_is_gone() -> bool:
            return instance.client.get(Ref.of(namespace)) is None

        eventually(its_namespace_is_gone)


def test_a_controller_that_the_policies_do_not_let_in_is_found_until_they_do(
    controller: Manifest, isolated: Isolate, doctor: Examine
) -> None:
    address, on_nodes = controller["status"]["podIP"], bool(controller["spec"].get("hostNetwork"))
    isolated(ingress=DEFAULT if on_nodes else NAMED)
    finding = doctor()["ingress-cut-off"]
    assert f"{ELSEWHERE}/traefik has the address {address}; let in is haproxy-controller" in finding.evidence
    key = "ingressCidrs" if on_nodes else "ingressNamespace"
    assert finding.fix.startswith(f"set networkPolicy.{key} to ")

    isolated(**({"ingressCidrs": [f"{address}/32"]} if on_nodes else {"ingressNamespace": ELSEWHERE}))
    assert "ingress-cut-off" not in doctor()

    isolated(ingressNamespace=ELSEWHERE, ingressPodLabels={"app.kubernetes.io/name": "another"})
    assert "ingress-cut-off" in doctor()


@pytest.mark.usefixtures("controller")
def test_without_policies_nobody_is_cut_off(doctor: Examine) -> None:
    assert "ingress-cut-off" not in doctor()


@pytest.mark.parametrize("labels", [{}, LABELS], ids=["no labels", "labels of nobody"])
def test_a_controller_that_cannot_be_told_is_not_judged(
    labels: dict[str, str], instance: Instance, isolated: Isolate, doctor: Examine
) -> None:
    isolated()
    instance.client.create({**CLASS, "metadata": {"name": "traefik", "labels": labels}})
    try:
        assert "ingress-cut-off" not in doctor()
    finally:
        instance.client.delete(Ref.of(CLASS))
