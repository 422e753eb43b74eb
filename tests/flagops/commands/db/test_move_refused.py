"""What `ff db move` refuses, what it says before it begins, and what must not come between."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.db.move import plan, route
from flagops.commands.db.move.run import move
from flagops.commands.deploy.moving import refuse_moving
from flagops.errors import BadInputError, ConflictError, OpsError, RefusedError
from flagops.kubernetes.objects import Manifest, Ref
from tests.flagops.commands.db.moving_world import LOOKED, Killed, World, project


def test_no_deployment_comes_between_while_writes_are_stopped(world: World) -> None:
    world.wrong["import"] = Killed()
    with pytest.raises(Killed):
        move(world.run, "cloudnativepg")
    with pytest.raises(ConflictError, match="being moved to cloudnativepg") as caught:
        refuse_moving(world.stack)
    assert "ff db move cloudnativepg --stack staging" in str(caught.value.hint)
    move(world.run, "cloudnativepg")
    refuse_moving(world.stack)


@pytest.mark.parametrize(
    ("found", "error", "said"),
    [
        ({"code": ["public.evil()"]}, RefusedError, "public.evil"),
        ({"unreadable": ["large object 12"]}, RefusedError, "large object 12"),
        ({"bytes": 9 * 1024**3}, RefusedError, "would have 10Gi"),
        ({"marked": 12}, RefusedError, "marked 12 columns .* 17.10-system-trixie does not know that"),
    ],
)
def test_what_cannot_be_moved_is_said_while_users_notice_nothing(
    world: World, found: Mapping[str, Any], error: type[OpsError], said: str
) -> None:
    world.results["look"] = {**LOOKED, **found}
    with pytest.raises(error, match=said):
        move(world.run, "cloudnativepg")
    assert world.place == "embedded prepared"
    assert world.done == ["deploy embedded prepared", "look"]


@pytest.mark.parametrize("to", ["cloudnativepg", "embedded"])
def test_what_a_newer_release_has_marked_goes_to_none_that_does_not_know_it(
    world: World, to: str, tmp_path: Path
) -> None:
    marked = {**LOOKED, "marked": 7}
    newer: dict[str, Any] = {"version": "17.12-bookworm"}
    if to == "cloudnativepg":
        move_there = {"beside": to, "step": "prepared"}
        newer = {"move": move_there, "cluster": {"version": "17.12-system-trixie"}}
    setting = "postgres.cluster.version" if to == "cloudnativepg" else "postgres.version"
    with world.opened() as instance, pytest.raises(RefusedError, match="marked 7 columns") as caught:
        list(plan.require_movable(instance, marked, to))
    assert f"Set {setting} to a tag" in str(caught.value.hint)
    project(tmp_path / "newer", newer)
    with World(tmp_path / "newer").opened() as instance:
        assert list(plan.require_movable(instance, marked, to))


def test_what_stays_behind_is_told(world: World) -> None:
    with world.opened() as instance:
        lines = "\n".join(
            plan.require_movable(instance, {**LOOKED, "roles": ["bi"], "databases": ["tasks"]}, "embedded")
        )
    assert "bi" in lines
    assert "tasks" in lines


def cluster() -> Manifest:
    return {"metadata": {"name": "flagsmith-pg"}}


def job() -> Manifest:
    return {"metadata": {"name": "flagsmith-backup-abc"}, "status": {"active": 1}}


def operator(available: int) -> Manifest:
    return {"metadata": {"name": "cnpg-controller-manager"}, "status": {"availableReplicas": available}}


def test_what_speaks_against_it_is_said_before_anything_is_changed(world: World) -> None:
    def refused(error: type[OpsError], said: str, to: str = "cloudnativepg") -> None:
        before = (world.home / "Pulumi.staging.yaml").read_text(encoding="utf-8")
        with pytest.raises(error, match=said):
            move(world.run, to)
        assert world.done == []
        assert (world.home / "Pulumi.staging.yaml").read_text(encoding="utf-8") == before

    world.has_operator = False
    refused(RefusedError, "has no operator CloudNativePG")
    world.has_operator = True
    world.operators = [operator(0)]
    refused(RefusedError, "operator does not run")
    world.operators = [operator(1)]
    world.objects["Cluster", "flagsmith-pg"] = cluster()
    refused(RefusedError, "There is a Cluster flagsmith-pg already")
    world.objects = {("Job", "flagsmith-backup-abc"): job()}
    refused(ConflictError, "flagsmith-backup-abc is at work")


def test_what_a_killed_run_has_stopped_is_started_before_a_move(world: World) -> None:
    """The dump of an upgrade that was given up would stay on the volume of the old database."""
    world.left = [Ref("apps/v1", "Deployment", "feature-flags", "flagsmith")]
    with world.opened() as instance, pytest.raises(RefusedError, match="Flagsmith is stopped") as caught:
        plan.check(instance, "cloudnativepg")
    assert "ff up --stack staging" in str(caught.value.hint)
    world.left = []
    with world.opened() as instance:
        plan.check(instance, "cloudnativepg")


def test_settings_that_would_be_refused_leave_the_file_as_it_was(world: World) -> None:
    file = world.home / "Pulumi.staging.yaml"
    text = file.read_text(encoding="utf-8").replace("storage:", "existingSecret: mine\n    storage:", 1)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match=r"postgres\.existingSecret"):
        move(world.run, "cloudnativepg")
    assert file.read_text(encoding="utf-8") == text
    assert world.done == []


def test_the_plan_says_what_is_down_what_could_still_write_and_what_an_sdk_gets(world: World) -> None:
    with world.opened() as instance:
        text = "\n".join(plan.lines(instance, "cloudnativepg"))
    for said in ("503", "gets 500", "an SDK's POST with traits", "ff db move --forget", "staging (here)"):
        assert said in text


def way(kind: str, *backends: str) -> Manifest:
    if kind == "Ingress":
        paths = [{"path": "/", "backend": {"service": {"name": name}}} for name in backends]
        spec: dict[str, Any] = {"rules": [{"http": {"paths": paths}}]}
    else:
        spec = {"rules": [{"backendRefs": [{"name": name}]} for name in backends]}
    return {"metadata": {"name": "flagsmith", "managedFields": [{"manager": "argocd-controller"}]}, "spec": spec}


def test_a_way_in_that_somebody_else_has_opened_again_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    world.objects["Ingress", "flagsmith"] = way("Ingress", "flagsmith")
    with world.opened() as instance, pytest.raises(RefusedError, match="argocd-controller"):
        route.require_closed(instance)
    world.objects["Ingress", "flagsmith"] = way("Ingress", "flagsmith", "flagsmith-closed")
    with world.opened() as instance:
        route.require_closed(instance)
