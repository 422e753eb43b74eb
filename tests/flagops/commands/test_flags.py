"""A deployed stack's catalogue: by port-forward, as its administrator, under a Lease, and after deploying."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from typer.testing import Result

from flagops.commands.flags.reconcile.command import LEASE
from flagops.flagsmith_api.administrator import password
from flagops.kubernetes.lease import Lock, lease
from flagops.stacks.deployed import Instance
from tests.containers import Containers
from tests.doubles.flagsmith import Flagsmith, serve
from tests.recording import ROOT

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]
EXAMPLE = ROOT / "flags" / "catalogue.yaml"


@pytest.fixture
def flagsmith(instance: Instance, containers: Containers) -> Iterator[Flagsmith]:
    """The double, where the API's pods answer."""
    made = Flagsmith(
        email=instance.settings.admin_email, password=password(instance), project=instance.settings.admin.project
    )
    with serve(made, containers.api_port):
        made.add_environments("development", "staging", "production")
        yield made


def test_a_stacks_flags_are_applied_through_its_port_forward(
    flagsmith: Flagsmith, instance: Instance, run: Run
) -> None:
    assert run("flags", "plan", str(EXAMPLE)).exit_code == 2
    done = run("flags", "apply", str(EXAMPLE), "--yes")
    assert done.exit_code == 0, done.stderr
    assert run("flags", "plan", str(EXAMPLE), "--stack", "local").exit_code == 0
    assert len(flagsmith.database.rows("features")) == 8
    assert instance.client.get(lease(instance.namespace, LEASE)) is None, "the Lease is given back"
    assert password(instance) not in done.stderr


def test_two_runs_at_a_time_are_kept_apart(flagsmith: Flagsmith, instance: Instance, run: Run) -> None:
    with Lock(instance.client, lease(instance.namespace, LEASE), "the flags", Event()):
        done = run("flags", "apply", str(EXAMPLE), "--yes")
    assert done.exit_code == 1
    assert "Another run is working on the flags of stack 'local'" in done.stderr
    assert flagsmith.database.rows("features") == []
    assert run("flags", "apply", str(EXAMPLE), "--yes").exit_code == 0


def test_deploying_applies_them_as_its_last_step(flagsmith: Flagsmith, run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("project: X\n", encoding="utf-8")
    refused = run("up", "--stack", "local", "--yes", "--engine", "direct", "--flags", str(wrong))
    assert refused.exit_code == 1
    assert "wrong.yaml:1:1: lacks the key 'environments'" in refused.stderr
    assert "Deploying" not in refused.stderr
    done = run("up", "--stack", "local", "--yes", "--engine", "direct", "--flags", str(EXAMPLE))
    assert done.exit_code == 0, done.stderr
    assert len(flagsmith.database.rows("features")) == 8


def test_a_stack_notes_what_an_apply_left_and_why_somebody_set_a_flag(flagsmith: Flagsmith, run: Run) -> None:
    flag = "ml_model_v2_enabled"
    assert run("flags", "apply", str(EXAMPLE), "--yes").exit_code == 0
    setting = ("flags", "set", flag, "--on", "-e", "production", "--reason", "incident 17", "--yes")
    done = run(*setting, "--catalogue", str(EXAMPLE))
    assert done.exit_code == 0, done.stderr
    assert "The reason is kept in the stack's notes." in done.stderr
    stopped = run("flags", "apply", str(EXAMPLE), "--yes")
    assert stopped.exit_code == 3
    assert "(incident 17); the catalogue wants off" in stopped.stderr
    (feature,) = flagsmith.database.rows("features", name=flag)
    (state,) = flagsmith.database.rows("states", feature=feature["id"], environment=3)
    assert state["enabled"] is True
    assert run("flags", "apply", str(EXAMPLE), "--yes", "--take-back", flag).exit_code == 0
    assert state["enabled"] is False
    assert run("flags", "plan", str(EXAMPLE)).exit_code == 0
