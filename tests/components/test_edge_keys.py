"""A Secret in place of the edge's own tells that the keys of that one end: a copy of it has the same."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.deployment import own_cluster
from components.deployment.own_cluster import OwnCluster
from components.deployment.presence import DeclaredObject
from components.deployment.recorded import Deployment, path, written
from components.kit import names
from components.settings import parse
from flagops.engines.direct.api import DirectEngine
from flagops.stacks.files import Stack

UID = "the-namespace"
NAMESPACE = "feature-flags"
EDGE = {"enabled": True, "existingSecret": "copied"}
BEFORE = (names.EDGE_KEYS,)
VALUES = {"host": "flags.example.com", "ingress": {"enabled": False}, "context": "flagsmith-local"}


def fetching(secrets: tuple[str, ...]) -> Any:
    """A cluster whose last deployment declared the API and these Secrets."""
    declared = [DeclaredObject("v1", "Secret", name) for name in secrets]
    api = DeclaredObject("apps/v1", "Deployment", names.API, 2)
    objects = {
        f"/api/v1/namespaces/{NAMESPACE}": {"metadata": {"uid": UID}},
        path(NAMESPACE): {"data": written(Deployment("local", "2.265.0", (api, *declared)))},
    }
    return objects.get


def by_pulumi(monkeypatch: pytest.MonkeyPatch, secrets: tuple[str, ...], **given: object) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(own_cluster, "fetching", lambda *_, **__: fetching(secrets))
    monkeypatch.setattr("pulumi.log.warn", told.append)
    OwnCluster(parse({**VALUES, **given})).require_namespace(UID)
    return told


def directly(secrets: tuple[str, ...], **given: object) -> list[str]:
    config = {f"feature-flags:{key}": value for key, value in {**VALUES, **given}.items()}
    stack = Stack("local", "feature-flags", config, {}, Path("Pulumi.local.yaml"))
    engine = DirectEngine(Path(), stack, None, "flagsmith-local")
    client: Any = SimpleNamespace(fetch=fetching(secrets))
    _, warnings = engine._environments(client, stack.settings)  # noqa: SLF001 - without a cluster
    return [text for text in warnings if "edge.existingSecret" in text]


def test_both_ways_to_deploy_tell_when_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = by_pulumi(monkeypatch, BEFORE, edge=EDGE)
    assert directly(BEFORE, edge=EDGE) == [said]
    assert "the Secret copied takes the place of flagsmith-edge-keys" in said
    assert "may be deleted 24 hours after this deployment" in said
    assert "make server-side keys of your own in Flagsmith first" in said
    (at_once,) = by_pulumi(monkeypatch, BEFORE, edge=EDGE, sdkKeys={"overlapHours": 0})
    assert "are deleted by this deployment at once" in at_once


@pytest.mark.parametrize(
    ("secrets", "given"),
    [
        (BEFORE, {"edge": {"enabled": True}}),
        (BEFORE, {}),
        (BEFORE, {"edge": EDGE, "sdkKeys": {"exported": True}}),
        ((), {"edge": EDGE}),
    ],
)
def test_where_no_key_ends_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, secrets: tuple[str, ...], given: dict[str, Any]
) -> None:
    assert by_pulumi(monkeypatch, secrets, **given) == []
    assert directly(secrets, **given) == []
