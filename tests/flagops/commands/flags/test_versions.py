"""Environments that keep versions of their flags are changed by versions, and end as others do."""

from pathlib import Path

import pytest

from tests.flagops.commands.flags.support import EXAMPLE, ONLY_DIFFERENCE, Project, Run, example

pytestmark = pytest.mark.usefixtures("each_release")


def test_an_environment_with_versions_is_reconciled_as_others_are(server: Project, run: Run, tmp_path: Path) -> None:
    key = server.environments()["production"]
    server.client.post(f"/api/v1/environments/{key}/enable-v2-versioning/", {})
    assert run("flags", "apply", str(EXAMPLE), "--url", server.url, "--yes").exit_code == 0
    assert run("flags", "plan", str(EXAMPLE), "--url", server.url).exit_code == 0
    targets = "targeting:\n      - {segment: premium_users, enabled: true}\n"
    more = (
        "targeting:\n      - {segment: beta_users, enabled: false}\n      - {segment: premium_users, enabled: true}\n"
    )

    def change(text: str) -> str:
        text = text.replace(targets, more).replace("    rollout: 25\n", "")
        text = text.replace("      - {segment: israeli_users, enabled: true}\n", "").replace("targeting:\n\n", "\n")
        return text.replace("weight: 40}", "weight: 60}").replace("v2, weight: 30}", "v2, weight: 10}")

    path = example(tmp_path, change)
    stopped = run("flags", "plan", str(path), "--url", server.url)
    assert stopped.exit_code == 3, "whose a version's state is cannot be told by its times"
    back = ("--take-back", "hebrew_ui_enabled")
    done = run("flags", "apply", str(path), "--url", server.url, "--yes", *back)
    assert done.exit_code == 0, done.stderr
    assert run("flags", "plan", str(path), "--url", server.url).exit_code == 0
    live = run("flags", "diff", "staging", "production", "--live", "--url", server.url, "--catalogue", str(path))
    assert live.stdout.split() == ONLY_DIFFERENCE


def test_versions_are_published_by_a_server_that_fails_now_and_then(server: Project, run: Run) -> None:
    assert server.double
    key = server.environments()["production"]
    server.client.post(f"/api/v1/environments/{key}/enable-v2-versioning/", {})
    server.double.every = 9
    done = run("flags", "apply", str(EXAMPLE), "--url", server.url, "--yes")
    server.double.every = 0
    assert done.exit_code == 0, done.stderr
    assert run("flags", "plan", str(EXAMPLE), "--url", server.url).exit_code == 0
