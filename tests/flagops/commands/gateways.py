"""Gateways and routes as they are in a cluster, with what controllers say of them, and a stack that counts on them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from flagops.kubernetes.client import Client
from flagops.kubernetes.objects import Manifest
from flagops.stacks.deployed import Instance
from flagops.stacks.files import Stack
from tests.components.settings.support import VALID
from tests.flagops.commands.test_way_in import Objects

PARENT = {"name": "shared", "namespace": "gateways", "sectionName": "https"}
OF_OWN = {"name": "flagsmith", "sectionName": "https"}
CLASS: Manifest = {
    "kind": "GatewayClass",
    "metadata": {"name": "envoy"},
    "spec": {"controllerName": "gateway.envoyproxy.io/controller"},
}


def said(kind: str, status: str = "True", reason: str = "", generation: int = 2) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason or kind,
        "message": f"about {kind}",
        "observedGeneration": generation,
    }


ACCEPTED = (said("Accepted"), said("ResolvedRefs"))


def accepted(item: Manifest, status: str = "True", reason: str = "Accepted") -> Manifest:
    return {**item, "status": {"conditions": [said("Accepted", status, reason)]}}


def made(name: str, *conditions: Mapping[str, Any], namespace: str = "feature-flags", **status: Any) -> Manifest:
    """A Gateway in the cluster."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": namespace, "generation": 2},
        "spec": {"gatewayClassName": "envoy"},
        "status": {"conditions": list(conditions), **status},
    }


def route(
    parent: Mapping[str, Any], *conditions: Mapping[str, Any], of: Mapping[str, Any] | None = None, **more: Any
) -> Manifest:
    """A route in the cluster, of which a controller says these conditions at the parent `of`, by default its own."""
    parents = [{"parentRef": {"group": "gateway.networking.k8s.io", **(of or parent)}, "conditions": list(conditions)}]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "flagsmith", "namespace": "feature-flags", "generation": 2},
        "spec": {"parentRefs": [dict(parent)]},
        "status": {"parents": [*more.get("others", ()), *parents]},
    }


def instance(gateway: Mapping[str, Any], *objects: Manifest, known: type[Objects] = Objects, **values: Any) -> Instance:
    given = {**VALID, "ingress": {"enabled": False}, "gateway": gateway, "networkPolicy": {}, **values}
    stack = Stack(
        "production", "feature-flags", {f"feature-flags:{k}": v for k, v in given.items()}, {}, Path("Pulumi.yaml")
    )
    client = cast("Client", known(objects))
    return Instance(stack, stack.settings, "cluster", None, client, cast("Any", None))


IN_SERVICE = made("shared", said("Programmed"), namespace="gateways")
