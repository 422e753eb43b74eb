"""`ff keys rotate`: other keys, and at no moment an application without a valid one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flagops.commands.keys import secret, server
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from tests.flagops.commands.keys.conftest import Applications

pytestmark = pytest.mark.cluster
PAST = "2026-01-01T00:00:00Z"


def interrupt_after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Somebody presses Ctrl-C just after a step was done."""
    step = getattr(module, name)

    def interrupted(*arguments: Any) -> None:
        step(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, name, interrupted)


def test_old_and_new_keys_work_until_the_overlap_is_over(apps: Applications) -> None:
    apps.ff("sync")
    old = apps.server_key()
    shown = apps.ff("rotate", "production", "--server", "--overlap", "2h")
    new = apps.server_key()
    assert new != old
    assert (apps.status(old), apps.status(new)) == (200, 200)
    ends = datetime.fromisoformat(apps.server_keys()[0]["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=119) < ends < timedelta(minutes=121)
    assert "the Secret is changed, with a new server-side key, the old key until 2" in shown.stdout
    assert "the first `ff keys sync` or `rotate` after that time deletes it" in shown.stderr
    apps.ff("sync")
    assert len(apps.server_keys()) == 2, "not before its time"
    apps.server_keys()[0]["expires_at"] = PAST
    shown = apps.ff("sync")
    assert "the old key deleted" in shown.stdout
    assert [row["key"] for row in apps.server_keys()] == [new]
    assert (apps.status(old), apps.status(new)) == (403, 200)


def test_without_an_overlap_the_old_key_is_gone_at_once(apps: Applications) -> None:
    apps.ff("sync")
    old = apps.server_key()
    apps.ff("rotate", "production", "--server", "--overlap", "0")
    assert [row["key"] for row in apps.server_keys()] == [apps.server_key()]
    assert (apps.status(old), apps.status(apps.server_key())) == (403, 200)


def test_a_shorter_overlap_holds_for_all_older_keys(apps: Applications) -> None:
    apps.ff("sync")
    apps.ff("rotate", "production", "--server", "--overlap", "7d")
    apps.ff("rotate", "production", "--server", "--overlap", "1h")
    soon = datetime.now(UTC) + timedelta(hours=2)
    first, second, third = apps.server_keys()
    assert datetime.fromisoformat(first["expires_at"]) < soon
    assert datetime.fromisoformat(second["expires_at"]) < soon
    assert third["expires_at"] is None


def test_one_application_is_rotated_by_itself(apps: Applications) -> None:
    apps.declare(
        {"environment": "production", "namespace": apps.shop, "server_side": True},
        {"environment": "production", "namespace": apps.scores, "server_side": True},
    )
    apps.ff("sync")
    before = apps.secret(apps.scores)
    old = apps.server_key()
    apps.ff("rotate", "production", "--server", "--namespace", apps.shop)
    assert apps.server_key() != old
    assert apps.secret(apps.scores) == before


@pytest.mark.parametrize(("module", "name"), [(server, "add"), (secret, "write"), (server, "end")])
@pytest.mark.parametrize("again", [("sync",), ("rotate", "production", "--server")])
def test_what_was_interrupted_is_completed_by_the_next_run(
    module: Any, name: str, again: tuple[str, ...], apps: Applications, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps.ff("sync")
    old = apps.server_key()
    with monkeypatch.context() as patched:
        interrupt_after(patched, module, name)
        apps.ff("rotate", "production", "--server", expect=130)
    assert apps.status(apps.server_key()) == 200, "the application has a key that works"
    apps.ff(*again)
    assert apps.status(apps.server_key()) == 200
    lasting = [row["key"] for row in apps.server_keys() if row["expires_at"] is None]
    assert lasting == [apps.server_key()]
    assert old not in lasting
    assert len(apps.server_keys()) == (3 if (name, again[0]) == ("end", "rotate") else 2)


@pytest.mark.parametrize(("module", "name"), [(server, "add"), (secret, "write")])
def test_a_first_delivery_that_was_interrupted_makes_no_second_key(
    module: Any, name: str, apps: Applications, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        interrupt_after(patched, module, name)
        apps.ff("sync", expect=130)
    apps.ff("sync")
    assert [row["key"] for row in apps.server_keys()] == [apps.server_key()]


def test_a_secret_that_changed_meanwhile_is_not_overwritten(
    apps: Applications, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps.ff("sync")
    write = secret.write

    def late(*arguments: Any) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(secret, "write", write)
            apps.ff("rotate", "production", "--server")
        write(*arguments)

    monkeypatch.setattr(secret, "write", late)
    shown = apps.ff("rotate", "production", "--server", expect=1)
    assert "the object has been modified" in shown.stderr
    assert apps.status(apps.server_key()) == 200


def test_another_client_key_is_refused_the_old_one_and_in_every_secret(apps: Applications) -> None:
    apps.ff("sync")
    old, server_side = apps.client_key(), apps.server_key()
    shown = apps.ff("rotate", "production", "--client", "--yes")
    new = apps.client_key()
    assert (apps.status(old), apps.status(new), apps.status(server_side)) == (403, 200, 200)
    for namespace in (apps.shop, apps.scores):
        assert apps.secret(namespace)["FLAGSMITH_ENVIRONMENT_KEY"] == new
    assert apps.server_key() == server_side
    assert "is refused (403) within 5 s" in shown.stderr
    assert "may get 500 during that time" in shown.stderr
    assert "drawn again" in shown.stderr
    assert "0 changed, 2 right already" in apps.ff("sync").stderr


def test_the_environment_s_name_is_typed_before_its_client_key_changes(
    apps: Applications, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = apps.client_key()
    shown = apps.ff("rotate", "production", "--client", expect=1)
    assert "Add --yes." in shown.stderr
    monkeypatch.setattr("flagops.terminal.confirm.is_terminal", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "yes")
    shown = apps.ff("rotate", "production", "--client", expect=1)
    assert "Nothing was changed: that is not 'production'." in shown.stderr
    assert apps.client_key() == old
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "production")
    apps.ff("rotate", "production", "--client")
    assert apps.client_key() != old


@pytest.mark.parametrize(("module", "name"), [(server, "change_client_key"), (secret, "write")])
def test_a_client_key_that_changed_before_the_secrets_did(
    module: Any, name: str, apps: Applications, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps.ff("sync")
    with monkeypatch.context() as patched:
        interrupt_after(patched, module, name)
        apps.ff("rotate", "production", "--client", "--yes", expect=130)
    apps.ff("sync")
    for namespace in (apps.shop, apps.scores):
        assert apps.secret(namespace)["FLAGSMITH_ENVIRONMENT_KEY"] == apps.client_key()


def test_a_change_whose_answer_was_lost_is_found(apps: Applications, monkeypatch: pytest.MonkeyPatch) -> None:
    patch = FlagsmithClient.patch

    def lost(client: FlagsmithClient, path: str, body: object) -> None:
        patch(client, path, body)
        raise FlagsmithError(f"PATCH {path}: status 404", 404)

    old = apps.client_key()
    monkeypatch.setattr(FlagsmithClient, "patch", lost)
    apps.ff("rotate", "production", "--client", "--yes")
    assert apps.client_key() != old
    assert apps.secret(apps.scores)["FLAGSMITH_ENVIRONMENT_KEY"] == apps.client_key()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("production",), "Which keys?"),
        (("production", "--server", "--client"), "Which keys?"),
        (("production", "--client", "--namespace", "shop"), "cannot be changed for one --namespace alone"),
        (("production", "--server", "--overlap", "soon"), "--overlap 'soon' must be a number of s, m, h or d"),
        (("staging", "--server"), "The catalogue delivers no server-side key of 'staging'."),
        (("production", "--server", "-n", "elsewhere"), "in the namespace 'elsewhere'; there are in: shop-"),
        (("testing", "--client", "--yes"), "There is no environment 'testing'; there are: development, staging"),
    ],
)
def test_wrong_input_is_named(arguments: tuple[str, ...], message: str, apps: Applications) -> None:
    assert message in apps.ff("rotate", *arguments, expect=1).stderr
