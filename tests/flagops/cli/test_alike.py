"""Both engines print alike: no word twice, no name that nobody knows, no advice that does not hold."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from rich.console import Console
from typer.testing import Result

from components.deployment.kept_data import GOES_WITH_DATA
from flagops.commands.db.backups import command as db
from flagops.commands.deploy import view
from flagops.commands.status.volumes import volume_rows
from flagops.engines.deployer import DeploymentPlan, PlannedChange
from flagops.engines.pulumi_cli import hints
from flagops.engines.pulumi_cli.events import EventTranslator
from flagops.errors import NotFoundError

Run = Callable[..., Result]
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def said(severity: str, message: str) -> EventTranslator:
    heard = EventTranslator(lambda _: None)
    event = SimpleNamespace(severity=severity, message=message, urn="", ephemeral=False)
    heard(
        SimpleNamespace(  # type: ignore[arg-type]
            resource_pre_event=None, res_outputs_event=None, res_op_failed_event=None, diagnostic_event=event
        )
    )
    return heard


def test_an_error_is_called_so_once() -> None:
    assert said("error", "error: the program failed").errors == ["the program failed"]
    assert hints.last_lines(" stderr: error: no such stack\n code: 255") == "no such stack"


def test_a_value_that_pulumi_does_not_know_yet_is_no_name() -> None:
    (error,) = said("error", f"Job {UNKNOWN} is refused").errors
    assert error == "Job (known only when it is deployed) is refused"


def test_what_to_do_is_what_helps() -> None:
    missing = ["constructing secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE"]
    assert "goes on" not in hints.what_to_do(missing, has_begun=False)
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in hints.what_to_do(missing, has_begun=False)
    assert hints.what_to_do(["it failed"], has_begun=False) == "Correct the cause and run again."
    assert "goes on where this run ended" in hints.what_to_do(["it failed"], has_begun=True)


def test_a_preview_says_once_what_is_true_of_many_and_each_time_what_is_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    same = [PlannedChange("create", "Secret", f"s-{number}", note="its namespace is made first") for number in range(9)]
    lost = [PlannedChange("delete", "PersistentVolumeClaim", f"v-{number}", note=GOES_WITH_DATA) for number in range(9)]
    view.show_plan(Console(width=200), DeploymentPlan((*same, *lost), 0, ()))
    shown = capsys.readouterr().out
    assert shown.count("its namespace is made first") == 1
    assert "9 of them: its namespace is made first." in shown
    assert shown.count(GOES_WITH_DATA) == 9


@pytest.mark.parametrize(
    ("mode", "pods", "is_fine"),
    [
        ("WaitForFirstConsumer", [], True),
        ("Immediate", [], False),
        ("WaitForFirstConsumer", ["backups"], False),
    ],
)
def test_a_claim_that_waits_for_its_first_pod_is_no_trouble(mode: str, pods: list[str], is_fine: bool) -> None:
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "backups"},
        "spec": {"storageClassName": "standard"},
        "status": {"phase": "Pending"},
    }
    users = [
        {"status": {"phase": "Pending"}, "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": name}}]}}
        for name in pods
    ]
    items = {"PersistentVolumeClaim": [claim], "Pod": users}
    instance = SimpleNamespace(
        items=lambda _, kind: items[kind], client=SimpleNamespace(get=lambda _: {"volumeBindingMode": mode})
    )
    (row,) = volume_rows(instance)  # type: ignore[arg-type]
    assert row.is_fine is is_fine


def test_a_restore_of_an_unknown_backup_is_refused_before_it_asks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Opened:
        def __enter__(self) -> SimpleNamespace:
            return SimpleNamespace(context="c", stack=None)

        def __exit__(self, *_: object) -> None:
            """Close nothing."""

    def unknown(*_: object) -> None:
        raise NotFoundError("There is no backup 'nothing'.")

    monkeypatch.setattr(db, "open_instance", lambda *_, **__: Opened())
    monkeypatch.setattr(db, "refuse_moving", lambda *_: None)
    monkeypatch.setattr(db, "chosen", unknown)
    monkeypatch.setattr(db, "confirm", lambda *_: pytest.fail("it asks"))
    shown = run("db", "restore", "nothing")
    assert shown.exit_code == 1
    assert "There is no backup 'nothing'." in shown.stderr
    assert "replaces the whole database" not in shown.stderr
