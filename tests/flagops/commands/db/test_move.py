"""`ff db move`: what is written into the stack's file at each step, and what is left when a step fails or is killed."""

import pytest

from flagops.commands.db.move import plan
from flagops.commands.db.move.run import move
from flagops.commands.db.move.undo import forget, take_back
from flagops.errors import ConflictError, FailedError, NotFoundError, RefusedError
from tests.flagops.commands.db.moving_world import Killed, World

THERE = [
    "deploy embedded prepared",
    "look",
    "show certificate",
    "deploy embedded stopped",
    "closed",
    "stop",
    "stop",
    "begin import",
    "import",
    "compare",
    "deploy cloudnativepg switching",
    "hide certificate",
    "deploy cloudnativepg kept",
]
BACK = [
    "deploy cloudnativepg prepared",
    "look",
    "room",
    "deploy cloudnativepg stopped",
    "closed",
    "stop",
    "stop",
    "copy",
    "compare",
    "swap",
    "deploy embedded switching",
    "hide certificate",
    "deploy embedded kept",
]


def test_there_and_back_each_step_is_written_down_before_it_is_done(world: World) -> None:
    move(world.run, "cloudnativepg")
    assert world.done == THERE
    assert world.place == "cloudnativepg kept"
    assert world.postgres["move"]["beside"] == "embedded"
    world.done.clear()
    move(world.run, "embedded")
    assert world.done == BACK
    assert world.place == "embedded kept"
    world.done.clear()
    move(world.run, "embedded")
    assert world.done == []


@pytest.mark.parametrize("at", list(dict.fromkeys(THERE)))
def test_a_run_that_is_killed_anywhere_is_gone_on_with(world: World, at: str) -> None:
    world.wrong[at] = Killed()
    with pytest.raises(Killed):
        move(world.run, "cloudnativepg")
    # What is stopped when it is killed is stopped at the database too, or was about to be.
    if world.place == "embedded copying":
        assert world.frozen
    move(world.run, "cloudnativepg")
    assert world.place == "cloudnativepg kept"
    assert world.done[-1] == "deploy cloudnativepg kept"
    # Never is Flagsmith moved before all was compared.
    assert world.done.index("compare") < world.done.index("deploy cloudnativepg switching")


@pytest.mark.parametrize("at", ["deploy embedded stopped", "closed", "stop", "begin import", "import", "compare"])
def test_a_step_that_fails_before_the_switch_is_taken_back_and_users_are_served(world: World, at: str) -> None:
    world.wrong[at] = FailedError("no space left on device", hint="Look.")
    with pytest.raises(FailedError, match="no space left on device") as caught:
        move(world.run, "cloudnativepg")
    assert "serves from the old database" in str(caught.value.hint)
    assert world.place == "embedded"
    assert not world.frozen
    assert world.done[-4:] == ["allow", "delete Cluster/flagsmith-pg", "hide certificate", "deploy embedded"]
    world.done.clear()
    move(world.run, "cloudnativepg")
    assert world.done == THERE


def test_a_difference_is_named_and_nothing_is_switched(world: World) -> None:
    world.results["compare"] = {"tables": 3, "rows": 9, "differences": ["table public.users"]}
    with pytest.raises(FailedError, match=r"table public\.users"):
        move(world.run, "cloudnativepg")
    assert world.place == "embedded"
    assert "deploy cloudnativepg switching" not in world.done


@pytest.mark.parametrize("at", ["stop", "copy", "compare", "swap"])
def test_on_the_way_back_too_and_the_embedded_server_stays_as_it_is(world: World, at: str) -> None:
    move(world.run, "cloudnativepg")
    world.wrong[at] = FailedError("it failed")
    with pytest.raises(FailedError, match="it failed"):
        move(world.run, "embedded")
    assert world.place == "cloudnativepg kept"
    assert world.postgres["move"]["beside"] == "embedded"
    assert not world.frozen
    assert not any(item.startswith("delete") for item in world.done)


def test_when_taking_back_fails_too_both_are_said_and_what_to_type(world: World) -> None:
    world.wrong |= {"import": FailedError("the import failed"), "allow": FailedError("it is away")}
    with pytest.raises(FailedError, match=r"the import failed\nAnd taking it back failed: it is away") as caught:
        move(world.run, "cloudnativepg")
    assert "ff db move --abort --stack staging" in str(caught.value.hint)
    take_back(world.opened, world.deploy, lambda _: None)
    assert (world.place, world.frozen) == ("embedded", False)


def test_a_switch_that_fails_is_not_taken_back_by_itself_and_can_be_both_ways(world: World) -> None:
    world.wrong["deploy cloudnativepg switching"] = FailedError("a pod does not start", hint="Look.")
    with pytest.raises(FailedError, match="a pod does not start") as caught:
        move(world.run, "cloudnativepg")
    assert world.place == "cloudnativepg switching"
    assert "without what was written to the new one since" in str(caught.value.hint)
    before = (world.home / "Pulumi.staging.yaml").read_text(encoding="utf-8")
    take_back(world.opened, world.deploy, lambda _: None)
    assert world.place == "embedded kept"
    assert world.postgres["move"]["beside"] == "cloudnativepg"
    assert "back" in world.done
    assert not any(item.startswith("delete") for item in world.done)
    (world.home / "Pulumi.staging.yaml").write_text(before, encoding="utf-8")
    move(world.run, "cloudnativepg")
    assert world.place == "cloudnativepg kept"


def test_a_certificate_that_stays_keeps_nobody_from_going_back(world: World) -> None:
    world.wrong |= {"import": FailedError("the import failed"), "hide certificate": FailedError("no pod is ready")}
    with pytest.raises(FailedError, match="the import failed"):
        move(world.run, "cloudnativepg")
    assert world.place == "embedded"


def test_it_can_be_prepared_alone_so_that_the_cluster_is_set_first(world: World) -> None:
    move(world.run, "cloudnativepg", prepare_only=True)
    assert world.place == "embedded prepared"
    file = world.home / "Pulumi.staging.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("    move:", "    cluster: {instances: 2}\n    move:", 1), encoding="utf-8")
    move(world.run, "cloudnativepg")
    assert world.postgres["cluster"] == {"instances": 2}
    assert world.place == "cloudnativepg kept"


def test_what_was_set_for_a_cluster_leaves_the_file_when_it_is_taken_back(world: World) -> None:
    move(world.run, "cloudnativepg", prepare_only=True)
    file = world.home / "Pulumi.staging.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("    move:", "    cluster: {instances: 2}\n    move:", 1), encoding="utf-8")
    said: list[str] = []
    take_back(world.opened, world.deploy, said.append)
    assert world.postgres == {"storage": {"size": "10Gi"}}
    assert any('{"instances": 2}' in line for line in said)


@pytest.mark.parametrize("back", [False, True], ids=["embedded", "cluster"])
def test_the_database_of_before_is_deleted_when_it_is_told_and_its_protection_goes_first(
    world: World, back: bool
) -> None:
    move(world.run, "cloudnativepg")
    if back:
        move(world.run, "embedded")
    live = "embedded" if back else "cloudnativepg"
    world.done.clear()
    assert forget(world.opened, world.deploy, lambda _: None) == ("cloudnativepg" if back else "embedded")
    gone = (
        ["delete Cluster/flagsmith-pg", "drop before"]
        if back
        else ["delete StatefulSet/flagsmith-postgres", "delete PersistentVolumeClaim/flagsmith-postgres-data"]
    )
    assert world.done == [f"deploy {live} released", *gone, f"deploy {live}"]
    assert "move" not in world.postgres
    with pytest.raises(NotFoundError):
        forget(world.opened, world.deploy, lambda _: None)


def test_a_move_that_is_under_way_is_not_forgotten_and_one_that_is_not_is_not_taken_back(world: World) -> None:
    with pytest.raises(NotFoundError):
        take_back(world.opened, world.deploy, lambda _: None)
    move(world.run, "cloudnativepg", prepare_only=True)
    with pytest.raises(RefusedError, match="under way"):
        forget(world.opened, world.deploy, lambda _: None)
    with world.opened() as instance, pytest.raises(ConflictError, match="A move to cloudnativepg is under way"):
        plan.check(instance, "embedded")
