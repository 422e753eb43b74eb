"""`ff db switchover`: which server takes over, what is written for the operator, and what is refused."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from components.settings import Settings
from flagops.commands.db import switchover as logic
from flagops.commands.db.switchover import switchover
from flagops.errors import BadInputError, DeadlineError, NotFoundError, OpsError, RefusedError, UnsupportedError
from flagops.kubernetes.objects import Manifest, Ref
from tests.components.settings.support import settings
from tests.flagops.commands.clusters import cluster, pod


@dataclass
class Operated:
    """A stack's instance, with an operator that does what `then` says once it is told something."""

    settings: Settings
    live: Manifest | None
    pods: Sequence[Manifest]
    then: Callable[[Manifest], None] = lambda _: None
    told: list[tuple[Ref, Manifest, str]] = field(default_factory=list)
    namespace: str = "feature-flags"
    context: str = "here"
    kubectl: str = "kubectl --context here -n feature-flags"

    @property
    def client(self) -> "Operated":
        return self

    @property
    def stack(self) -> Any:
        return SimpleNamespace(name="staging")

    def get(self, *_: str) -> Manifest | None:
        return deepcopy(self.live)

    def items(self, _: str, kind: str, **selectors: str) -> list[Manifest]:
        assert kind == "Pod"
        assert selectors == {"labelSelector": "cnpg.io/cluster=flagsmith-pg,cnpg.io/podRole=instance"}
        return list(self.pods)

    def merge(self, ref: Ref, change: Manifest, *, subresource: str) -> Manifest:
        assert self.live is not None
        self.told.append((ref, change, subresource))
        self.live["status"] |= change["status"]
        self.then(self.live)
        return self.live


def hands_over(live: Manifest) -> None:
    live["status"] |= {"currentPrimary": live["status"]["targetPrimary"], "phase": "Cluster in healthy state"}


def operated(live: Manifest | None, pods: Sequence[Manifest], **values: Any) -> Any:
    return Operated(settings(postgres={"mode": "cloudnativepg"}), live, pods, **values)


THREE = [pod(1), pod(2), pod(3)]


def test_the_first_standby_that_is_ready_takes_over_and_the_operator_is_told_as_by_its_own_command() -> None:
    instance = operated(cluster(), THREE, then=hands_over)
    done = switchover(instance, None, lambda _: None)
    assert (done.before, done.primary) == ("flagsmith-pg-1", "flagsmith-pg-2")
    ((ref, change, subresource),) = instance.told
    assert (ref.kind, ref.name, subresource) == ("Cluster", "flagsmith-pg", "status")
    assert change["metadata"] == {"resourceVersion": "41"}, "another change in between would be lost"
    stamp = change["status"].pop("targetPrimaryTimestamp")
    assert stamp.endswith("Z")
    assert change["status"] == {
        "targetPrimary": "flagsmith-pg-2",
        "phase": "Switchover in progress",
        "phaseReason": "Switching over to flagsmith-pg-2",
    }


def test_the_named_one_takes_over() -> None:
    instance = operated(cluster("flagsmith-pg-2"), THREE, then=hands_over)
    assert switchover(instance, "flagsmith-pg-3", lambda _: None).primary == "flagsmith-pg-3"


@pytest.mark.parametrize(
    ("live", "pods", "wanted", "error", "said"),
    [
        (None, [], None, NotFoundError, "There is no Cluster feature-flags/flagsmith-pg"),
        (cluster(), THREE, "flagsmith-pg-1", BadInputError, "is the primary already"),
        (cluster(), THREE, "flagsmith-pg-9", BadInputError, "there are: flagsmith-pg-1, flagsmith-pg-2"),
        (cluster(instances=1), [pod(1)], None, RefusedError, "There is no standby"),
        (cluster(), [pod(1), pod(2, ready=False), pod(3)], None, RefusedError, "not ready: flagsmith-pg-2"),
        (cluster(phase="Failing over", phaseReason="pg-1 is gone"), THREE, None, RefusedError, "pg-1 is gone"),
    ],
    ids=["no Cluster", "the primary", "no server", "one server", "not ready", "failing over"],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    live: Manifest | None, pods: list[Manifest], wanted: str | None, error: type[OpsError], said: str
) -> None:
    instance = operated(deepcopy(live), pods)
    with pytest.raises(error, match=said):
        switchover(instance, wanted, lambda _: None)
    assert instance.told == []


def test_who_named_none_is_not_told_to_leave_the_name_out() -> None:
    """One that was chosen may have become the primary while the user was asked."""
    with pytest.raises(BadInputError) as caught:
        switchover(operated(cluster(), THREE), "flagsmith-pg-1", lambda _: None)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("See `ff status`. If you want another one")


def test_a_database_that_is_no_cluster_has_no_standby() -> None:
    instance: Any = Operated(settings(), None, [])
    with pytest.raises(UnsupportedError, match="is not a Cluster"):
        switchover(instance, None, lambda _: None)


def test_an_operator_that_does_not_hand_over_is_an_error_with_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "SECONDS", 0.3)
    states: list[str] = []
    with pytest.raises(DeadlineError) as caught:
        switchover(operated(cluster(), THREE), None, states.append)
    assert "Switching over to flagsmith-pg-2; the primary is flagsmith-pg-1" in str(caught.value)
    assert states == ["Switchover in progress: Switching over to flagsmith-pg-2; the primary is flagsmith-pg-1"]
