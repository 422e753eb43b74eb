"""`ff upgrade` and `ff upgrade --back` on the cluster, with a Flagsmith that answers and a real database's clock."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.upgrade import record, upgrade
from flagops.errors import OpsError
from flagops.stacks.deployed import Instance
from flagops.stacks.files import load_stack
from tests.containers import NAMESPACE
from tests.doubles.flagsmith import Flagsmith
from tests.flagops.commands.upgrade.conftest import BACKUP
from tests.platform import Platform

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]


def version_in(home: Path) -> str:
    return load_stack("local", home).settings.version


def created(platform: Platform, since: str) -> list[dict[str, Any]]:
    jobs = platform.history(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", since)
    return [item for kind, item in jobs if kind == "ADDED"]


def test_there_and_back(flagsmith: Flagsmith, home: Path, instance: Instance, platform: Platform, run: Run) -> None:
    since = platform.revision()
    shown = run("upgrade", "2.265.0", "--yes", "--skip", "round-trip", "--engine", "direct")
    assert shown.exit_code == 0, shown.stdout + shown.stderr
    assert "2 migrations:\n  features.0068_later\n  segments.0030_rule_index\n" in shown.stdout
    assert "replace  Job flagsmith-migrate-" in shown.stdout
    assert "update   Deployment flagsmith\n" in shown.stdout
    assert "local runs 2.265.0. The way back: ff upgrade --back --stack local" in shown.stderr
    assert version_in(home) == "2.265.0"
    assert {pod["spec"]["containers"][0]["image"] for pod in platform.pods("api")} == {"flagsmith/flagsmith:2.265.0"}
    plan, check, backup, *_ = created(platform, since)
    assert plan["spec"]["template"]["spec"]["containers"][0]["command"] == ["python", "manage.py", "migrate", "--plan"]
    assert plan["spec"]["template"]["spec"]["containers"][0]["image"] == "flagsmith/flagsmith:2.265.0"
    assert check["metadata"]["name"].startswith("flagsmith-bootstrap-check-")
    assert check["spec"]["template"]["spec"]["containers"][0]["image"] == "flagsmith/flagsmith:2.264.0"
    assert {"name": "BOOTSTRAP_CHECK", "value": "true"} in check["spec"]["template"]["spec"]["containers"][0]["env"]
    assert backup["metadata"]["name"].startswith("flagsmith-backup-")
    (noted,) = record.upgrades(instance)
    assert (noted.before, noted.after, noted.backup) == ("2.264.0", "2.265.0", BACKUP)
    assert datetime.fromisoformat(noted.at).tzinfo is not None

    flagsmith.version = "2.264.0"
    since = platform.revision()
    shown = run("upgrade", "--back", "--yes", "--skip", "round-trip", "--engine", "direct")
    assert shown.exit_code == 0, shown.stdout + shown.stderr
    (container,) = created(platform, since)[0]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["python", "manage.py", "rollbackmigrationsappliedafter", noted.at]
    assert container["image"] == "flagsmith/flagsmith:2.265.0", "the newer release knows how to undo its migrations"
    assert version_in(home) == "2.264.0"
    assert {pod["spec"]["containers"][0]["image"] for pod in platform.pods("api")} == {"flagsmith/flagsmith:2.264.0"}
    assert record.upgrades(instance) == []


@pytest.mark.usefixtures("flagsmith")
def test_a_failed_deployment_puts_the_file_back_and_says_the_way(home: Path, instance: Instance) -> None:
    def fails() -> None:
        assert version_in(home) == "2.265.0"
        raise OpsError("The Job flagsmith-migrate-0123456789 failed.")

    with pytest.raises(OpsError) as caught:
        upgrade.upgrade(instance, "2.265.0", fails, lambda _: None)
    assert "Pulumi.local.yaml says 2.264.0 again, whose pods go on serving." in caught.value.message
    assert f"the backup from before is {BACKUP}" in (caught.value.hint or "")
    assert version_in(home) == "2.264.0"
    assert upgrade.last_upgrade(instance).after == "2.265.0", "what it migrated can be taken back"


def test_smoke_tests_that_fail_say_the_way_back(
    flagsmith: Flagsmith, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deploy(*_: object, **__: object) -> None:
        """Until now the release that is wanted answered: only smoke tests that come after this one find another."""
        flagsmith.version = "2.264.0"

    monkeypatch.setattr("flagops.commands.upgrade.command.deploy", deploy)
    shown = run("upgrade", "2.265.0", "--yes", "--skip", "round-trip")
    assert shown.exit_code == 1
    assert "it is 2.264.0, and the settings say 2.265.0" in shown.stdout
    assert "`ff upgrade --back --stack local`" in shown.stderr


def test_a_plan_alone_changes_nothing(flagsmith: Flagsmith, home: Path, platform: Platform, run: Run) -> None:
    assert flagsmith.url
    generations = platform.generations()
    shown = run("upgrade", "2.265.0", "--plan")
    assert shown.exit_code == 0, shown.stderr
    assert "2 migrations:" in shown.stdout
    assert (version_in(home), platform.generations()) == ("2.264.0", generations)


def test_keys_at_which_the_deployment_would_end_are_told_before_anything_is_migrated(
    flagsmith: Flagsmith, home: Path, platform: Platform, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert flagsmith.url
    refusal = (
        'the Secrets are to hold the keys of staging\n  feature-flags:sdkKeys:\n    clientKeys:\n      "staging": abc'
    )
    monkeypatch.setattr("flagops.commands.upgrade.plan.check_keys", lambda _: ([], refusal))
    assert f"The deployment would end after its migration: {refusal}" in run("upgrade", "2.265.0", "--plan").stdout
    since, generations = platform.revision(), platform.generations()
    shown = run("upgrade", "2.265.0", "--yes")
    assert shown.exit_code == 1
    assert (
        f"Nothing is changed, since the deployment of 2.265.0 would end after its migration: {refusal}" in shown.stderr
    )
    assert "`ff keys adopt --stack local` writes client keys into the stack's file, and `ff up" in shown.stderr
    assert (version_in(home), platform.generations()) == ("2.264.0", generations)
    assert [job["metadata"]["name"].rpartition("-")[0] for job in created(platform, since)] == [
        "flagsmith-upgrade-plan"
    ]


REFUSED = {
    ("2.263.0",): "2.263.0 is older than 2.264.0: its program does not know the database's newer migrations.",
    ("2.264.0",): "The settings of local say 2.264.0 already.",
    ("two",): "'two' must be a release of Flagsmith as X.Y.Z",
    (): "Which release?",
    ("2.265.0", "--back"): "Which release?",
    ("--back",): "No upgrade to 2.264.0 was recorded that could be undone.",
    ("2.265.0", "--skip", "everything"): "There is no check 'everything' to skip.",
}


def test_what_cannot_be_done_is_refused_before_anything_is_started(
    home: Path, platform: Platform, run: Run, subtests: pytest.Subtests
) -> None:
    since = platform.revision()
    for arguments, message in REFUSED.items():
        with subtests.test(" ".join(arguments)):
            shown = run("upgrade", *arguments)
            assert shown.exit_code == 1
            assert message in shown.stderr
            assert version_in(home) == "2.264.0"
    # The events of all of them at once: to look at them takes a second. A Job's name and image say which it was.
    assert created(platform, since) == []


def test_without_a_terminal_and_without_yes_nothing_is_done(flagsmith: Flagsmith, home: Path, run: Run) -> None:
    assert flagsmith.url
    shown = run("upgrade", "2.265.0")
    assert "there is no terminal" in shown.stderr
    assert version_in(home) == "2.264.0"
