"""An older release over a migrated database is refused in every way in; and what is not known is not called nothing."""

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from components.kit import names
from flagops.commands.upgrade import view
from flagops.commands.upgrade.plan import UpgradePlan, planned
from flagops.engines import older
from flagops.errors import OpsError
from flagops.pods.migration import _changed
from flagops.stacks.files import load_stack
from tests.flagops.cli import fakes
from tests.recording import ROOT, STACKS, recorded

SCRIPT = ROOT / "components" / "flagsmith" / "in_pod" / "compare_migrations.py"
PROJECT = """
import sys
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "features"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "database"}},
)
"""
MIGRATION = "from django.db import migrations\nclass Migration(migrations.Migration):\n    dependencies = []\n"


def deployment(version: str | None) -> dict[str, Any]:
    labels = {} if version is None else {names.VERSION: version}
    return {"metadata": {"name": "flagsmith", "labels": labels}}


@pytest.mark.parametrize(
    ("versions", "found"),
    [
        ((), None),
        ((None,), None),
        (("2.264.0", None), "2.264.0"),
        (("2.99.0", "2.264.0"), "2.264.0"),  # by number, and half-way through an upgrade the newer one
        (("latest",), None),
    ],
)
def test_the_deployed_release_is_the_newest_that_a_workload_names(
    versions: tuple[str | None, ...], found: str | None
) -> None:
    assert older.newest([None, *map(deployment, versions)]) == found


class Cluster:
    def __init__(self, version: str | None) -> None:
        self.version = version

    def get(self, _: object) -> dict[str, Any] | None:
        return None if self.version is None else deployment(self.version)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """What the stack's cluster runs; its settings say the default release, 2.265.0."""

    def set_version(version: str | None) -> None:
        monkeypatch.setattr("flagops.engines.older.connect", lambda *_: None)
        monkeypatch.setattr("flagops.engines.older.Client", lambda _: Cluster(version))

    return set_version


@pytest.fixture
def staging() -> Any:
    return replace(fakes.target("staging"), stack=load_stack("staging", ROOT))


@pytest.mark.parametrize("version", ["2.266.0", "3.0.0", "2.1000.0"])
def test_an_older_release_than_the_deployed_one_is_refused_with_the_ways_back(
    version: str, staging: Any, deployed: Callable[[str | None], None]
) -> None:
    deployed(version)
    with pytest.raises(OpsError, match=f"Nothing was changed: .* and {version} is deployed") as caught:
        older.refuse_older(staging)
    hint = str(caught.value.hint)
    assert "ff upgrade --back --stack staging" in hint
    assert "ff db restore" in hint
    assert "ff up --older" in hint


@pytest.mark.parametrize("version", [None, "2.264.0", "2.265.0"])
def test_the_same_and_newer_ones_and_a_new_stack_are_not(
    version: str | None, staging: Any, deployed: Callable[[str | None], None]
) -> None:
    deployed(version)
    older.refuse_older(staging)


@pytest.fixture
def image(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A release with one application, whose migrations are these; runs the comparison on the database that there is."""

    def compare(*known: str, code: str = "") -> subprocess.CompletedProcess[str]:
        directory = tmp_path / "features" / "migrations"
        directory.mkdir(parents=True, exist_ok=True)
        for old in directory.glob("*.py"):
            old.unlink()
        for name in ("../__init__", "__init__"):
            (directory / f"{name}.py").touch()
        for name in known:
            replaces = '    replaces = [("features", "0001_first"), ("features", "0002_second")]\n' * ("squash" in name)
            (directory / f"{name}.py").write_text(MIGRATION + replaces)
        source = PROJECT + (code or SCRIPT.read_text())
        return subprocess.run(
            [sys.executable, "-B", "-c", source, "2.264.0"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return compare


APPLY = """
import django; django.setup()
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
recorder = MigrationRecorder(connection)
recorder.ensure_schema()
for app, name in %r:
    recorder.record_applied(app, name)
"""


@pytest.mark.parametrize(
    ("applied", "known", "is_ahead"),
    [
        ([], ["0001_first"], False),  # a new database
        ([("features", "0001_first")], ["0001_first"], False),
        ([("features", "0001_first")], ["0001_first", "0002_second"], False),  # an upgrade
        ([("features", "0001_first"), ("features", "0002_second")], ["0001_first"], True),
        ([("features", "0001_first"), ("features", "0002_second")], ["0001_squashed"], False),
        ([("features", "0001_dropped"), ("features", "0002_second")], ["0002_second"], False),  # squashed long ago
        ([("removed", "0009_table")], ["0001_first"], False),  # an application that a newer release has no more
        ([("contenttypes", "0099_renumbered")], ["0001_first"], False),  # a package's
    ],
)
def test_a_database_is_ahead_when_an_own_application_has_migrations_after_all_that_the_release_knows(
    applied: list[tuple[str, str]],
    known: list[str],
    image: Callable[..., subprocess.CompletedProcess[str]],
    *,
    is_ahead: bool,
) -> None:
    if applied:
        made = image(code=APPLY % applied)
        assert made.returncode == 0, made.stderr
    done = image(*known)
    assert done.returncode == (3 if is_ahead else 0), done.stdout + done.stderr
    if is_ahead:
        assert "2.264.0 does not know features.0002_second." in done.stdout
        assert "Nothing was changed" in done.stdout
        assert "ff upgrade --back" in done.stdout


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_compares_before_it_migrates_by_whichever_tool_it_is_applied(stack: str) -> None:
    pod = recorded(stack).starting("Job", "flagsmith-migrate-")["spec"]["template"]["spec"]
    (first,), (container,) = pod["initContainers"], pod["containers"]
    assert first["command"][:2] == ["python", "-c"]
    assert first["command"][2] == SCRIPT.read_text()
    assert first["image"] == container["image"]
    assert {entry["name"] for entry in first["env"]} == {entry["name"] for entry in container["env"]}


def test_other_commands_in_the_migration_s_pod_compare_nothing_and_another_image_is_in_all_of_it() -> None:
    pod = {"spec": {"initContainers": [{"image": "a"}], "containers": [{"image": "a", "args": ["migrate"]}]}}
    assert _changed(pod, ["plan"], "b")["spec"] == {"containers": [{"image": "b", "command": ["plan"]}]}
    again = _changed(pod, None, "b")["spec"]
    assert again == {"initContainers": [{"image": "b"}], "containers": [{"image": "b", "args": ["migrate"]}]}
    assert _changed(pod, None, None) == pod


@pytest.mark.parametrize("text", ["", "\n", "Traceback (most recent call last):", "Planned operations:\n"])
def test_a_plan_that_was_not_printed_is_not_known(text: str) -> None:
    assert planned(text) is None
    shown = io.StringIO()
    view.show(Console(file=shown, width=200), UpgradePlan("2.264.0", "2.265.0", planned(text), [], None, [], None))
    assert "What 2.265.0 migrates is not known" in shown.getvalue()
    assert "0 migrations" not in shown.getvalue()


def test_a_plan_without_migrations_says_so_itself() -> None:
    assert planned("Planned operations:\n  No planned migration operations.\n") == []
    assert planned("Planned operations:\nfeatures.0068_later\n    Add field\n") == ["features.0068_later"]
