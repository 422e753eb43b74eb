"""The databases of a drill, and a stack that moves its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.db.backups.base import counting, scratch
from flagops.commands.db.backups.base import drill as logic
from flagops.commands.db.backups.base.counting import Counted, Place
from flagops.commands.db.move import held, importing, plan, route, servers, undo
from flagops.kubernetes import postgres_cluster
from flagops.kubernetes.objects import Manifest
from flagops.pods.exec import Completed
from tests.flagops.commands.db.drills import Databases
from tests.flagops.commands.db.moving_world import World, project


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> Databases:
    said = Databases()

    @contextmanager
    def toolbox(_: Any) -> Iterator[Manifest]:
        said.asked.append("toolbox")
        yield {"metadata": {"name": "toolbox"}}
        said.asked.append("toolbox removed")

    def counted(_: Any, __: Manifest) -> Place:
        said.asked.append("live")
        return said.place

    def closed(_: Any, pod: Manifest, command: tuple[str, ...], *, container: str) -> Completed:
        assert (pod["metadata"]["name"], container) == ("flagsmith-pg-1", "postgres")
        assert "--dbname=postgres" in command, "in the application's own database, its functions would run"
        said.asked.append("closed")
        return Completed(0, "", "")

    def archived(*_: object) -> str:
        return said.archived.pop(0) if len(said.archived) > 1 else said.archived[0]

    def elsewhere(_: Any, __: Manifest, host: str, authority: str) -> Counted:
        said.asked.append(f"{host} by the {authority}")
        return said.there

    monkeypatch.setattr(logic, "_toolbox", toolbox)
    monkeypatch.setattr(logic, "run", closed)
    monkeypatch.setattr(counting, "live", counted)
    monkeypatch.setattr(
        counting, "archived", lambda *_: said.archived.pop(0) if len(said.archived) > 1 else said.archived[0]
    )
    monkeypatch.setattr(counting, "elsewhere", elsewhere)
    # Nobody changes this Cluster, so that what it says need not be looked at twice.
    monkeypatch.setattr(scratch, "Steady", lambda: postgres_cluster.Steady(0.0))
    return said


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    project(tmp_path, {"storage": {"size": "10Gi"}})
    made = World(tmp_path)
    monkeypatch.setattr(servers, "step", made.step)
    monkeypatch.setattr(servers, "show_certificate", lambda _: made.note("show certificate"))
    monkeypatch.setattr(servers, "hide_certificate", lambda _: made.note("hide certificate"))
    monkeypatch.setattr(servers, "require_room", lambda _: made.note("room"))
    monkeypatch.setattr(servers, "drop_before", lambda _: made.note("drop before"))
    monkeypatch.setattr(servers, "close_new", lambda *_: made.note("shut"))
    monkeypatch.setattr(servers, "open_new", lambda *_: made.note("open"))
    monkeypatch.setattr(held, "live", lambda _: dict(made.held["live"]))
    monkeypatch.setattr(held, "kept", lambda _: dict(made.held["kept"]))
    monkeypatch.setattr(undo, "start_again", lambda *_: made.started.append(made.place))
    monkeypatch.setattr(plan, "left_stopped", lambda _: made.left)
    monkeypatch.setattr(undo, "stop", lambda *_: made.note("stop Flagsmith"))
    monkeypatch.setattr(importing, "begin", lambda _: made.note("begin import"))
    monkeypatch.setattr(importing, "wait", lambda *_: made.note("import"))
    monkeypatch.setattr(route, "require_closed", lambda _: made.note("closed"))
    return made
