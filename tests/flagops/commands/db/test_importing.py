"""The operator's import: how long it is waited for, by what its Cluster and its pods say, and what ends it."""

from collections.abc import Callable
from typing import Any

import pytest

from flagops.commands.db.move import importing
from flagops.errors import ConflictError, DeadlineError, FailedError
from flagops.kubernetes.objects import Manifest
from tests.flagops.commands.db.clusters import Operated, live

NAME = "flagsmith-pg"
Act = Callable[[], None]


def pod(name: str, phase: str, *, ready: bool = False) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "feature-flags", "labels": {"cnpg.io/cluster": NAME}},
        "spec": {"containers": [{"name": "import"}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def importing_cluster(primary: str = "", phase: str = "Setting up primary") -> Manifest:
    found = live()
    found["status"] = {"phase": phase, "phaseReason": "Creating primary instance"}
    if primary:
        found["status"]["currentPrimary"] = primary
    return found


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "START_SECONDS", 0.3)
    monkeypatch.setattr(importing, "SECONDS", 0.3)
    monkeypatch.setattr(importing, "diagnose", lambda *_: "0/3 nodes are available")


def test_it_is_waited_for_until_the_primary_serves_and_not_only_until_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    instance = Operated.of(importing_cluster(), pod(f"{NAME}-1-import", "Running"))
    said: list[str] = []
    steps = iter(
        [
            lambda: instance.objects.update({("Cluster", NAME): importing_cluster(f"{NAME}-1", "Waiting")}),
            lambda: instance.objects.update({("Pod", f"{NAME}-1"): pod(f"{NAME}-1", "Running")}),
            lambda: instance.objects.update({("Pod", f"{NAME}-1"): pod(f"{NAME}-1", "Running", ready=True)}),
        ]
    )
    asked = getattr(importing, "_done")  # noqa: B009 what is looked at each time
    seen: list[bool] = []

    def done(of: Any) -> Any:
        found = asked(of)
        seen.append(found is None)
        next(steps, lambda: None)()
        return found

    monkeypatch.setattr(importing, "SECONDS", 30.0)
    monkeypatch.setattr(importing, "_done", done)
    importing.wait(instance, said.append)
    assert seen == [False, False, False, True]
    assert said[0] == "Setting up primary: Creating primary instance"


def test_one_that_does_not_begin_says_why_and_asks_for_the_operator() -> None:
    with pytest.raises(DeadlineError, match="has not begun") as caught:
        importing.wait(Operated.of(importing_cluster(), pod(f"{NAME}-1-import", "Pending")), lambda _: None)
    assert "0/3 nodes are available" in str(caught.value)
    assert "Does CloudNativePG's operator run" in str(caught.value.hint)
    with pytest.raises(DeadlineError) as caught:
        importing.wait(Operated.of(importing_cluster()), lambda _: None)
    assert "The operator has made no pod for it." in str(caught.value)


def test_one_that_never_ends_is_given_up() -> None:
    with pytest.raises(DeadlineError, match="has not ended"):
        importing.wait(Operated.of(importing_cluster(), pod(f"{NAME}-1-import", "Running")), lambda _: None)


def test_one_that_fails_ends_the_wait_at_once_with_its_log_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator tries again, onto what the first attempt has left."""
    monkeypatch.setattr(importing, "START_SECONDS", 600.0)
    monkeypatch.setattr(importing, "SECONDS", 600.0)
    instance = Operated.of(importing_cluster(), pod(f"{NAME}-1-import", "Failed"))
    monkeypatch.setattr(instance, "log", lambda *_, **__: "no space for hunter2\nleft on device", raising=False)
    with pytest.raises(FailedError, match="The import failed, in the pod flagsmith-pg-1-import") as caught:
        importing.wait(instance, lambda _: None)
    assert "  no space for ***\n  left on device" in caught.value.message


def test_a_cluster_that_goes_meanwhile_ends_it() -> None:
    with pytest.raises(ConflictError, match="is gone: somebody deleted it"):
        importing.wait(Operated.of(pod(f"{NAME}-1-import", "Running")), lambda _: None)
