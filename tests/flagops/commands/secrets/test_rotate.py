"""`ff secrets`: what is there, what cannot be renewed, and a rotation that goes on where it failed."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.secrets import rotate
from flagops.commands.secrets.catalogue import GENERATED, cost, find, restarted
from flagops.errors import OpsError
from flagops.stacks.deployed import Instance, open_instance
from flagops.stacks.files import load_stack
from tests.containers import Containers
from tests.flagops.commands.secrets.renewed import held, rotations
from tests.platform import Platform
from tests.recording import ROOT

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]


def test_a_rotation_that_fails_says_where_it_stands_and_the_next_run_finishes_it(
    instance: Instance, serving: Containers, home: Path
) -> None:
    assert serving
    numbers_seen: list[dict[str, Any]] = []

    def deploy() -> None:
        numbers_seen.append(rotations(home))
        if len(numbers_seen) == 1:
            raise OpsError("Deployment flagsmith is not ready.", hint="Look at its pods.")

    with pytest.raises(OpsError) as caught:
        rotate.rotate(instance, find("database"), deploy, lambda _: None)
    assert caught.value.message == (
        "Deployment flagsmith is not ready.\nRotation 1 of database is not finished. Pulumi.local.yaml says "
        "rotations.database: 1. Both roles log in; the one before stops when the last Job has run."
    )
    assert caught.value.hint == (
        "Look at its pods. Correct the cause, then `ff secrets rotate database --stack local` again: it goes on with "
        "rotation 1."
    )
    for expected in (1, 2):
        with open_instance("local") as again:
            assert rotate.rotate(again, find("database"), deploy, lambda _: None) == expected
    assert numbers_seen == [{"database": 1}, {"database": 1}, {"database": 2}]
    assert "# The same 3 replicas" in (home / "Pulumi.local.yaml").read_text(encoding="utf-8"), "comments stay"


@pytest.mark.parametrize(
    ("settings", "name", "message"),
    [
        ("rollouts:\n    enabled: false", "rollouts", "is not generated: rollouts.enabled is false."),
        ("redis:\n    existingSecret: mine", "redis", "is not generated: redis.existingSecret names mine."),
        ("redis:\n    mode: none", "redis", "is not generated: redis.mode is none."),
        ("secretKey:\n    existingSecret: mine", "cookies", "is not generated: secretKey.existingSecret names mine."),
    ],
)
def test_what_is_not_generated_is_refused_with_where_it_comes_from(
    settings: str, name: str, message: str, home: Path, deployed: Platform, run: Run
) -> None:
    path = home / "Pulumi.local.yaml"
    text = path.read_text(encoding="utf-8").replace("config:\n", f"config:\n  feature-flags:{settings}\n")
    path.write_text(text, encoding="utf-8")
    generations = deployed.generations()
    shown = run("secrets", "rotate", name, "--yes")
    assert shown.exit_code == 1
    assert message in shown.stderr
    assert "Renew it where it comes from" in shown.stderr
    assert (path.read_text(encoding="utf-8"), deployed.generations()) == (text, generations)
    (row,) = [row for row in json.loads(run("secrets", "list", "--json").stdout) if row["name"] == name]
    assert row["rotations"] is None
    assert row["elsewhere"] in message


@pytest.mark.usefixtures("home")
def test_unknown_names_and_a_missing_terminal_change_nothing(deployed: Platform, run: Run) -> None:
    versions = deployed.versions()
    unknown = run("secrets", "rotate", "jwt")
    assert "There is no secret 'jwt'; there are: postgres, database," in unknown.stderr
    asked = run("secrets", "rotate", "cookies")
    assert "This logs everybody out of the UI." in asked.stderr
    assert "there is no terminal" in asked.stderr
    assert deployed.versions() == versions


@pytest.mark.usefixtures("home")
def test_the_list_names_every_secret_and_shows_no_value(instance: Instance, run: Run) -> None:
    shown = run("secrets", "list").stdout
    found = json.loads(run("secrets", "list", "--json").stdout)
    assert [row["name"] for row in found] == [item.name for item in GENERATED]
    assert {row["name"] for row in found} == set(type(instance.settings.rotations).model_fields)
    told = [text for row in found for text in (row["name"], row["use"], row["elsewhere"] or row["cost"])]
    assert [text for text in told if text not in shown] == [], shown
    assert {row["rotations"] for row in found if not row["elsewhere"]} == {0}
    values = {value for secret in held(instance).values() for value in secret.values() if len(value) > 20}
    assert not [value for value in values if value in shown]


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("sdk", {}, "nobody"),
        ("sdk", {"edge": {"enabled": True}}, "the edge's proxies"),
        ("sdk", {"edge": {"enabled": True, "existingSecret": "edge-keys"}}, "nobody"),
        ("analytics", {"monitoring": {"flagMetrics": {"enabled": True}}}, "flag metrics"),
        ("audit", {"audit": {"export": {"sink": "stdout"}}}, "audit exporter"),
    ],
)
def test_who_is_restarted_is_who_reads_it_in_this_stack(name: str, settings: dict[str, Any], said: str) -> None:
    stack = load_stack("local", ROOT)
    config = {**stack.config, **{f"feature-flags:{key}": value for key, value in settings.items()}}
    assert restarted(find(name), replace(stack, config=config).settings) == said


def test_without_an_overlap_applications_are_refused_until_they_are_restarted() -> None:
    stack = load_stack("local", ROOT)
    assert cost(find("sdk"), stack.settings).startswith("nothing, if you restart the applications")
    exported = {**stack.config, "feature-flags:sdkKeys": {"exported": True}}
    assert "run `ff up` with the stack of each edge elsewhere" in cost(
        find("sdk"), replace(stack, config=exported).settings
    )
    config = {**stack.config, "feature-flags:sdkKeys": {"overlapHours": 0}}
    assert "the applications that read the Secrets are refused" in cost(
        find("sdk"), replace(stack, config=config).settings
    )
