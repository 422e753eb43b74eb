"""`ff db restore --to`: what is written into the stack's file, in which order things happen, and what is refused."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import Result

from flagops.commands.cache import caches
from flagops.commands.db.backups import recovery
from flagops.commands.db.backups.recovery import new_name, recover
from flagops.errors import BadInputError, FailedError, OpsError, RefusedError, UnsupportedError
from flagops.stacks.files import Stack, load_stack
from tests.recording import ROOT

MOMENT = "2026-11-20T13:05:00Z"
CLUSTER: dict[str, Any] = {"instances": 3, "backup": {"enabled": True}}
WINDOW = {"flagsmith-pg-17": {"firstRecoverabilityPoint": "2026-11-01T00:00:00Z"}}


def project(home: Path, postgres: Mapping[str, Any]) -> Stack:
    """A project of the test's own, with the stack `staging`."""
    for name in ("Pulumi.yaml", "__main__.py"):
        (home / name).symlink_to(ROOT / name)
    stated = load_stack("staging", ROOT)
    config = {**stated.values, f"{stated.project}:postgres": dict(postgres)}
    config[f"{stated.project}:backup"] = {"s3": {"bucket": "backups", "existingSecret": "s3"}}
    config[f"{stated.project}:namespace"] = {"name": "feature-flags", "quota": {"persistentVolumeClaims": 40}}
    (home / "Pulumi.staging.yaml").write_text(yaml.safe_dump({"config": config}, sort_keys=False), encoding="utf-8")
    return load_stack("staging", home)


@dataclass
class Deployed:
    """A stack's instance, of which only objects are asked."""

    stack: Stack
    window: Mapping[str, Any] = field(default_factory=lambda: WINDOW)
    clusters: tuple[str, ...] = ()
    backups: tuple[dict[str, Any], ...] = ()
    namespace: str = "feature-flags"
    context: str = "here"
    kubectl: str = "kubectl -n feature-flags"

    @property
    def settings(self) -> Any:
        return self.stack.settings

    def items(self, _: str, kind: str) -> list[dict[str, Any]]:
        assert kind == "Backup"
        return list(self.backups)

    def get(self, _: str, kind: str, name: str) -> Mapping[str, Any] | None:
        if kind == "ObjectStore":
            return {"status": {"serverRecoveryWindow": self.window}}
        there = (self.settings.postgres.cluster.name, *self.clusters)
        where = {"barmanObjectName": "flagsmith-pg", "serverName": f"{name}-17"}
        archiver = {"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True, "parameters": where}
        return {"metadata": {"name": name}, "spec": {"plugins": [archiver]}} if name in there else None


@pytest.fixture
def afterwards(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done once the new Cluster is live."""
    done: list[str] = []
    monkeypatch.setattr(recovery, "write_keys", lambda *_, **__: done.append("keys"))
    monkeypatch.setattr(caches, "flush", lambda *_: done.append("caches"))
    return done


def postgres(cluster: Mapping[str, Any] = CLUSTER) -> dict[str, Any]:
    return {"mode": "cloudnativepg", "cluster": dict(cluster)}


def written(home: Path) -> dict[str, Any]:
    found = load_stack("staging", home)
    values: Any = found.values[f"{found.project}:postgres"]
    return dict(values["cluster"])


def test_the_file_names_the_new_cluster_its_origin_and_the_one_that_is_kept_before_anything_is_deployed(
    tmp_path: Path, afterwards: list[str]
) -> None:
    seen: list[dict[str, Any]] = []

    def deploy() -> None:
        assert afterwards == []
        seen.append(written(tmp_path))

    instance: Any = Deployed(project(tmp_path, postgres()))
    done = recover(instance, MOMENT, deploy, lambda _: None)
    assert done.cluster == "flagsmith-pg-202611201305"
    assert done.before == "flagsmith-pg"
    assert seen == [
        {
            **CLUSTER,
            "name": "flagsmith-pg-202611201305",
            "kept": ["flagsmith-pg"],
            "recovery": {"cluster": "flagsmith-pg", "targetTime": MOMENT},
        }
    ]
    assert afterwards == ["keys", "caches"]
    assert load_stack("staging", tmp_path).settings.postgres.cluster.name == done.cluster


def test_a_second_recovery_is_from_the_cluster_that_is_live_and_keeps_both(
    tmp_path: Path, afterwards: list[str]
) -> None:
    live = {**CLUSTER, "name": "flagsmith-pg-202611200000", "kept": ["flagsmith-pg"]}
    window = {"flagsmith-pg-202611200000-17": {"firstRecoverabilityPoint": "2026-11-20T00:10:00Z"}}
    instance: Any = Deployed(project(tmp_path, postgres(live)), window)
    recover(instance, MOMENT, lambda: None, lambda _: None)
    assert written(tmp_path)["kept"] == ["flagsmith-pg", "flagsmith-pg-202611200000"]
    assert written(tmp_path)["recovery"]["cluster"] == "flagsmith-pg-202611200000"
    assert written(tmp_path)["name"] == "flagsmith-pg-202611201305"
    assert afterwards


def test_a_moment_of_another_time_zone_is_the_same_one_in_utc(tmp_path: Path, afterwards: list[str]) -> None:
    instance: Any = Deployed(project(tmp_path, postgres()))
    assert recover(instance, "2026-11-20T15:05:00+02:00", lambda: None, lambda _: None).moment == MOMENT
    assert afterwards


def test_names_stay_within_what_the_operator_takes() -> None:
    moment = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
    assert new_name("a" * 50, moment) == f"{'a' * 37}-202611201305"
    assert new_name(new_name("flagsmith-pg", moment), moment + timedelta(minutes=1)) == "flagsmith-pg-202611201306"


def test_a_deployment_that_fails_says_how_to_go_on_and_how_to_go_back(tmp_path: Path, afterwards: list[str]) -> None:
    def deploy() -> None:
        raise FailedError("the Cluster does not come up", hint="See its phase.")

    instance: Any = Deployed(project(tmp_path, postgres()))
    with pytest.raises(FailedError, match="does not come up") as caught:
        recover(instance, MOMENT, deploy, lambda _: None)
    hint = str(caught.value.hint)
    assert hint.startswith("See its phase. ")
    assert "`ff up --stack staging` again" in hint
    assert json.dumps(CLUSTER) in hint
    assert "kept: [flagsmith-pg-202611201305]" in hint
    assert afterwards == []


@pytest.mark.parametrize("arguments", [(), ("latest", "--to", MOMENT)], ids=["neither", "both"])
def test_a_backup_or_a_moment_is_named_and_not_both(arguments: tuple[str, ...], run: Callable[..., Result]) -> None:
    refused = run("db", "restore", *arguments)
    assert refused.exit_code != 0
    assert "Name a backup, or with --to a moment." in refused.stderr


@pytest.mark.parametrize(
    ("stated", "window", "clusters", "moment", "error", "said"),
    [
        ({}, WINDOW, (), MOMENT, UnsupportedError, "it is not a Cluster"),
        (postgres({}), WINDOW, (), MOMENT, UnsupportedError, "backup.enabled is false"),
        (postgres(), WINDOW, (), "yesterday", BadInputError, "must be a moment with its time zone"),
        (postgres(), WINDOW, (), "2026-11-20T13:05:00", BadInputError, "must be a moment with its time zone"),
        (postgres(), WINDOW, (), "2999-01-01T00:00:00Z", BadInputError, "may not be archived yet"),
        (postgres(), WINDOW, (), "2026-10-31T00:00:00Z", BadInputError, "is before the first moment"),
        (postgres(), {}, (), MOMENT, RefusedError, "no base backup of flagsmith-pg yet"),
        (postgres(), WINDOW, ("flagsmith-pg-202611201305",), MOMENT, RefusedError, "There is a Cluster"),
    ],
    ids=["embedded", "no archive", "words", "no zone", "to come", "too early", "no base backup", "a second time"],
)
def test_what_cannot_be_recovered_is_refused_and_the_file_stays_as_it_was(
    stated: dict[str, Any],
    window: dict[str, Any],
    clusters: tuple[str, ...],
    moment: str,
    error: type[OpsError],
    said: str,
    tmp_path: Path,
) -> None:
    instance: Any = Deployed(project(tmp_path, stated), window, clusters)
    before = (tmp_path / "Pulumi.staging.yaml").read_text(encoding="utf-8")
    with pytest.raises(error, match=said):
        recover(instance, moment, lambda: pytest.fail("it was deployed"), lambda _: None)
    assert (tmp_path / "Pulumi.staging.yaml").read_text(encoding="utf-8") == before


def test_a_base_backup_that_the_plugin_could_not_note_is_enough(tmp_path: Path, afterwards: list[str]) -> None:
    state = {"phase": "completed", "majorVersion": 17, "stoppedAt": "2026-11-20T12:00:00Z"}
    made = {"spec": {"cluster": {"name": "flagsmith-pg"}}, "status": state}
    instance: Any = Deployed(project(tmp_path, postgres()), {"flagsmith-pg-17": {}}, backups=(made,))
    with pytest.raises(BadInputError, match="before the first moment that can be recovered, 2026-11-20T12:00:00Z"):
        recover(instance, "2026-11-20T11:59:59Z", lambda: None, lambda _: None)
    recover(instance, MOMENT, lambda: None, lambda _: None)
    assert afterwards == ["keys", "caches"]


def test_a_run_that_was_ended_is_gone_on_with_and_its_cluster_is_not_called_unneeded(tmp_path: Path) -> None:
    live = {**CLUSTER, "name": "flagsmith-pg-202611201305", "kept": ["flagsmith-pg"]}
    instance: Any = Deployed(project(tmp_path, postgres(live)))
    with pytest.raises(RefusedError, match="says already that the database is flagsmith-pg-202611201305") as caught:
        recover(instance, MOMENT, lambda: None, lambda _: None)
    assert "`ff up --stack staging` goes on" in str(caught.value.hint)
    assert "delete" not in str(caught.value.hint)
