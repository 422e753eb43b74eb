"""While something is waited for, the reason is told: with the image, the resource, or the last line of a log."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from flagops.engines.events import Event, ResourceState
from flagops.engines.pulumi_cli import watch
from flagops.engines.pulumi_cli.events import EventTranslator
from flagops.errors import DeadlineError
from flagops.kubernetes import awaiting
from flagops.kubernetes.client import Client
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.refusals import DeniedError
from flagops.kubernetes.why_waiting import is_pulling, why

SECRET = "a-password-of-the-stack"
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "flagsmith", "namespace": "flags", "generation": 1},
    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "flagsmith"}}},
    "status": {"observedGeneration": 1},
}
READY = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}


@dataclass
class Cluster:
    """A cluster with one pod: the events on it, its log, and what its Deployment is at each look."""

    pod: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    log_text: str = ""
    looks: list[dict[str, Any]] = field(default_factory=list)
    is_denied: bool = False

    def list(self, _: str, kind: str, __: str, **___: str) -> list[dict[str, Any]]:
        if self.is_denied:
            raise DeniedError(403, "Forbidden", "no", "Cannot list pods")
        return {"Pod": [self.pod], "Event": self.events, "Secret": []}[kind]

    def log(self, *_: str, **__: object) -> str:
        return self.log_text

    def get(self, _: object) -> dict[str, Any]:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


def pod(waiting: dict[str, str] | None = None, *, scheduled: str = "") -> dict[str, Any]:
    conditions = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": scheduled}]
    status: dict[str, Any] = {"phase": "Pending", "conditions": conditions if scheduled else []}
    if waiting is not None:
        status["containerStatuses"] = [{"name": "api", "state": {"waiting": waiting}, "restartCount": 0}]
    return {
        "kind": "Pod",
        "metadata": {"name": "flagsmith-x", "namespace": "flags", "uid": "1", "creationTimestamp": "2026-01-01"},
        "spec": {"containers": [{"name": "api", "image": "flagsmith/flagsmith:2.265.0"}]},
        "status": status,
    }


def event(reason: str, message: str, at: str) -> dict[str, Any]:
    return {"reason": reason, "message": message, "lastTimestamp": at, "involvedObject": {"name": "flagsmith-x"}}


PULLS = [event("Pulling", 'Pulling image "flagsmith/flagsmith:2.265.0"', "2026-01-01T00:00:02Z")]
CREATING = {"reason": "ContainerCreating"}


def told(cluster: Cluster) -> str:
    return why(cast("Client", cluster), DEPLOYMENT, Masker([SECRET]))


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        (
            Cluster(pod(scheduled="0/3 nodes are available: 3 Insufficient memory.")),
            "flagsmith-x: Unschedulable: 0/3 nodes are available: 3 Insufficient memory.",
        ),
        (Cluster(pod({"reason": "ErrImagePull"})), "flagsmith-x: ErrImagePull: flagsmith/flagsmith:2.265.0"),
        (Cluster(pod({"reason": "ImagePullBackOff"})), "flagsmith-x: ImagePullBackOff: flagsmith/flagsmith:2.265.0"),
        (
            Cluster(pod({"reason": "CrashLoopBackOff"}), log_text="starting\nno such table\n"),
            "flagsmith-x: CrashLoopBackOff: no such table",
        ),
        (
            Cluster(pod({"reason": "CreateContainerConfigError", "message": 'secret "x" not found'})),
            'flagsmith-x: CreateContainerConfigError: secret "x" not found',
        ),
        (Cluster(pod(CREATING), PULLS), "flagsmith-x: pulling flagsmith/flagsmith:2.265.0"),
        (Cluster(pod(CREATING), [*PULLS, event("Pulled", "", "2026-01-01T00:00:03Z")]), ""),
        (Cluster(pod(), is_denied=True), ""),
    ],
)
def test_the_reason_is_told(cluster: Cluster, said: str) -> None:
    assert told(cluster) == said


@pytest.mark.parametrize("before", range(120, 200, 7))
def test_half_a_secret_is_not_told_either(before: int) -> None:
    """A reason is shortened, wherever in it the secret is."""
    cluster = Cluster(pod({"reason": "CrashLoopBackOff"}), log_text=f"{'x' * before}{SECRET}")
    assert SECRET[:4] not in told(cluster)


def test_a_pod_that_is_well_is_no_reason() -> None:
    well = pod()
    well["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    assert told(Cluster(well)) == ""


def waited(cluster: Cluster, seconds: float = 5) -> list[str]:
    said: list[str] = []
    awaiting.await_rollout(cast("Client", cluster), DEPLOYMENT, Masker([SECRET]), seconds=seconds, say=said.append)
    return said


def test_the_direct_engine_says_why_it_waits_and_no_secret() -> None:
    broken = Cluster(
        pod({"reason": "CrashLoopBackOff"}), log_text=f"refused: {SECRET}", looks=[{**DEPLOYMENT, "status": READY}]
    )
    (line,) = waited(broken)
    assert line.startswith("0 of 1 replicas are updated; flagsmith-x: CrashLoopBackOff: refused: ")
    assert SECRET not in line


def test_a_long_pull_is_progress_and_no_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaiting, "PULL_SECONDS", 5)
    late = {"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}
    looks = [{**DEPLOYMENT, "status": {"observedGeneration": 1, **late}}, {**DEPLOYMENT, "status": READY}]
    assert is_pulling(cast("Client", Cluster(pod(CREATING), PULLS)), DEPLOYMENT)
    said = waited(Cluster(pod(CREATING), PULLS, looks=looks), seconds=0)
    assert any("pulling flagsmith/flagsmith:2.265.0" in line for line in said)


def test_what_is_late_and_pulls_nothing_is_a_time_out() -> None:
    with pytest.raises(DeadlineError, match="is not ready after 0 s"):
        waited(Cluster(pod({"reason": "ErrImagePull"}), looks=[DEPLOYMENT]), seconds=0)


def test_with_pulumi_each_object_under_way_is_looked_at() -> None:
    events: list[Event] = []
    heard = EventTranslator(events.append)
    urn = "urn:pulumi:s::p::kubernetes:apps/v1:Deployment::api"
    heard._names[urn] = ("flagsmith", "Deployment")  # noqa: SLF001 - as an event of the engine would
    heard._under_way[urn] = {key: DEPLOYMENT[key] for key in ("apiVersion", "kind", "metadata")}  # noqa: SLF001
    cluster = Cluster(pod({"reason": "ErrImagePull"}), looks=[DEPLOYMENT])
    watch.explain_each(heard, cast("Client", cluster))
    image = "flagsmith-x: ErrImagePull: flagsmith/flagsmith:2.265.0"
    assert events == [Event("flagsmith", "Deployment", ResourceState.WAITING, image)]
    heard._under_way.clear()  # noqa: SLF001
    heard.waits(urn, "too late")
    assert len(events) == 1


def test_nobody_waits_for_a_database_that_says_so_not_even_whether_it_stays_as_it_is() -> None:
    """Beside the live one, its operator does nothing for it yet; while Flagsmith moves, its standbys are still made."""
    annotations = {"pulumi.com/skipAwait": "true", "cnpg.io/reconciliationLoop": "disabled"}
    metadata = {"name": "flagsmith-pg", "namespace": "n", "annotations": annotations}
    cluster = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": metadata, "spec": {}}
    said: list[str] = []
    awaiting.await_rollout(cast("Client", Cluster(pod(CREATING))), cluster, Masker([]), seconds=0, say=said.append)
    assert said == []
