"""`ff keys adopt`: client keys of environments that the stack did not make, from Flagsmith into the stack's file."""

import json
from pathlib import Path
from textwrap import indent

import pytest
import yaml

from flagops.stacks import target
from flagops.stacks.deployed import Instance
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
    assert (
        "has the client keys of development, staging, production already; `ff up --stack local` writes" in again.stdout
    )
    assert "Nothing to adopt" not in again.stdout
    assert not [key for key in before.values() if key in shown.stdout + again.stdout]


def set_settings(home: Path, **settings: object) -> None:
    file = home / "Pulumi.local.yaml"
    lines = indent(yaml.safe_dump({f"feature-flags:{name}": value for name, value in settings.items()}), "  ")
    file.write_text(file.read_text(encoding="utf-8").replace("config:\n", f"config:\n{lines}"), encoding="utf-8")


def held(instance: Instance, environment: str) -> str:
    return instance.secret(f"flagsmith-sdk-keys-{environment}")["FLAGSMITH_ENVIRONMENT_KEY"]


def test_each_environment_is_said_as_it_is(apps: Applications, home: Path, run: Run) -> None:
    database = apps.flagsmith.database
    database.one("environments", name="development")["api_key"] = held(apps.instance, "development")
    database.one("environments", name="staging")["name"] = "stage"
    set_settings(home, sdkKeys={"existingSecrets": {"production": "flagsmith-sdk-keys-staging"}})
    shown = run("keys", "adopt")
    assert shown.exit_code == 0, shown.stderr
    assert "Nothing to adopt of development: the Secrets have the client keys." in shown.stdout
    assert "Flagsmith has no environment staging: it was deleted, or is called otherwise" in shown.stdout
    assert (
        "production: the Secret flagsmith-sdk-keys-staging, which you make, does not have its client key"
        in shown.stdout
    )
    assert "ff keys register --stack local" in shown.stdout
    assert adopted(home) == {}


def test_a_wrong_key_in_the_file_is_corrected_also_where_the_secret_is_right_yet(
    apps: Applications, home: Path, run: Run
) -> None:
    apps.flagsmith.database.one("environments", name="production")["api_key"] = held(apps.instance, "production")
    set_settings(home, sdkKeys={"clientKeys": {"production": "of-another-flagsmith"}})
    shown = run("keys", "adopt")
    assert shown.exit_code == 0, shown.stderr
    assert "the client keys of production, development, staging now" in shown.stdout
    assert adopted(home)["production"] == held(apps.instance, "production")


def test_keys_of_secrets_that_came_later_are_written_by_the_bootstrap(apps: Applications, run: Run) -> None:
    shown = run("keys", "register")
    assert shown.exit_code == 0, shown.stderr
    left = [job["metadata"]["name"] for job in apps.instance.items("batch/v1", "Job")]
    assert not [name for name in left if name.startswith("flagsmith-bootstrap-again")], "it is tidied up"


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
