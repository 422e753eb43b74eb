"""`ff db drill --base`: what is recovered, what it is compared with, and that nothing of it is left."""

import pytest

from flagops.commands.db.backups.base import drill as logic
from flagops.commands.db.backups.base import scratch
from flagops.commands.db.backups.base.counting import Counted, Place
from flagops.commands.db.backups.base.drill import drill
from flagops.errors import ConflictError, DeadlineError, FailedError, OpsError, RefusedError
from tests.flagops.commands.db.clusters import IMAGE, OWNER, PARAMETERS, live
from tests.flagops.commands.db.drills import DRILL, MIGRATIONS, Databases, comes_up, fails, left, operated


def test_the_newest_is_recovered_up_to_the_place_that_was_counted_and_nothing_of_it_is_left(
    databases: Databases,
) -> None:
    instance, lines = operated(), list[str]()
    found = drill(instance, None, lines.append)
    assert (found.name, found.rows, found.migrations, found.changed) == ("newest", {"a": 3, "b": 1}, 1, [])
    assert found.is_base
    assert found.age_hours > 24
    assert databases.asked == [
        "toolbox",
        "live",
        "closed",
        f"{DRILL}-rw by the certificate of {DRILL}-ca",
        "toolbox removed",
    ]
    (made,) = [item for item in instance.made if item["kind"] == "Cluster"]
    spec = made["spec"]
    assert spec["bootstrap"] == {
        "recovery": {
            **OWNER,
            "source": "origin",
            "recoveryTarget": {"backupID": "id-of-newest", "targetLSN": "0/5000148"},
        }
    }
    (source,) = spec["externalClusters"]
    assert source["plugin"]["parameters"] == PARAMETERS
    assert "plugins" not in spec, "it would write into the archive of the live one"
    assert "synchronous" not in spec["postgresql"]
    assert "inheritedMetadata" not in spec, "it would be scraped as one of the stack's"
    assert (spec["instances"], spec["imageName"], spec["storage"]) == (1, IMAGE, {"size": "10Gi"})
    assert left(instance) == []
    assert any("000000010000000000000004" in line for line in lines), "it is said what is waited for"


@pytest.mark.parametrize("rows", [{"a": 3, "b": 0}, {"a": 3}, {"a": 3, "b": 1, "c": 1}], ids=["fewer", "lost", "more"])
def test_other_rows_than_the_live_ones_are_an_error_and_nothing_is_left(
    databases: Databases, rows: dict[str, int]
) -> None:
    databases.there = Counted(rows, MIGRATIONS)
    instance = operated()
    with pytest.raises(FailedError, match="do not have the rows of the live ones") as caught:
        drill(instance, None, lambda _: None)
    assert "\n  c: not live, 1 recovered" in str(caught.value) or "\n  b: 1 live," in str(caught.value)
    assert left(instance) == []


def test_of_a_table_that_changed_meanwhile_nothing_is_claimed(databases: Databases) -> None:
    databases.place = Place("0/5", "000000010000000000000005", {"a": 3, "b": 1}, {"a": 3, "b": 2}, MIGRATIONS)
    databases.there = Counted({"a": 3, "b": 2}, MIGRATIONS)
    assert drill(operated(), None, lambda _: None).changed == ["b"]


def test_one_that_cannot_be_recovered_says_which_job_failed_and_nothing_is_left(databases: Databases) -> None:
    instance = operated(fails)
    with pytest.raises(FailedError, match="the Job recovery failed \\(has reached the specified backoff limit\\)"):
        drill(instance, None, lambda _: None)
    assert left(instance) == []
    assert instance.deleted == [DRILL]
    assert databases.asked[-1] == "closed", "nothing was compared"


def test_an_interrupted_one_removes_its_cluster(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(scratch, "wait", interrupted)
    instance = operated()
    with pytest.raises(KeyboardInterrupt):
        drill(instance, None, lambda _: None)
    assert left(instance) == []
    assert databases.asked


def test_what_a_killed_one_left_is_removed_by_the_next(databases: Databases) -> None:
    leftover = scratch.manifest(live(), PARAMETERS, "old", "0/1")
    leftover["metadata"]["uid"] = "of-the-killed-one"
    instance, lines = operated(comes_up, leftover), list[str]()
    drill(instance, None, lines.append)
    assert instance.deleted == [DRILL, DRILL]
    assert "That was left by a drill that was ended." in lines
    assert databases.asked


def test_a_cluster_of_that_name_that_is_no_drills_is_never_deleted(databases: Databases) -> None:
    theirs = live()
    theirs["metadata"] |= {"name": DRILL, "labels": {"app.kubernetes.io/component": "database"}}
    instance = operated(comes_up, theirs)
    with pytest.raises(RefusedError, match="is not a drill's"):
        drill(instance, None, lambda _: None)
    assert instance.deleted == []
    assert databases.asked == []


def test_an_archive_that_stands_still_is_said_before_anything_is_made(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logic, "ARCHIVE_SECONDS", 0.2)
    databases.archived = ["000000010000000000000004"]
    instance = operated()
    with pytest.raises(DeadlineError, match="000000010000000000000005 is archived; the last one is 0"):
        drill(instance, None, lambda _: None)
    assert [item["kind"] for item in instance.made] == ["Lease"]


def test_a_failure_counts_more_than_that_its_cluster_does_not_go(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, lines = operated(fails), list[str]()
    removal = scratch.remove
    monkeypatch.setattr(scratch, "remove", lambda *given: removal(*given) if not instance.made[1:] else stays())

    def stays() -> bool:
        raise OpsError("it does not go")

    with pytest.raises(FailedError, match="the Job recovery failed"):
        drill(instance, None, lines.append)
    assert f"{DRILL} is left: it does not go" in lines
    assert databases.asked


def test_two_at_a_time_are_refused(databases: Databases) -> None:
    held = {"holderIdentity": "another/1/2/3", "renewTime": "2999-01-01T00:00:00.000000Z", "leaseDurationSeconds": 20}
    theirs = {"kind": "Lease", "metadata": {"name": "flagsmith-drill"}, "spec": held}
    with pytest.raises(ConflictError, match="the drill of this stack"):
        drill(operated(comes_up, theirs), None, lambda _: None)
    assert databases.asked == []


@pytest.mark.parametrize(("cluster", "name"), [("flagsmith-pg", DRILL), ("a" * 50, f"{'a' * 44}-drill")])
def test_its_name_is_one_that_the_operator_takes(cluster: str, name: str) -> None:
    assert scratch.name_of(cluster) == name
