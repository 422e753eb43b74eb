"""`ff db upgrade` of a Cluster: what must be true before, in which order things happen, and the way back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.deployment.sorting import SYSTEMS
from components.settings import Settings
from flagops.commands.db import major as logic
from flagops.commands.db.upgrade import check, go_on, is_unfinished, upgrade
from flagops.commands.images import renew
from flagops.errors import BadInputError, FailedError, NotFoundError, OpsError, RefusedError
from flagops.kubernetes.objects import Manifest
from flagops.pods.exec import Completed
from tests.components.settings.support import settings
from tests.flagops.commands.db.clusters import IMAGE, Operated, live

OLD, NEW = "17.10-system-trixie", "18.4-system-trixie"
CLUSTER = {"instances": 2, "version": OLD}


def stated(cluster: dict[str, Any] | None = None, **others: Any) -> Settings:
    return settings(
        postgres={"mode": "cloudnativepg", "version": "18.0-bookworm", "cluster": cluster or CLUSTER}, **others
    )


def server(number: int) -> Manifest:
    return {
        "kind": "Pod",
        "metadata": {
            "name": f"flagsmith-pg-{number}",
            "labels": {"cnpg.io/cluster": "flagsmith-pg", "cnpg.io/podRole": "instance"},
        },
        "spec": {"containers": [{"name": "postgres", "image": IMAGE}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


def well(data_major: int = 17, **spec: Any) -> Manifest:
    found = live(**spec)
    found["status"] |= {
        "readyInstances": 2,
        "targetPrimary": "flagsmith-pg-1",
        "pgDataImageInfo": {"majorVersion": data_major, "image": IMAGE},
    }
    return found


def operated(cluster: Manifest | None = None, wanted: Settings | None = None) -> Any:
    there = [server(1), server(2), *([] if cluster is None else [cluster])]
    return Operated.of(*there, settings=stated() if wanted is None else wanted)


@dataclass
class Steps:
    """What was done, in order."""

    done: list[str] = field(default_factory=list)
    free: str = "Avail\n9000000000\n"
    extensions: str = "pg_stat_statements, plpgsql, postgis"
    log: str = ""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    said = Steps()

    @contextmanager
    def stopped(*_: object, **__: object) -> Iterator[None]:
        said.done.append("stopped")
        yield
        said.done.append("started")

    def backup(_: Any, *, label: str, on_line: Any) -> Any:
        assert on_line
        said.done.append(f"backup {label}")
        return SimpleNamespace(name="the-backup")

    def ran(_: Any, pod: Manifest, command: list[str], *, container: str) -> Completed:
        assert (pod["metadata"]["name"], container) == ("flagsmith-pg-1", "postgres")
        return Completed(0, {"df": said.free, "sh": said.log}[command[0]], "")

    def asked(_: Any, statement: str, __: float) -> str:
        said.done.append(statement.partition(" ")[0])
        return f"0\n{said.extensions}" if statement.startswith("SELECT") else ""

    monkeypatch.setattr(logic, "stopped", stopped)
    monkeypatch.setattr(logic, "backup", backup)
    monkeypatch.setattr(logic, "run", ran)
    monkeypatch.setattr(logic, "asked", asked)
    monkeypatch.setattr(logic, "set_settings", lambda _, values: said.done.append(f"set {values}"))
    monkeypatch.setattr(renew, "lock_new_images", lambda *_: said.done.append("images"))
    return said


def test_the_writers_stop_the_version_is_written_and_statistics_are_made_before_they_start(steps: Steps) -> None:
    lines: list[str] = []
    made = upgrade(operated(well()), NEW, lambda: steps.done.append("deployed"), lines.append)
    assert made == "the-backup"
    assert steps.done == [
        "SELECT",
        "backup before-upgrade",
        "stopped",
        f"set {{'postgres.cluster.version': '{NEW}'}}",
        "images",
        "deployed",
        "ANALYZE",
        "started",
    ]
    assert any("postgis" in line and "plpgsql" not in line for line in lines)
    assert any("1 standbys are made anew" in line for line in lines)


def test_one_that_was_killed_is_gone_on_with(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the same command: its settings are the new version's already, and Flagsmith has no pods."""
    left = {"metadata": {"name": "flagsmith", "annotations": {"feature-flags/stopped-replicas": "3"}}}
    instance = operated(well(18), stated({"instances": 2, "version": NEW}))
    assert not is_unfinished(instance, NEW)
    instance.objects["Deployment", "flagsmith"] = left
    assert is_unfinished(instance, NEW)
    assert not is_unfinished(instance, "19.0-system-trixie")
    monkeypatch.setattr("flagops.commands.db.upgrade.resume", lambda *_: steps.done.append("started"))
    go_on(instance, lambda: steps.done.append("deployed"), lambda _: None)
    assert steps.done == ["deployed", "ANALYZE", "started"]


@pytest.mark.parametrize(
    ("cluster", "wanted", "version", "error", "said"),
    [
        (well(), stated(), "newest", BadInputError, "must be a tag of CloudNativePG's image"),
        (well(), stated(), "17.11-system-trixie", BadInputError, "has the major version 17"),
        (well(), stated(), "16.4-system-trixie", BadInputError, "is older than"),
        (well(), stated(), "19.0-system-trixie", RefusedError, "PostgreSQL 18's, and cannot read one of 19"),
        (well(), stated(), "18.4-system-bookworm", RefusedError, "made of Debian trixie, and .* of bookworm"),
        (None, stated(), NEW, NotFoundError, "There is no Cluster feature-flags/flagsmith-pg"),
        (well() | {"status": {"phase": "Failing over"}}, stated(), NEW, RefusedError, "not well.*Failing over"),
        (well(18), stated(), NEW, RefusedError, "data is PostgreSQL 18's, and the settings say 17"),
        (well(), stated(backup={"enabled": False}), NEW, RefusedError, "has no backups"),
    ],
    ids=["words", "a minor", "older", "dumps", "system", "not there", "not well", "not deployed", "no backup"],
)
def test_what_cannot_be_is_refused_before_anything_is_touched(
    cluster: Manifest | None,
    wanted: Settings,
    version: str,
    error: type[OpsError],
    said: str,
    steps: Steps,
) -> None:
    with pytest.raises(error, match=said):
        check(operated(cluster, wanted), version)
    with pytest.raises(error, match=said):
        upgrade(operated(cluster, wanted), version, lambda: pytest.fail("it was deployed"), lambda _: None)
    assert steps.done == []


def test_a_volume_without_room_is_refused_before_anything_stops(steps: Steps) -> None:
    steps.free = "Avail\n9000000000\n1000\n"
    instance = operated(well(walStorage={"size": "1Gi"}))
    with pytest.raises(RefusedError, match="/var/lib/postgresql/wal of flagsmith-pg-1 has 1000 bytes free"):
        upgrade(instance, NEW, lambda: pytest.fail("it was deployed"), lambda _: None)
    assert steps.done == []


def test_one_that_fails_puts_the_old_version_back(steps: Steps) -> None:
    def deploy() -> None:
        steps.done.append("deployed")
        if steps.done.count("deployed") == 1:
            raise FailedError("the Job flagsmith-pg-1-major-upgrade failed")

    steps.log = "pg_restore: error: no such type\n"
    said = f"failed\n  What pg_upgrade wrote:\n  {steps.log}PostgreSQL {OLD} serves again"
    with pytest.raises(FailedError, match=said) as caught:
        upgrade(operated(well()), NEW, deploy, lambda _: None)
    assert steps.done[3:] == [
        f"set {{'postgres.cluster.version': '{NEW}'}}",
        "images",
        "deployed",
        f"set {{'postgres.cluster.version': '{OLD}'}}",
        "deployed",
    ]
    assert "the-backup" in str(caught.value.hint)


def test_data_of_the_new_version_is_never_given_to_the_old_one(steps: Steps) -> None:
    instance = operated(well())

    def deploy() -> None:
        instance.objects["Cluster", "flagsmith-pg"]["status"]["pgDataImageInfo"]["majorVersion"] = 18
        steps.done.append("deployed")
        raise FailedError("a standby does not come")

    with pytest.raises(FailedError, match="The data is PostgreSQL 18's by now") as caught:
        upgrade(instance, NEW, deploy, lambda _: None)
    assert [step for step in steps.done if step.startswith("set")] == [f"set {{'postgres.cluster.version': '{NEW}'}}"]
    assert "`ff up --stack staging` goes on" in str(caught.value.hint)


def test_what_is_at_work_is_not_ended_half_way(steps: Steps) -> None:
    """The operator deletes the Job when the image of before is back, also while pg_upgrade links files."""
    instance = operated(well())

    def deploy() -> None:
        labels = {"cnpg.io/cluster": "flagsmith-pg", "cnpg.io/jobRole": "major-upgrade"}
        metadata = {"name": "flagsmith-pg-1-major-upgrade-x", "labels": labels}
        instance.objects["Pod", metadata["name"]] = {"metadata": metadata, "status": {"phase": "Running"}}
        raise FailedError("the API server does not answer")

    with pytest.raises(FailedError, match="The operator still moves the data") as caught:
        upgrade(instance, NEW, deploy, lambda _: None)
    assert [step for step in steps.done if step.startswith("set")] == [f"set {{'postgres.cluster.version': '{NEW}'}}"]
    assert "`ff up --stack staging` goes on" in str(caught.value.hint)


def test_a_way_back_that_fails_too_says_both(steps: Steps) -> None:
    def deploy() -> None:
        steps.done.append("deployed")
        raise FailedError(f"failure {steps.done.count('deployed')}")

    with pytest.raises(FailedError, match=f"failure 1\nPutting PostgreSQL {OLD} back failed too: failure 2") as caught:
        upgrade(operated(well()), NEW, deploy, lambda _: None)
    assert "Its data is as it was" in str(caught.value.hint)


def test_statistics_that_cannot_be_made_are_said_and_end_nothing(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(_: Any, statement: str, __: float) -> str:
        if statement == "ANALYZE":
            raise OpsError("The database cannot be asked.")
        return "0"

    monkeypatch.setattr(logic, "asked", asked)
    lines: list[str] = []
    assert upgrade(operated(well()), NEW, lambda: None, lines.append) == "the-backup"
    assert any("That failed: The database cannot be asked." in line for line in lines)
    assert steps.done[-1] == "started"


def test_the_systems_that_are_told_apart_are_those_of_the_settings_own_tag() -> None:
    tag = (Path(logic.__file__).parents[3] / "components/settings/default_images.py").read_text(encoding="utf-8")
    assert any(f"system-{name}" in tag for name in SYSTEMS), "newer images are of a system that is not known"
