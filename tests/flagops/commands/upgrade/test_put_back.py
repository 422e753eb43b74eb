"""An upgrade of the embedded PostgreSQL that fails or is interrupted: no dump of before becomes the data later."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flagops.commands.db import upgrade as logic
from flagops.errors import DeadlineError, FailedError
from flagops.pods.exec import Completed
from flagops.pods.given_up import forget_script
from tests.components.settings.support import settings
from tests.flagops.commands.db.clusters import Operated

WANTED = "18.0-bookworm"
HELD = "flagops.commands.db.upgrade"


class World:
    """What was done, in order; and what the server's container says of its data."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.state = ""
        self.restarts = 0

    def deploy(self, *, failures: int = 1) -> None:
        self.done.append("deployed")
        if self.done.count("deployed") <= failures:
            raise DeadlineError("StatefulSet flagsmith-postgres is not ready.")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()

    @contextmanager
    def stopped(*_: object, stay_if_interrupted: bool = False) -> Iterator[None]:
        assert stay_if_interrupted
        yield

    def inside(_: Any, script: str, *__: object) -> str:
        made.done.append("dumped" if "pg_dump" in script else script)
        return ""

    def pod(*_: object) -> list[Any]:
        return [{"metadata": {}, "status": {"containerStatuses": [{"restartCount": made.restarts}]}}]

    monkeypatch.setattr(f"{HELD}._require_room", lambda _: None)
    monkeypatch.setattr(f"{HELD}.backup", lambda *_args, **_options: SimpleNamespace(name="the-backup"))
    monkeypatch.setattr(f"{HELD}.stopped", stopped)
    monkeypatch.setattr(f"{HELD}._in_server", inside)
    monkeypatch.setattr(f"{HELD}.set_settings", lambda _, new: made.done.append(new["postgres.version"]))
    monkeypatch.setattr("flagops.commands.images.renew.lock_new_images", lambda *_: None)
    monkeypatch.setattr(f"{HELD}.pods", pod)
    monkeypatch.setattr(f"{HELD}.run", lambda *_args, **_options: Completed(0, f"{made.state}\n", ""))
    return made


def instance() -> Any:
    return Operated.of(settings=settings(postgres={"version": "17.11-bookworm"}))


def test_the_old_version_comes_back_and_the_dump_goes(world: World) -> None:
    with pytest.raises(DeadlineError, match=r"is not ready\.\nPostgreSQL 17.11-bookworm serves again") as caught:
        logic.upgrade(instance(), WANTED, world.deploy, lambda _: None)
    removal = forget_script(17)
    assert world.done == ["dumped", WANTED, "deployed", "17.11-bookworm", "deployed", removal]
    assert "the-backup" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("state", "said"),
    [(logic.MAKES, "PostgreSQL 18 still makes its data from the dump"), ("18", "The data is PostgreSQL 18's by now")],
)
def test_nothing_is_put_back_under_a_new_server_that_is_at_work(world: World, state: str, said: str) -> None:
    world.state = state
    with pytest.raises(DeadlineError, match=said) as caught:
        logic.upgrade(instance(), WANTED, world.deploy, lambda _: None)
    assert world.done == ["dumped", WANTED, "deployed"]
    assert "`ff up --stack staging` goes on. The backup from before is the-backup." in (caught.value.hint or "")


def test_a_new_server_that_fails_again_and_again_is_not_at_work(world: World) -> None:
    world.state, world.restarts = logic.MAKES, 1
    with pytest.raises(DeadlineError, match="serves again"):
        logic.upgrade(instance(), WANTED, world.deploy, lambda _: None)


def test_both_failures_are_told_where_the_old_version_does_not_come_back_either(world: World) -> None:
    with pytest.raises(DeadlineError, match=r"is not ready\.\nPutting PostgreSQL 17.11-bookworm back failed too") as it:
        logic.upgrade(instance(), WANTED, lambda: world.deploy(failures=2), lambda _: None)
    assert "the-backup" in (it.value.hint or "")


def test_who_interrupts_it_puts_nothing_back(world: World) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        logic.upgrade(instance(), WANTED, interrupted, lambda _: None)
    assert world.done == ["dumped", WANTED]


@pytest.mark.parametrize(
    ("there", "state"),
    [("pgdata/PG_VERSION", "18"), (".upgrading/PG_VERSION", logic.MAKES), ("old/PG_VERSION", "")],
)
def test_what_the_server_s_volume_says_of_its_data(tmp_path: Path, there: str, state: str) -> None:
    (tmp_path / there).parent.mkdir()
    (tmp_path / there).write_text("18\n", encoding="utf-8")
    variables = {"PGDATA": f"{tmp_path}/pgdata", "DATA_VOLUME": str(tmp_path)}
    done = subprocess.run(["bash", "-c", logic.STATE], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == state


def test_what_is_removed_is_what_was_dumped_and_made_of_it(tmp_path: Path) -> None:
    for name in ("upgrade-17.dump", "upgrade-17.roles.sql", "upgrade-16.dump", "notes"):
        (tmp_path / name).touch()
    for name in (".upgrading", ".before-upgrade-16", "pgdata"):
        (tmp_path / name).mkdir()
    subprocess.run(["bash", "-c", forget_script(17)], env={"DATA_VOLUME": str(tmp_path)}, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {"upgrade-16.dump", "notes", ".before-upgrade-16", "pgdata"}


def test_a_dump_that_fails_is_no_upgrade(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> str:
        raise FailedError("The database cannot be dumped: no space left")

    monkeypatch.setattr(f"{HELD}._in_server", fails)
    with pytest.raises(FailedError, match="no space left"):
        logic.upgrade(instance(), WANTED, world.deploy, lambda _: None)
    assert world.done == []
