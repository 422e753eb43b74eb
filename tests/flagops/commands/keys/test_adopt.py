"""`ff keys adopt`: client keys of environments that the stack did not make, from Flagsmith into the stack's file."""

import json
from pathlib import Path

import pytest

from flagops.stacks import target
from flagops.stacks.files import load_stack
from flagops.stacks.target import StackTarget
from tests.flagops.commands.keys.conftest import Applications, Run
from tests.flagops.commands.own_file import copied
from tests.platform import Platform

pytestmark = pytest.mark.cluster


@pytest.fixture
def home(deployed: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stack's file, in a directory of its own."""
    copied(deployed, tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def place(home: Path) -> StackTarget:
    assert home
    return target.find("local")


# The double's environments have keys of their own, as those of an older stack have.


def adopted(home: Path) -> dict[str, str]:
    return load_stack("local", home).settings.sdk_keys.client_keys


def test_the_client_keys_that_secrets_lack_are_written_into_the_stacks_file_and_none_changes(
    apps: Applications, home: Path, run: Run
) -> None:
    before = {name: apps.client_key(name) for name in ("development", "staging", "production")}
    notes = [row["note"] for row in json.loads(run("keys", "list", "--json").stdout) if row["kind"] == "client"]
    assert notes == [
        f"the Secret flagsmith-sdk-keys-{name} has another: `ff keys adopt --stack local`" for name in before
    ]
    shown = run("keys", "adopt")
    assert shown.exit_code == 0, shown.stderr
    assert "development, staging, production now. Commit it" in shown.stdout
    assert adopted(home) == before
    assert {name: apps.client_key(name) for name in before} == before
    again = run("keys", "adopt")
    assert "Nothing to adopt" in again.stdout
    assert not [key for key in before.values() if key in shown.stdout + again.stdout]


def test_a_flagsmith_with_other_environments_is_said_and_nothing_written(
    apps: Applications, home: Path, run: Run
) -> None:
    for number, row in enumerate(apps.flagsmith.database.rows("environments")):
        row["name"] = f"renamed-{number}"
    shown = run("keys", "adopt")
    assert shown.exit_code != 0
    assert "has none of the environments of feature-flags:admin" in shown.stderr
    assert adopted(home) == {}


def test_a_key_of_the_stack_whose_overlap_is_over_is_deleted_by_sync_and_another_stacks_is_not(
    apps: Applications,
) -> None:
    environment = apps.flagsmith.database.one("environments", name="production")["id"]
    for stack in ("local", "other"):
        apps.flagsmith.database.insert(
            "server_keys",
            key=f"ser.{stack}",
            active=True,
            created_at="2026-01-01T00:00:00Z",
            name=f"ff stack {stack}: feature-flags/flagsmith-sdk-keys-production",
            expires_at="2026-01-02T00:00:00Z",
            environment=environment,
        )
    apps.ff("sync")
    left = {row["name"] for row in apps.server_keys()}
    assert "ff stack local: feature-flags/flagsmith-sdk-keys-production" not in left
    assert "ff stack other: feature-flags/flagsmith-sdk-keys-production" in left
