"""What the doctor finds of a Cluster, by what its operator says."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from components.settings import Settings
from flagops.commands.doctor import cluster as logic
from flagops.commands.doctor.cluster import cluster
from flagops.commands.doctor.model import Examination
from flagops.errors import FailedError
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.refusals import UnknownKindError
from flagops.pods.replication import Standby
from tests.components.settings.support import settings

ARCHIVED = {"backup": {"enabled": True}}
WINDOW = {"status": {"serverRecoveryWindow": {"flagsmith-pg-17": {"firstRecoverabilityPoint": "2026-11-01T00:00:00Z"}}}}
HEALTHY = {
    "phase": "Cluster in healthy state",
    "readyInstances": 2,
    "currentPrimary": "flagsmith-pg-1",
    "targetPrimary": "flagsmith-pg-1",
}
PLUGIN = "Cluster cannot proceed to reconciliation due to an unknown plugin being required"


def pod(name: str, ready: str = "True") -> Manifest:
    return {"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


@dataclass
class Asked:
    """A stack's instance with a Cluster, or without."""

    live: Manifest | None
    store: Manifest | None = field(default_factory=lambda: WINDOW)
    backups: list[Manifest] = field(default_factory=list)
    pods: list[Manifest] = field(default_factory=lambda: [pod("flagsmith-pg-1"), pod("flagsmith-pg-2")])
    archived: bool = True
    is_served: bool = True
    is_simulated: bool = False
    kubectl: str = "kubectl -n feature-flags"
    further: list[Manifest] = field(default_factory=list)
    lease: Manifest | None = None

    @property
    def settings(self) -> Settings:
        section = {"instances": 2, **(ARCHIVED if self.archived else {})}
        s3 = {"s3": {"bucket": "backups", "existingSecret": "s3"}}
        return settings(postgres={"mode": "cloudnativepg", "cluster": section}, backup=s3)

    @property
    def stack(self) -> Any:
        return SimpleNamespace(name="staging")

    def get(self, _: str, kind: str, __: str) -> Manifest | None:
        assert kind in {"ObjectStore", "Lease"}
        return self.store if kind == "ObjectStore" else self.lease

    def items(self, api_version: str, kind: str) -> list[Manifest]:
        if kind == "Pod":
            return self.pods
        if kind == "Backup":
            return self.backups
        if not self.is_served:
            raise UnknownKindError(api_version, kind)
        others = {"metadata": {"name": "another"}}
        return [others, *self.further, *([] if self.live is None else [self.live])]

    def masker(self) -> Any:
        return lambda text: text.replace("hunter2", "***")


def live(*conditions: dict[str, str], annotations: dict[str, str] | None = None, **status: Any) -> Manifest:
    return {
        "metadata": {"name": "flagsmith-pg", "annotations": annotations or {}},
        "spec": {"instances": 2},
        "status": {**HEALTHY, "conditions": list(conditions), **status},
    }


def found(asked: Any) -> dict[str, str]:
    return {item.name: " ".join([item.what, *item.evidence, item.fix]) for item in cluster(Examination(asked))}


def test_one_that_is_well_has_no_finding_and_an_embedded_server_is_not_looked_at() -> None:
    assert found(Asked(live())) == {}
    assert found(SimpleNamespace(settings=settings())) == {}


@pytest.mark.parametrize(
    ("asked", "name", "said"),
    [
        (Asked(live(), is_served=False), "cluster-operator-missing", "install CloudNativePG"),
        (Asked(None), "cluster-missing", "it begins empty"),
        (Asked(live(phase="Failing over", phaseReason="pg-1 is gone")), "cluster-not-well", "pg-1 is gone"),
        (Asked(live(phase="")), "cluster-not-well", "its operator says nothing of it"),
        (Asked(live(phase=PLUGIN, phaseReason="Unknown plugin: 'barman'")), "cluster-plugin-missing", "cert-manager"),
        (Asked(live(), pods=[pod("flagsmith-pg-2")]), "cluster-without-primary", "nothing can be written"),
        (Asked(live(), pods=[pod("flagsmith-pg-1", "False")]), "cluster-without-primary", "the primary is"),
        (Asked(live(readyInstances=1)), "cluster-server-missing", "1 of 2 servers"),
        (
            Asked(live(annotations={"cnpg.io/fencedInstances": '["flagsmith-pg-2"]'})),
            "cluster-fenced",
            "flagsmith-pg-2",
        ),
        (Asked(live(annotations={"cnpg.io/fencedInstances": "no list"})), "cluster-fenced", "no list"),
        (
            Asked(live({"type": "ContinuousArchiving", "status": "False", "message": "403 for hunter2"})),
            "archive-failing",
            "403 for ***",
        ),
        (
            Asked(live({"type": "LastBackupSucceeded", "status": "False", "message": "no space"})),
            "base-backup-failed",
            "no space",
        ),
        (Asked(live(), store={"status": {}}), "base-backup-missing", "recovers nothing"),
        (Asked(live(), store=None), "base-backup-missing", "recovers nothing"),
    ],
    ids=str,
)
def test_each_fault_is_found_alone_with_what_the_operator_says(asked: Asked, name: str, said: str) -> None:
    findings = found(asked)
    assert list(findings) == [name]
    assert said in findings[name]
    assert "hunter2" not in findings[name]


def test_without_an_archive_nobody_asks_for_one() -> None:
    failing = {"type": "ContinuousArchiving", "status": "False", "message": "x"}
    assert found(Asked(live(failing), store=None, archived=False)) == {}


def test_a_log_that_rests_while_the_primary_changes_is_no_fault_yet() -> None:
    """A new primary's is not archived for 1 to 3 s; the operator says since when."""
    for seconds, names in ((3, []), (300, ["archive-failing"])):
        since = (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        state = {"type": "ContinuousArchiving", "status": "False", "message": "x", "lastTransitionTime": since}
        assert list(found(Asked(live(state)))) == names


def server(name: str, ready: str = "True") -> Manifest:
    labels = {"cnpg.io/cluster": "flagsmith-pg", "cnpg.io/podRole": "instance"}
    return {**pod(name, ready), "metadata": {"name": name, "labels": labels}}


@pytest.mark.parametrize(
    ("known", "name", "said"),
    [
        ([Standby("flagsmith-pg-2", "streaming", 0, 0.1)], None, ""),
        ([Standby("flagsmith-pg-2", "streaming", 10, 61.0)], "cluster-standby-lags", "10 bytes and 61 s behind"),
        ([Standby("flagsmith-pg-2", "catchup", 10, 0.0)], "cluster-standby-lags", "flagsmith-pg-2 is catchup"),
        (
            [Standby("flagsmith-pg-9", "streaming", 0, 0.1)],
            "cluster-standby-cut-off",
            "sends nothing to flagsmith-pg-2",
        ),
        ([], "cluster-standby-cut-off", "the primary flagsmith-pg-1 sends nothing"),
        (FailedError("you may not exec, hunter2"), "cluster-lag-unknown", "you may not exec, ***"),
    ],
    ids=["near", "far", "not there yet", "another", "none", "not asked"],
)
def test_what_the_primary_says_of_its_standbys(
    known: list[Standby] | FailedError, name: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def standbys(_: Any, primary: Manifest) -> list[Standby]:
        assert primary["metadata"]["name"] == "flagsmith-pg-1"
        if isinstance(known, FailedError):
            raise known
        return known

    monkeypatch.setattr(logic, "standbys", standbys)
    told = found(Asked(live(), pods=[server("flagsmith-pg-1"), server("flagsmith-pg-2")]))
    assert set(told) == ({name} if name else set())
    if name:
        assert said in told[name]


@pytest.mark.parametrize(
    "asked",
    [
        Asked(live(), pods=[server("flagsmith-pg-1", "False"), server("flagsmith-pg-2")]),
        Asked(live(), pods=[server("flagsmith-pg-1")]),
        Asked(live(), pods=[server("flagsmith-pg-1"), server("flagsmith-pg-2")], is_simulated=True),
    ],
    ids=["no primary", "no standby", "simulated"],
)
def test_where_nobody_can_tell_of_standbys_nobody_is_asked(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "standbys", lambda *_: pytest.fail("it was asked"))
    assert not [name for name in found(asked) if "standby" in name or "lag" in name]


def held(until: str) -> Manifest:
    return {"spec": {"holderIdentity": "another/1/2/3", "renewTime": until, "leaseDurationSeconds": 20}}


@pytest.mark.parametrize(
    ("lease", "is_left"),
    [(None, True), (held("2026-11-01T00:00:00.000000Z"), True), (held("2999-01-01T00:00:00.000000Z"), False)],
    ids=["no lease", "ended", "at work"],
)
def test_the_cluster_of_a_drill_is_left_when_no_drill_is_at_work(lease: Manifest | None, is_left: bool) -> None:
    labels = {"app.kubernetes.io/component": "drill"}
    scratch = {
        "metadata": {"name": "flagsmith-pg-drill", "labels": labels, "creationTimestamp": "2026-11-01T00:00:00Z"}
    }
    said = found(Asked(live(), further=[scratch], lease=lease))
    assert ("drill-left" in said) is is_left
    assert set(said) <= {"drill-left"}
    if is_left:
        assert "Cluster flagsmith-pg-drill, made at 2026-11-01" in said["drill-left"]
        assert "delete clusters.postgresql.cnpg.io flagsmith-pg-drill" in said["drill-left"]


def backup(phase: str = "completed", cluster: str = "flagsmith-pg", major: int = 17) -> Manifest:
    state = {"phase": phase, "method": "plugin", "majorVersion": major, "stoppedAt": "2026-11-28T16:44:30Z"}
    return {"metadata": {"name": "one"}, "spec": {"cluster": {"name": cluster}}, "status": state}


def test_a_base_backup_that_is_being_made_has_not_failed() -> None:
    """Seen on a real node: for the minute of each backup."""
    starts = {"type": "LastBackupSucceeded", "status": "False", "reason": "BackupStarted"}
    assert found(Asked(live({**starts, "message": "New Backup starting up"}), store={"status": {}})) == {}


@pytest.mark.parametrize(
    ("made", "names"),
    [
        (backup(), []),
        (backup("failed"), ["base-backup-missing"]),
        (backup(cluster="another"), ["base-backup-missing"]),
        (backup(major=16), ["base-backup-missing"]),
        ({"spec": {"cluster": {"name": "flagsmith-pg"}}}, ["base-backup-missing"]),
    ],
    ids=str,
)
def test_a_backup_that_the_plugin_could_not_note_counts(made: Manifest, names: list[str]) -> None:
    """Seen on a real node: "Error while updating the recovery window … Skipping"."""
    unnoted: Manifest = {"status": {"serverRecoveryWindow": {"flagsmith-pg-17": {}}}}
    assert list(found(Asked(live(), store=unnoted, backups=[made]))) == names
