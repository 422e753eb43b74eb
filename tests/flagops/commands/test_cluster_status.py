"""The rows of `ff status` on a Cluster: its servers, their lag, its archive, its pooler, and what is not known."""

from typing import Any

import pytest

from flagops.commands.status import cluster as logic
from flagops.commands.status.cluster import cluster_rows
from flagops.errors import FailedError
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.refusals import UnknownKindError
from flagops.pods.replication import Standby
from tests.flagops.commands.db.clusters import IMAGE, Operated, archived, live

LAST = "2026-11-20T01:45:00Z"
NEAR = [Standby("flagsmith-pg-2", "streaming", 128, 0.04)]


def server(number: int, *, ready: bool = True) -> Manifest:
    return {
        "kind": "Pod",
        "metadata": {
            "name": f"flagsmith-pg-{number}",
            "labels": {"cnpg.io/cluster": "flagsmith-pg", "cnpg.io/podRole": "instance"},
        },
        "spec": {"containers": [{"name": "postgres", "image": IMAGE}]},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def cluster(archiving: str = "True", **status: Any) -> Manifest:
    found = live()
    found["status"] |= {
        "readyInstances": 2,
        "targetPrimary": "flagsmith-pg-1",
        "conditions": [{"type": "ContinuousArchiving", "status": archiving}],
        **status,
    }
    return found


def store(last: str | None = LAST) -> Manifest:
    told = {"firstRecoverabilityPoint": "2026-11-01T00:00:00Z", "lastSuccessfulBackupTime": last}
    window = {} if last is None else {"flagsmith-pg-17": told}
    return {"kind": "ObjectStore", "metadata": {"name": "flagsmith-pg"}, "status": {"serverRecoveryWindow": window}}


def pooler(**status: Any) -> Manifest:
    metadata = {"name": "flagsmith-pg-pooler"}
    return {"kind": "Pooler", "metadata": metadata, "spec": {"instances": 2}, "status": status}


def rows(
    monkeypatch: pytest.MonkeyPatch,
    *objects: Manifest,
    known: list[Standby] | FailedError | None = None,
    **rest: Any,
) -> dict[str, tuple[str, bool]]:
    def standbys(_: Any, primary: Manifest) -> list[Standby]:
        assert primary["metadata"]["name"] == "flagsmith-pg-1"
        if isinstance(known, FailedError):
            raise known
        return NEAR if known is None else known

    monkeypatch.setattr(logic, "standbys", standbys)
    instance = Operated.of(*objects, **rest)
    return {f"{row.kind} {row.name}": (row.state, row.is_fine) for row in cluster_rows(instance)}


WELL = (cluster(), server(1), server(2), store())


def test_one_that_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    pooled = archived(pooler={"enabled": True})
    assert rows(monkeypatch, *WELL, pooler(instances=2, phase="active"), settings=pooled) == {
        "Cluster flagsmith-pg": ("2/2 servers ready, primary flagsmith-pg-1", True),
        "Standby flagsmith-pg-2": ("streaming, 128 bytes and 0.0 s behind", True),
        "Archive flagsmith-pg": ("the log is archived, last base backup 2026-11-20 01:45 UTC", True),
        "Pooler flagsmith-pg-pooler": ("2/2 ready, active", True),
    }


@pytest.mark.parametrize(
    ("known", "state", "is_fine"),
    [
        ([Standby("flagsmith-pg-2", "streaming", 5, 75.0)], "streaming, 5 bytes and 75.0 s behind", False),
        ([Standby("flagsmith-pg-2", "catchup", 5, 0.0)], "catchup, 5 bytes and 0.0 s behind", False),
        ([], "it is cut off from the primary", False),
        # What nobody may ask is no trouble of the stack's, and no good news either.
        (FailedError("you may not exec"), "how far it is behind is not known: you may not exec", True),
    ],
    ids=["far", "catching up", "cut off", "not asked"],
)
def test_a_standby_that_does_not_follow(
    known: list[Standby] | FailedError, state: str, is_fine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rows(monkeypatch, *WELL, known=known)["Standby flagsmith-pg-2"] == (state, is_fine)


def test_without_a_primary_nobody_is_asked_and_its_standbys_follow_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rows(monkeypatch, cluster(phase="Failing over"), server(1, ready=False), server(2), store())
    assert found["Cluster flagsmith-pg"] == ("2/2 servers ready, primary flagsmith-pg-1: Failing over", False)
    assert found["Standby flagsmith-pg-2"] == ("there is no primary to follow", False)


@pytest.mark.parametrize(
    ("archiving", "last", "state"),
    [
        ("False", LAST, "the log is not archived, last base backup 2026-11-20 01:45 UTC"),
        ("Unknown", None, "no log is archived yet, last base backup never"),
        ("True", None, "the log is archived, last base backup never"),
    ],
)
def test_an_archive_that_recovers_nothing(
    archiving: str, last: str | None, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = rows(monkeypatch, cluster(archiving), server(1), server(2), store(last))
    assert found["Archive flagsmith-pg"] == (state, False)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"instances": 1, "phase": "active"}, "1/2 ready, active"),
        ({"instances": 2, "phase": "paused"}, "2/2 ready, paused"),
        ({"instances": 2, "phase": "failed", "error": "no such parameter"}, "2/2 ready, failed: no such parameter"),
        ({}, "0/2 ready, unknown"),
    ],
)
def test_a_pooler_that_serves_nobody(status: dict[str, Any], state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = rows(monkeypatch, *WELL, pooler(**status), settings=archived(pooler={"enabled": True}))
    assert found["Pooler flagsmith-pg-pooler"] == (state, False)


def test_one_that_is_kept_is_shown_and_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = live()
    kept["metadata"]["name"] = "flagsmith-pg-0"
    found = rows(monkeypatch, *WELL, kept, settings=archived(kept=["flagsmith-pg-0"]))
    assert found["Cluster flagsmith-pg-0"] == ("kept, Cluster in healthy state", True)


def test_on_simulated_nodes_nobody_is_asked_for_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rows(monkeypatch, *WELL, known=FailedError("asked"), is_simulated=True)
    assert not [name for name in found if name.startswith("Standby")]


def test_without_its_operator_it_says_so() -> None:
    class Without(Operated):
        def items(self, _: str, kind: str, **__: str) -> list[Manifest]:
            raise UnknownKindError("postgresql.cnpg.io/v1", kind)

    (row,) = cluster_rows(Without.of())
    assert (row.kind, row.is_fine) == ("Cluster", False)
    assert "its operator is not there" in row.state
