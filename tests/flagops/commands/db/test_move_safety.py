"""What `ff db move` must never do: delete somebody's Cluster, ask the wrong server, or be done by two at once."""

from pathlib import Path
from threading import Event
from typing import Any

import pytest

from components.kit import names
from flagops.commands.db.backups import jobs
from flagops.commands.db.move import command, importing, plan, servers
from flagops.commands.db.move.run import move
from flagops.commands.db.move.undo import forget, take_back
from flagops.errors import ConflictError, FailedError, NotFoundError, RefusedError
from flagops.kubernetes.objects import Manifest
from flagops.pods import jobs as cluster_jobs
from flagops.pods.exec import Completed
from tests.flagops.commands.db.moving_world import Instance, Killed, World, declared, project


def named(world: World, name: str) -> None:
    file = world.home / "Pulumi.staging.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("    move:", f"    cluster: {{name: {name}}}\n    move:", 1), encoding="utf-8")


def test_a_cluster_that_was_not_made_for_the_move_is_neither_deleted_nor_moved_to(world: World) -> None:
    move(world.run, "cloudnativepg", prepare_only=True)
    world.objects["Cluster", "orders"] = declared("orders", imports=False)
    named(world, "orders")
    world.done.clear()
    with pytest.raises(RefusedError, match="orders was not made for this move"):
        move(world.run, "cloudnativepg")
    with pytest.raises(RefusedError, match="orders was not made for this move"):
        take_back(world.opened, world.deploy, lambda _: None)
    assert world.done == []
    assert ("Cluster", "orders") in world.objects


def test_another_name_takes_the_place_of_the_one_that_was_declared(world: World) -> None:
    move(world.run, "cloudnativepg", prepare_only=True)
    named(world, "flags-db")
    world.done.clear()
    move(world.run, "cloudnativepg")
    assert world.done[:3] == ["delete Cluster/flagsmith-pg", "deploy embedded prepared", "look"]
    assert world.place == "cloudnativepg kept"
    assert ("Cluster", "flagsmith-pg") not in world.objects


@pytest.mark.parametrize(
    "other",
    [
        declared("flagsmith-pg-2", imports=False),
        declared("flagsmith-pg-2", imports=True, paused=False),
        {**declared("flagsmith-pg-2", imports=True), "status": {"currentPrimary": "flagsmith-pg-2-1"}},
    ],
    ids=["it was live", "it is at work", "it has a primary"],
)
def test_no_other_cluster_that_could_hold_data_goes(world: World, other: Manifest) -> None:
    world.objects["Cluster", "flagsmith-pg-2"] = other
    move(world.run, "cloudnativepg")
    assert ("Cluster", "flagsmith-pg-2") in world.objects


def test_a_first_step_that_was_killed_is_done_again(world: World) -> None:
    world.wrong["deploy embedded prepared"] = Killed()
    with pytest.raises(Killed):
        move(world.run, "cloudnativepg")
    world.done.clear()
    move(world.run, "cloudnativepg")
    assert world.done[:2] == ["deploy embedded prepared", "look"]


def test_a_last_deployment_that_was_killed_is_done_again(world: World) -> None:
    world.wrong["deploy cloudnativepg kept"] = Killed()
    with pytest.raises(Killed):
        move(world.run, "cloudnativepg")
    assert ("CronJob", "flagsmith-move") in world.objects
    world.done.clear()
    with world.opened() as instance:
        plan.check(instance, "cloudnativepg")
        assert "are closed" in "".join(plan.lines(instance, "cloudnativepg"))
    move(world.run, "cloudnativepg")
    assert world.done == ["deploy cloudnativepg kept"]
    assert ("CronJob", "flagsmith-move") not in world.objects


def test_an_embedded_server_of_before_that_is_away_does_not_keep_the_move_from_its_end(world: World) -> None:
    world.wrong["hide certificate"] = FailedError("no pod is ready")
    move(world.run, "cloudnativepg")
    assert world.place == "cloudnativepg kept"


def test_who_was_taken_for_killed_does_nothing_more() -> None:
    is_taken = Event()
    command.say_step("4. The live database takes nothing new…", is_taken)
    is_taken.set()
    with pytest.raises(ConflictError, match="Another run has taken this move over"):
        command.say_step("5. …", is_taken)


def pod(world: World, name: str, labels: dict[str, str], *, ready: bool = True) -> None:
    status = {"conditions": [{"type": "Ready", "status": str(ready)}]}
    world.objects["Pod", name] = {"metadata": {"name": name, "labels": labels}, "status": status}


# As the operator labels them (pkg/specs/pods.go of CloudNativePG 1.30.0).
CLUSTERS = {
    names.NAME: "postgresql",
    names.COMPONENT: "database",
    "cnpg.io/cluster": "flagsmith-pg",
    "cnpg.io/podRole": "instance",
}


@pytest.fixture
def servers_of_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[World, list[str]]:
    project(tmp_path, {"mode": "cloudnativepg", "move": {"beside": "embedded", "step": "switching"}})
    world, asked = World(tmp_path), []

    def run(_: Any, where: Manifest, script: list[str], **__: Any) -> Completed:
        asked.append(where["metadata"]["name"])
        return Completed(0, "1000\n" if "df " in script[2] else "", "")

    monkeypatch.setattr(servers, "run", run)
    world.objects["StatefulSet", "flagsmith-postgres"] = {}
    pod(world, "flagsmith-pg-1", CLUSTERS)
    pod(world, "flagsmith-postgres-0", names.selector("database"))
    return world, asked


def test_the_embedded_server_is_asked_and_never_the_cluster(
    servers_of_both: tuple[World, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Flagsmith is on the Cluster, the component's pods are the Cluster's, where these scripts would be wrong."""
    world, asked = servers_of_both
    instance: Any = Instance(world.stack, world)
    servers.hide_certificate(instance)
    servers.drop_before(instance)
    sizes = iter((600, 700))
    monkeypatch.setattr(servers, "step", lambda *_: {"bytes": next(sizes)})
    servers.require_room(instance)
    with pytest.raises(RefusedError, match="1000 bytes free, and the copy needs 1050"):
        servers.require_room(instance)
    assert set(asked) == {"flagsmith-postgres-0"}
    pod(world, "flagsmith-postgres-0", names.selector("database"), ready=False)
    with pytest.raises(NotFoundError, match="No pod of the embedded PostgreSQL is ready"):
        servers.drop_before(instance)


def test_going_back_names_the_server_whichever_deployment_made_the_template(
    servers_of_both: tuple[World, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the deployment that switches, the template still calls the server of before the live one."""
    given: dict[str, str] = {}

    def start(_: Any, template: str, *, env: dict[str, str]) -> str:
        assert template == "flagsmith-move"
        given.update(env)
        return "job"

    monkeypatch.setattr(cluster_jobs, "start", start)
    monkeypatch.setattr(jobs, "finish", lambda *_: {})
    world, _ = servers_of_both
    servers.step(Instance(world.stack, world), "back")  # type: ignore[arg-type]
    assert given == {"STEP": "back", "BACK_TO": "flagsmith-postgres"}
    given.clear()
    servers.step(Instance(world.stack, world), "allow")  # type: ignore[arg-type]
    assert given == {"STEP": "allow"}


def test_an_import_is_begun_into_nothing_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with world.opened() as instance:
        for there in (None, declared("flagsmith-pg", imports=False)):
            if there is not None:
                world.objects["Cluster", "flagsmith-pg"] = there
            with pytest.raises(ConflictError, match="made for this import"):
                importing.begin(instance)


def test_nothing_is_forgotten_while_the_live_database_is_away(world: World) -> None:
    move(world.run, "cloudnativepg")
    del world.objects["Pod", "server"]
    world.done.clear()
    with pytest.raises(RefusedError, match="may be all that is left"):
        forget(world.opened, world.deploy, lambda _: None)
    assert world.done == []
    assert world.place == "cloudnativepg kept"


def test_a_cluster_that_would_find_another_one_s_archive_is_not_moved_to(tmp_path: Path, world: World) -> None:
    """It would archive nothing, and its log would fill its volume."""
    postgres = {"mode": "embedded", "move": {"beside": "cloudnativepg", "step": "prepared"}}
    project(
        tmp_path / "archived", {**postgres, "cluster": {"version": "17.10-system-trixie", "backup": {"enabled": True}}}
    )
    world.home = tmp_path / "archived"
    window = {"flagsmith-pg-17": {"firstRecoverabilityPoint": "2026-11-01T00:00:00Z"}}
    world.objects["ObjectStore", "flagsmith-pg"] = {"status": {"serverRecoveryWindow": window}}
    with pytest.raises(RefusedError, match="A Cluster flagsmith-pg was archived before"):
        move(world.run, "cloudnativepg")
    assert world.done == []
    assert world.place == "embedded prepared"
