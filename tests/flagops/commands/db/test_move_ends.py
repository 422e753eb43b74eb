"""How a move ends: by going back while Flagsmith moves, and by deleting the old database."""

from typing import Any

import pytest

from flagops.commands.db.backups import jobs as backup_jobs
from flagops.commands.db.move import held, servers
from flagops.commands.db.move.run import move
from flagops.commands.db.move.undo import forget, take_back
from flagops.errors import FailedError, RefusedError
from flagops.pods import jobs as cluster_jobs
from tests.flagops.commands.db.moving_world import Instance, Killed, World, project


@pytest.fixture
def switching(world: World) -> World:
    """A move whose last deployment failed: some pods write to the new database by now."""
    world.wrong["deploy cloudnativepg switching"] = FailedError("a pod does not start")
    with pytest.raises(FailedError):
        move(world.run, "cloudnativepg")
    world.done.clear()
    return world


def test_going_back_closes_the_new_database_before_the_old_one_is_opened(switching: World) -> None:
    take_back(switching.opened, switching.deploy, lambda _: None)
    assert switching.done[:2] == ["shut", "back"]
    assert switching.done[-1] == "deploy embedded kept"
    assert switching.started == ["embedded kept"], "without what an upgrade has left that was given up"


def test_where_the_new_database_cannot_be_told_flagsmith_is_stopped_first(switching: World) -> None:
    switching.wrong["shut"] = FailedError("it is away")
    said: list[str] = []
    take_back(switching.opened, switching.deploy, said.append)
    assert switching.done[:3] == ["shut", "stop Flagsmith", "back"]
    assert any("it is away" in line for line in said)


def test_where_neither_can_be_done_nothing_is_opened(switching: World) -> None:
    switching.wrong |= {"shut": FailedError("it is away"), "stop Flagsmith": FailedError("its pods do not end")}
    with pytest.raises(FailedError, match="its pods do not end"):
        take_back(switching.opened, switching.deploy, lambda _: None)
    assert "back" not in switching.done
    assert switching.place == "cloudnativepg switching"


def test_who_goes_on_after_going_back_was_killed_opens_the_new_one_again(switching: World) -> None:
    switching.wrong["back"] = Killed()
    with pytest.raises(Killed):
        take_back(switching.opened, switching.deploy, lambda _: None)
    switching.done.clear()
    move(switching.run, "cloudnativepg")
    assert switching.done[:2] == ["open", "deploy cloudnativepg switching"]
    assert switching.place == "cloudnativepg kept"


def test_each_of_them_names_its_server_by_the_stack_s_file(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "switching"
    project(home, {"mode": "cloudnativepg", "move": {"beside": "embedded", "step": "switching"}})
    given: list[dict[str, str]] = []
    monkeypatch.setattr(cluster_jobs, "start", lambda *_, env: given.append(env))
    monkeypatch.setattr(backup_jobs, "finish", lambda *_: {})
    there = World(home)
    instance: Any = Instance(there.stack, there)
    servers.close_new(instance, lambda _: None)
    servers.open_new(instance, lambda _: None)
    assert given == [
        {"STEP": "shut", "BACK_TO": "flagsmith-postgres"},
        {"STEP": "back", "BACK_TO": "flagsmith-pg-rw"},
    ]


def test_what_a_run_left_that_was_killed_is_ended_before_the_next_step(
    switching: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `stop` that still waits for a node would close the database again that `allow` has opened."""
    monkeypatch.undo()
    done: list[str] = []
    owner = {"kind": "CronJob", "name": "flagsmith-move", "uid": "1"}
    for name, owners in (("flagsmith-move-a1b2c3", [owner]), ("flagsmith-restore-a1b2c3", []), ("theirs", None)):
        job = {"metadata": {"name": name, **({} if owners is None else {"ownerReferences": owners})}}
        switching.objects["Job", name] = job
    monkeypatch.setattr(backup_jobs, "end", lambda _, name, __: done.append(f"ended {name}"))

    def finish(*_: object) -> dict[str, bool]:
        done.append("finished")
        return {"stopped": False}

    monkeypatch.setattr(backup_jobs, "finish", finish)
    monkeypatch.setattr(cluster_jobs, "start", lambda *_, env: done.append(f"started {env['STEP']}"))
    instance: Any = Instance(switching.stack, switching)
    assert servers.step(instance, "allow") == {"stopped": False}
    assert done == ["ended flagsmith-move-a1b2c3", "started allow", "finished"]


@pytest.mark.parametrize(
    ("live", "kept", "said"),
    [
        ({"environments": 3, "flags": 0}, {"environments": 3, "flags": 214}, "has 3 environments, 0 flags"),
        ({"environments": 0, "flags": 0}, {}, "has 0 environments, 0 flags; the old one has not been asked"),
        ({"environments": 3, "flags": 9, "closed": 1}, {"flags": 9}, "takes nothing new"),
    ],
    ids=["made anew", "empty", "given up"],
)
def test_the_database_of_before_stays_while_the_live_one_lacks_its_data(
    world: World, live: dict[str, int], kept: dict[str, int], said: str
) -> None:
    """A server that is ready may be an empty one: a volume that was lost is made anew, and Flagsmith migrates it."""
    move(world.run, "cloudnativepg")
    world.done.clear()
    world.held |= {"live": live, "kept": kept}
    with pytest.raises(RefusedError, match=said):
        forget(world.opened, world.deploy, lambda _: None)
    assert world.done == []
    assert world.place == "cloudnativepg kept"


def test_it_stays_too_while_nobody_can_ask_the_live_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    move(world.run, "cloudnativepg")

    def away(_: Any) -> dict[str, int]:
        raise FailedError('relation "features_feature" does not exist')

    monkeypatch.setattr(held, "live", away)
    with pytest.raises(RefusedError, match="features_feature"):
        forget(world.opened, world.deploy, lambda _: None)
    assert world.place == "cloudnativepg kept"


def test_one_of_before_that_is_away_already_keeps_nobody_from_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(world.run, "cloudnativepg")

    def away(_: Any) -> dict[str, int]:
        raise FailedError("no pod is ready")

    monkeypatch.setattr(held, "kept", away)
    assert forget(world.opened, world.deploy, lambda _: None) == "embedded"


def test_one_of_before_that_is_away_stays_while_the_live_one_has_what_a_deployment_makes_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A volume that was lost is made anew, with its first user and environments: what is away is all there is."""
    move(world.run, "cloudnativepg")
    world.done.clear()

    def away(_: Any) -> dict[str, int]:
        raise FailedError("no pod is ready")

    monkeypatch.setattr(held, "kept", away)
    world.held["live"] = {"environments": 3, "flags": 0, "users": 1, "identities": 0}
    with pytest.raises(RefusedError, match="0 flags, 1 users, 0 identities; the old one has not been asked"):
        forget(world.opened, world.deploy, lambda _: None)
    assert world.done == []
    assert world.place == "cloudnativepg kept"
