"""What the smoke tests make for a minute is nobody's: no command that reads or writes flags sees it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flagops.commands.smoke.deployed import place_at
from flagops.commands.smoke.makes import Maker
from flagops.commands.smoke.visit import visit
from flagops.flagsmith_api import served
from flagops.flagsmith_api.throwaway import age, is_throwaway, new_name
from tests.flagops.commands.flags.support import EXAMPLE, Project, Run


@pytest.fixture
def smoked(applied: Project) -> Iterator[Project]:
    """A project in which a smoke test is under way."""
    place = place_at(applied.url, environment="staging", environment_key=None, version=None, seconds=60)
    with visit(place) as visited:
        maker = Maker(visited)
        maker.make()
        yield applied


def test_a_plan_and_its_application_do_not_see_it(smoked: Project, run: Run) -> None:
    before = {row["name"] for row in smoked.client.pages("/api/v1/projects/1/features/")}
    for command in (("plan",), ("apply", "--yes")):
        shown = run("flags", *command, str(EXAMPLE), "--url", smoked.url)
        assert shown.exit_code == 0, shown.stdout
        assert "ff_smoke" not in shown.stdout + shown.stderr
    assert {row["name"] for row in smoked.client.pages("/api/v1/projects/1/features/")} == before
    assert any(is_throwaway(name) for name in before)


@pytest.mark.parametrize(
    "command",
    [
        ("report", "--out", "report.html"),
        ("export", "--out", "export.yaml"),
        ("usage",),
    ],
)
def test_commands_that_look_do_not_see_it(
    command: tuple[str, ...], smoked: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run("flags", *command, "--url", smoked.url)
    written = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir() if path.is_file())
    assert "ff_smoke" not in shown.stdout + shown.stderr + written
    assert shown.stdout or written


def test_what_is_served_leaves_it_out(smoked: Project) -> None:
    names = [flag.name for flag in served.flags(smoked.client, smoked.environments()["staging"])]
    assert len(names) == 8
    assert not any(is_throwaway(name) for name in names)


def test_a_catalogue_cannot_have_such_a_name(run: Run, tmp_path: Path) -> None:
    name = new_name()
    flag = "{description: A flag., owner: web-team, kind: ops, enabled: true}"
    path = tmp_path / "catalogue.yaml"
    path.write_text(
        f"project: footanalytics-platform\nenvironments: [staging]\nflags:\n  {name}: {flag}\n", encoding="utf-8"
    )
    shown = run("flags", "validate", str(path))
    assert shown.exit_code == 1
    assert "is a name such as `ff smoke` gives to what it makes" in " ".join((shown.stdout + shown.stderr).split())


@pytest.mark.parametrize(
    ("name", "found"), [("ff_smoke_1795794745_0b41f2_listed", True), ("ff_smoke_mine", False), ("my_flag", False)]
)
def test_only_a_whole_name_counts(name: str, found: bool) -> None:
    assert is_throwaway(name) is found
    assert (age(name) is None) is not found
    assert (age(new_name()) or 9) < time.time()
