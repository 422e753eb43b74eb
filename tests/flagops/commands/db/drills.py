"""What a drill of a Cluster meets: an operator that recovers one or fails to, and databases that answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flagops.commands.db.backups.base.counting import Counted, Place
from flagops.kubernetes.objects import Manifest
from tests.flagops.commands.db.clusters import IMAGE, Operated, base_backup, live

DRILL = "flagsmith-pg-drill"
MIGRATIONS = frozenset({"features.0001"})
ROWS = {"a": 3, "b": 1}
SEGMENTS = ("000000010000000000000004", "000000010000000000000005")
STARTED = "2026-11-20T01:45:00Z"


def comes_up(operated: Operated, made: Manifest) -> None:
    """What the operator does with a Cluster that can be recovered."""
    if made["kind"] != "Cluster":
        return
    name, labels = (
        made["metadata"]["name"],
        {"cnpg.io/cluster": made["metadata"]["name"], "cnpg.io/podRole": "instance"},
    )
    made["status"] = {
        "phase": "Cluster in healthy state",
        "readyInstances": 1,
        "currentPrimary": f"{name}-1",
        "targetPrimary": f"{name}-1",
    }
    operated.objects["Pod", f"{name}-1"] = {
        "metadata": {"name": f"{name}-1", "labels": labels, "creationTimestamp": STARTED, "namespace": "feature-flags"},
        "spec": {"containers": [{"name": "postgres", "image": IMAGE}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    operated.objects["PersistentVolumeClaim", f"{name}-1"] = {"metadata": {"name": f"{name}-1", "labels": labels}}
    operated.objects["Secret", f"{name}-ca"] = {"metadata": {"name": f"{name}-ca", "labels": labels}}


def fails(operated: Operated, made: Manifest) -> None:
    """What it does with one whose recovery fails: its Job fails for good, and the Cluster says nothing of it."""
    if made["kind"] != "Cluster":
        return
    comes_up(operated, made)
    name = made["metadata"]["name"]
    made["status"] = {"phase": "Setting up primary"}
    failed = {"type": "Failed", "status": "True", "message": "has reached the specified backoff limit"}
    operated.objects["Job", "recovery"] = {
        "metadata": {"name": "recovery", "labels": {"cnpg.io/cluster": name, "cnpg.io/jobRole": "full-recovery"}},
        "status": {"conditions": [failed]},
    }


@dataclass
class Databases:
    """What the databases answer, and in which order they were asked."""

    place: Place = field(
        default_factory=lambda: Place(
            "0/5000148", "000000010000000000000005", {"a": 3, "b": 1}, {"a": 3, "b": 1}, MIGRATIONS
        )
    )
    there: Counted = field(default_factory=lambda: Counted({"a": 3, "b": 1}, MIGRATIONS))
    archived: list[str] = field(default_factory=lambda: list(SEGMENTS))
    asked: list[str] = field(default_factory=list)


def operated(acts: Callable[[Operated, Manifest], None] = comes_up, *objects: Manifest) -> Any:
    primary = {"kind": "Pod", "metadata": {"name": "flagsmith-pg-1", "labels": {"cnpg.io/cluster": "flagsmith-pg"}}}
    return Operated.of(live(), primary, base_backup("newest", started=STARTED), *objects, acts=acts)


def left(instance: Any) -> list[str]:
    return [name for kind, name in instance.objects if DRILL in name or kind == "Lease"]
