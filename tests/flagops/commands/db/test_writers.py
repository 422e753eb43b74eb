"""Flagsmith's pods, stopped for a command: one that is killed leaves a note, by which the next one starts them."""

from typing import Any

import pytest

from flagops.commands.doctor.model import Examination
from flagops.commands.doctor.stopped import left_without_pods
from flagops.commands.status.declared import stopped as told
from flagops.errors import DeadlineError, FailedError
from flagops.kubernetes.objects import Manifest
from flagops.pods import restart, writers
from tests.components.settings.support import settings
from tests.flagops.commands.db.clusters import NAMESPACE, Operated

API, WORKER = ("Deployment", "flagsmith"), ("Deployment", "flagsmith-task-processor")


def deployment(name: str, replicas: int) -> Manifest:
    metadata = {"name": name, "namespace": NAMESPACE, "generation": 1}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": replicas}}


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Operated.of(deployment("flagsmith", 3), deployment("flagsmith-task-processor", 1), settings=settings())

    def merge(ref: Any, change: Manifest) -> Manifest:
        live = made.objects[ref.kind, ref.name]
        annotations = live["metadata"].setdefault("annotations", {}) | change["metadata"]["annotations"]
        live["metadata"]["annotations"] = {key: value for key, value in annotations.items() if value is not None}
        live["spec"] |= change["spec"]
        return dict(live)

    monkeypatch.setattr(made, "merge", merge, raising=False)
    monkeypatch.setattr(restart, "wait", lambda *_: None)
    monkeypatch.setattr(writers, "pods", lambda *_: [])
    return made


def replicas(instance: Any) -> list[int]:
    return [instance.objects[name]["spec"]["replicas"] for name in (API, WORKER)]


class Killed(BaseException):
    """What ends `ff` without a chance to clean up."""


def killed(instance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that stops the writers, and is killed then: nothing of it runs any more."""

    def ended(_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(writers, "_wait_until_gone", ended)
        with pytest.raises(Killed):
            writers.stop(instance, lambda _: None)


def test_what_a_killed_command_has_stopped_is_named_and_started_as_it_was(
    instance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(instance, monkeypatch)
    assert replicas(instance) == [0, 0]
    (finding,) = left_without_pods(Examination(instance))
    assert finding.name == "left-stopped"
    assert "ff up --stack staging" in finding.fix
    assert "was killed" in told(None, "Deployment", instance.objects[API])
    assert writers.resume(instance, lambda _: None)
    assert replicas(instance) == [3, 1]
    assert list(left_without_pods(Examination(instance))) == []
    assert not writers.resume(instance, lambda _: None)


def test_the_next_command_that_stops_them_still_knows_how_many_there_were(
    instance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(instance, monkeypatch)
    with writers.stopped(instance, lambda _: None):
        assert replicas(instance) == [0, 0]
    assert replicas(instance) == [3, 1]


@pytest.mark.parametrize("stays", [True, False])
def test_who_interrupts_what_has_no_way_back_leaves_them_stopped(instance: Any, *, stays: bool) -> None:
    def interrupted() -> None:
        with writers.stopped(instance, lambda _: None, stay_if_interrupted=stays):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert replicas(instance) == ([0, 0] if stays else [3, 1])
    assert bool(writers.left_stopped(instance)) == stays


def test_what_does_not_start_hides_no_failure_and_holds_up_nothing_else(
    instance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(_: Any, ref: Any, __: Any) -> None:
        raise DeadlineError(f"{ref} has not rolled out.")

    monkeypatch.setattr(restart, "wait", late)
    said: list[str] = []

    def failing() -> None:
        with writers.stopped(instance, said.append, stay_if_interrupted=True):
            raise FailedError("The database cannot be dumped.")

    with pytest.raises(FailedError, match="cannot be dumped"):
        failing()
    assert any("has not rolled out" in line for line in said)
    assert replicas(instance) == [3, 1]


def test_what_somebody_has_started_since_stays_as_it_is(instance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(instance, monkeypatch)
    instance.objects[API]["spec"]["replicas"] = 5
    assert writers.resume(instance, lambda _: None)
    assert replicas(instance) == [5, 1]


def test_while_the_command_lives_it_is_no_finding(instance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(instance, monkeypatch)
    renewed = {"holderIdentity": "elsewhere/1/2", "renewTime": "2999-01-01T00:00:00Z", "leaseDurationSeconds": 20}
    instance.objects["Lease", "flagsmith-move"] = {"kind": "Lease", "spec": renewed}
    assert list(left_without_pods(Examination(instance))) == []
