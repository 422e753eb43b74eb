"""Network policies that keep the ingress controller out, by where its pods really run."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from flagops.kubernetes.objects import Manifest, Ref
from flagops.stacks import target
from flagops.stacks.deployed import Instance
from flagops.stacks.target import StackTarget
from tests.fixtures_cluster import eventually
from tests.flagops.commands.doctor.conftest import Examine
from tests.flagops.commands.faults import created
from tests.platform import NAMESPACE, Platform

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


def isolated(ingress: Mapping[str, object] = NAMED, **network: object) -> dict[str, object]:
    """Settings with these ones of the network policies."""
    policies = {"enabled": True, "ingressNamespace": "haproxy-controller", **network}
    return {"ingress": ingress, "networkPolicy": policies}


@pytest.fixture
def place(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> StackTarget:
    """The stack with network policies. The doctor takes from the settings whom they let in."""
    platform.ensure(isolated())
    return state(platform, monkeypatch, isolated())


def state(platform: Platform, monkeypatch: pytest.MonkeyPatch, settings: Mapping[str, object]) -> StackTarget:
    """Let the stack's file say this."""
    found = StackTarget(platform.stack(settings), platform.cluster.context, platform.cluster.kubeconfig)
    monkeypatch.setattr(target, "find", lambda _: found)
    return found


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
    controller: Manifest, doctor: Examine, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, on_nodes = controller["status"]["podIP"], bool(controller["spec"].get("hostNetwork"))
    state(platform, monkeypatch, isolated(DEFAULT if on_nodes else NAMED))
    finding = doctor()["ingress-cut-off"]
    assert f"{ELSEWHERE}/traefik has the address {address}; let in is haproxy-controller" in finding.evidence
    key = "ingressCidrs" if on_nodes else "ingressNamespace"
    assert finding.fix.startswith(f"set networkPolicy.{key} to ")

    way = {"ingressCidrs": [f"{address}/32"]} if on_nodes else {"ingressNamespace": ELSEWHERE}
    state(platform, monkeypatch, isolated(**way))
    platform.up(isolated(**way))
    assert "ingress-cut-off" not in doctor()

    labels = {"app.kubernetes.io/name": "another"}
    state(platform, monkeypatch, isolated(ingressNamespace=ELSEWHERE, ingressPodLabels=labels))
    assert "ingress-cut-off" in doctor()

    # Those that are still there, but not in the settings, go with the next deployment.
    state(platform, monkeypatch, {"ingress": NAMED})
    assert "ingress-cut-off" not in doctor()

    # Nobody is cut off by policies that are not there, whatever the settings say.
    state(platform, monkeypatch, isolated())
    assert "ingress-cut-off" in doctor()
    platform.http.delete(f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies").raise_for_status()
    assert "ingress-cut-off" not in doctor()


@pytest.mark.parametrize("labels", [{}, LABELS], ids=["no labels", "labels of nobody"])
def test_a_controller_that_cannot_be_told_is_not_judged(
    labels: dict[str, str], instance: Instance, doctor: Examine
) -> None:
    with created(instance, {**CLASS, "metadata": {"name": "traefik", "labels": labels}}):
        assert "ingress-cut-off" not in doctor()
