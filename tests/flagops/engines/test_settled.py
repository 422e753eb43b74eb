"""What is waited for after Pulumi has ended, on what CloudNativePG's operator said (clusters.json)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flagops.engines.events import Event, ResourceState
from flagops.engines.pulumi_cli import settled
from flagops.errors import FailedError, OpsError
from flagops.kubernetes.objects import Manifest, Ref

RECORDED: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "clusters.json").read_text())
CHANGED = (ResourceState.UPDATED, RECORDED["image"][0]["cluster"])


class Playing:
    """A client that shows one recorded state after the other, and then the last one."""

    def __init__(self, change: str, first: int) -> None:
        self._states: Iterator[dict[str, Any]] = iter(RECORDED[change][first:])
        self._now: dict[str, Any] = {}
        self.closed = False

    def get(self, ref: Ref) -> Manifest | None:
        self._now = next(self._states, self._now)
        return dict(self._now["cluster"]) if ref.kind == "Cluster" and self._now else None

    def list(self, _: str, kind: str, *__: str, **___: str) -> list[Manifest]:
        made = {"creationTimestamp": "2026-11-28T00:00:00Z"}
        return [{**pod, "metadata": {**made, **pod["metadata"]}} for pod in self._now["pods"]] if kind == "Pod" else []

    def close(self) -> None:
        self.closed = True


def settle(monkeypatch: pytest.MonkeyPatch, change: str, heard: list[Event], *, first: int = 0) -> None:
    """What comes of waiting from the state with this number on: in the first ones a Cluster calls itself ready."""
    playing = Playing(change, first)
    monkeypatch.setattr("flagops.engines.pulumi_cli.settled.connect", lambda *_: None)
    monkeypatch.setattr("flagops.engines.pulumi_cli.settled.Client", lambda _: playing)
    monkeypatch.setattr("flagops.kubernetes.awaiting.STEADY_SECONDS", 0.0)
    monkeypatch.setattr("flagops.waiting.time.sleep", lambda _: None)
    try:
        settled.settle(None, "here", [(ResourceState.UPDATED, RECORDED[change][0]["cluster"])], heard.append)
    finally:
        assert playing.closed


def test_a_new_image_is_waited_for_with_the_operator_s_words(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Event] = []
    settle(monkeypatch, "image", heard)
    assert heard[-1] == Event("pg", "Cluster", ResourceState.UPDATED)
    waited = [event.message for event in heard[:-1]]
    assert waited[0] == "not yet with the image postgresql:17.6: pg-1, pg-2"
    assert any(text.startswith("Primary instance is being restarted without a switchover: ") for text in waited)


def test_what_only_people_can_mend_is_a_failure_of_its_row_and_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Event] = []
    with pytest.raises(FailedError, match=r"Cluster data-tier/\S+ failed: Invalid cluster definition: the"):
        settle(monkeypatch, "invalid parameter", heard, first=-1)
    assert heard[-1].state is ResourceState.FAILED


def test_where_no_cluster_changed_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise OpsError("asked")

    monkeypatch.setattr("flagops.engines.pulumi_cli.settled.connect", connect)
    other = {"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster", "metadata": {"name": "pg"}}
    settled.settle(None, "here", [(ResourceState.UPDATED, other)], lambda _: None)
    with pytest.raises(OpsError, match="asked"):
        settled.settle(None, "here", [CHANGED], lambda _: None)
