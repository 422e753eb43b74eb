"""`ff db backup --base` and `backups --base`: what is asked of the operator, and what it says."""

from typing import Any

import pytest

from components.settings import Settings
from flagops.commands.db.backups.base import archive
from flagops.errors import DeadlineError, FailedError, NotFoundError, OpsError, RefusedError, UnsupportedError
from flagops.kubernetes.objects import Manifest
from tests.components.settings.support import settings
from tests.flagops.commands.db.clusters import Operated, archived, base_backup, live

EARLIER, LATER = "2026-11-20T01:45:00Z", "2026-11-21T01:45:00Z"


def ends(phase: str, **status: Any) -> Any:
    def acts(_: Operated, made: Manifest) -> None:
        made["status"] = {"phase": phase, "backupId": "20261120T014500", **status}

    return acts


def test_one_is_made_by_the_plugin_and_waited_for() -> None:
    instance = Operated.of(live(), acts=ends("completed", startedAt=EARLIER, stoppedAt=EARLIER, majorVersion=17))
    done = archive.make(instance, lambda _: None)
    assert (done.state, done.id, done.major) == ("completed", "20261120T014500", 17)
    (made,) = instance.made
    assert made["spec"] == {
        "cluster": {"name": "flagsmith-pg"},
        "method": "plugin",
        "pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"},
    }
    assert made["metadata"]["name"].startswith("flagsmith-pg-2")


def test_one_that_fails_says_why_without_its_secrets() -> None:
    instance = Operated.of(live(), acts=ends("failed", error="403 for hunter2"))
    with pytest.raises(FailedError, match=r"failed: 403 for \*\*\*") as caught:
        archive.make(instance, lambda _: None)
    assert "describe backups.postgresql.cnpg.io flagsmith-pg-2" in str(caught.value.hint)


def test_one_that_never_ends_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "SECONDS", 0.2)
    states: list[str] = []
    with pytest.raises(DeadlineError, match="walArchivingFailing"):
        archive.make(Operated.of(live(), acts=ends("walArchivingFailing")), states.append)
    assert states == ["walArchivingFailing"]


def test_the_newest_is_first_and_those_of_another_cluster_are_not_listed() -> None:
    other = base_backup("other", started=LATER)
    other["spec"]["cluster"]["name"] = "another"
    running = base_backup("running", phase="running")
    instance = Operated.of(live(), base_backup("a", started=EARLIER), base_backup("b", started=LATER), running, other)
    assert [item.name for item in archive.base_backups(instance)] == ["running", "b", "a"]
    assert archive.chosen(instance, live(), None, print).name == "b"
    assert archive.chosen(instance, live(), "a", print).name == "a"


@pytest.mark.parametrize(
    ("stated", "objects", "error", "said"),
    [
        (settings(), [], UnsupportedError, "it is not a Cluster of CloudNativePG"),
        (settings(postgres={"mode": "cloudnativepg"}), [live()], UnsupportedError, "is not archived"),
        (archived(), [], NotFoundError, "There is no Cluster feature-flags/flagsmith-pg"),
        (archived(), [live(plugins=[])], RefusedError, "is not archived yet"),
    ],
    ids=["embedded", "no archive", "not there", "not deployed"],
)
def test_without_an_archive_nothing_is_made(
    stated: Settings, objects: list[Manifest], error: type[OpsError], said: str
) -> None:
    instance = Operated.of(*objects, settings=stated)
    with pytest.raises(error, match=said) as caught:
        archive.make(instance, lambda _: None)
    assert caught.value.hint
    assert instance.made == []


@pytest.mark.parametrize(
    ("wanted", "error", "said"),
    [
        ("c", NotFoundError, "There is no base backup 'c' of flagsmith-pg; there are: a."),
        ("b", OpsError, "The base backup b is not complete, but failed. no room"),
    ],
)
def test_one_that_is_not_there_or_not_complete_is_refused(wanted: str, error: type[OpsError], said: str) -> None:
    instance = Operated.of(
        live(), base_backup("a", started=EARLIER), base_backup("b", phase="failed", started=LATER, error="no room")
    )
    with pytest.raises(error) as caught:
        archive.chosen(instance, live(), wanted, print)
    assert caught.value.message == said


def test_one_of_before_an_upgrade_is_left_out_and_that_is_said() -> None:
    """The servers cannot read it: a recovery from it would wait for ever, or bring the old version back."""
    upgraded = live()
    upgraded["status"]["pgDataImageInfo"] = {"majorVersion": 18}
    old = base_backup("old", started=LATER)
    lines: list[str] = []
    with pytest.raises(RefusedError, match="no base backup of flagsmith-pg yet"):
        archive.chosen(Operated.of(upgraded, old), upgraded, None, lines.append)
    assert lines == ["Left out: old, of PostgreSQL 17. The servers are PostgreSQL 18."]
    with pytest.raises(OpsError, match="old is of PostgreSQL 17, and the servers are PostgreSQL 18") as caught:
        archive.chosen(Operated.of(upgraded, old), upgraded, "old", print)
    assert "another-major-version" in str(caught.value.hint)
    new = base_backup("new", started=EARLIER, majorVersion=18)
    assert archive.chosen(Operated.of(upgraded, old, new), upgraded, None, print).name == "new"


def test_where_there_is_none_the_way_to_one_is_said() -> None:
    with pytest.raises(RefusedError, match="no base backup of flagsmith-pg yet") as caught:
        archive.chosen(Operated.of(live()), live(), None, print)
    assert "ff db backup --base --stack staging" in str(caught.value.hint)
