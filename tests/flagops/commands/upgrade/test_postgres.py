"""`ff db upgrade`: PostgreSQL's next major version, from a dump on the volume, with nobody writing meanwhile."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from flagops.commands.db import upgrade
from flagops.errors import OpsError
from flagops.stacks.deployed import Instance
from flagops.stacks.files import load_stack
from tests.containers import NAMESPACE, Containers
from tests.doubles.flagsmith import Flagsmith
from tests.flagops.commands.upgrade.conftest import BACKUP
from tests.platform import Platform
from tests.postgres_programs import postgres_programs

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("flagsmith")]
Run = Callable[..., Result]
WANTED = "18.0-bookworm"


def versions(home: Path) -> tuple[str, int]:
    settings = load_stack("local", home).settings.postgres
    return settings.version, settings.data_major


def image(platform: Platform) -> str:
    (pod,) = platform.pods("database")
    return str(pod["spec"]["containers"][0]["image"])


def test_the_writers_stop_the_dump_is_whole_and_the_new_version_is_deployed(
    flagsmith: Flagsmith, containers: Containers, home: Path, platform: Platform, run: Run
) -> None:
    assert flagsmith.url
    containers.postgres.query("DROP TABLE IF EXISTS moved; CREATE TABLE moved AS SELECT generate_series(1, 10) AS id")
    since = platform.revision()
    shown = run("db", "upgrade", WANTED, "--yes", "--engine", "direct")
    assert shown.exit_code == 0, shown.stdout + shown.stderr
    assert f"PostgreSQL {WANTED} serves. The backup from before is {BACKUP}." in shown.stdout
    assert "rm -r" in shown.stdout
    assert versions(home) == (WANTED, 18)
    assert image(platform) == f"postgres:{WANTED}"
    dump = containers.volume / "upgrade-17.dump"
    listed = subprocess.run([postgres_programs() / "pg_restore", "--list", dump], capture_output=True, check=True)
    assert b"TABLE DATA public moved" in listed.stdout
    assert "CREATE ROLE postgres;" in (containers.volume / "upgrade-17.roles.sql").read_text(encoding="utf-8")
    wanted = [replicas for replicas, _ in platform.scales(since)]
    assert 0 in wanted
    assert wanted[-1] == 3
    changes = platform.history(f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets", since)
    pods = platform.history(f"/api/v1/namespaces/{NAMESPACE}/pods", since)
    gone = [int(pod["metadata"]["resourceVersion"]) for kind, pod in pods if kind == "DELETED" and _is_api(pod)]
    changed = min(
        int(item["metadata"]["resourceVersion"])
        for _, item in changes
        if item["spec"]["template"]["spec"]["containers"][0]["image"].endswith(WANTED)
    )
    assert sorted(gone)[2] < changed, "nobody wrote when the database was replaced"
    dump.unlink()


def _is_api(pod: dict[str, dict[str, dict[str, str]]]) -> bool:
    return pod["metadata"]["labels"]["app.kubernetes.io/component"] == "api"


def test_a_failed_deployment_brings_the_old_version_back(
    home: Path, instance: Instance, containers: Containers
) -> None:
    said: list[tuple[str, int]] = []

    def deploy() -> None:
        said.append(versions(home))
        if len(said) == 1:
            raise OpsError("StatefulSet flagsmith-postgres is not ready.")

    with pytest.raises(OpsError, match=r"PostgreSQL 17.11-bookworm serves again, with its own data") as caught:
        upgrade.upgrade(instance, WANTED, deploy, lambda _: None)
    assert said == [(WANTED, 18), ("17.11-bookworm", 17)]
    assert BACKUP in (caught.value.hint or "")
    assert instance.get("apps/v1", "Deployment", "flagsmith")["spec"]["replicas"] == 3  # type: ignore[index]
    assert list(containers.volume.glob("upgrade-17.*")) == [], "it is not what the database holds from here on"


def test_a_volume_without_room_is_refused_before_anything_stops(
    home: Path, platform: Platform, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "ROOM", 1e12)
    generations = platform.generations()
    shown = run("db", "upgrade", WANTED, "--yes")
    assert shown.exit_code == 1
    assert "Raise postgres.storage.size" in shown.stderr
    assert (versions(home), platform.generations()) == (("17.11-bookworm", 17), generations)


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("17.12-bookworm", "17.12-bookworm has the major version 17, as 17.11-bookworm has."),
        ("16.4-bookworm", "16.4-bookworm is older than 17.11-bookworm"),
        ("newest", "'newest' must be a tag of the postgres image"),
    ],
)
def test_other_versions_are_refused(version: str, message: str, run: Run) -> None:
    shown = run("db", "upgrade", version, "--yes")
    assert shown.exit_code == 1
    assert message in shown.stderr
