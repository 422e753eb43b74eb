"""`ff admin password`, on real accounts of a Django project."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from typer.testing import Result

from flagops.flagsmith_api.administrator import password
from flagops.stacks.deployed import Instance
from tests.containers import DJANGO, Containers

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]
ACCOUNT = """
import django, sys
django.setup()
from django.contrib.auth.models import User
email, action, password = sys.argv[1], sys.argv[2], sys.stdin.read()
if action == "make":
    User.objects.filter(email=email).delete()
    User.objects.create_user(email, email, password, is_active=False)
else:
    user = User.objects.get(email=email)
    print(user.check_password(password), user.is_active)
"""


def django(containers: Containers, *command: str, stdin: str = "") -> str:
    environment = {"DATABASE_URL": containers.postgres.url(), "DJANGO_SETTINGS_MODULE": "project.settings"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=DJANGO,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_terminal_shows_the_password_and_a_pipe_only_what_was_asked_to(
    instance: Instance, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = run("admin", "password")
    assert piped.exit_code == 0
    assert "--show-secrets prints it all the same" in piped.stdout
    assert password(instance) not in piped.stdout + piped.stderr
    assert f"Password  {password(instance)}\n" in run("admin", "password", "--show-secrets").stdout
    monkeypatch.setattr("flagops.commands.admin.command.is_screen", lambda: True)
    assert f"Password  {password(instance)}\n" in run("admin", "password").stdout


def test_a_changed_password_is_set_back_to_the_secret_s(instance: Instance, database: Containers, run: Run) -> None:
    email = instance.settings.admin_email
    django(database, "manage.py", "migrate", "--no-input", "--verbosity", "0")
    django(database, "-c", ACCOUNT, email, "make", stdin="a password of theirs")
    shown = run("admin", "password", "--reset", "--yes")
    assert shown.exit_code == 0, shown.stderr
    assert password(instance) not in shown.stdout + shown.stderr
    assert django(database, "-c", ACCOUNT, email, "check", stdin=password(instance)) == "True True"


def test_without_the_account_it_is_said(instance: Instance, database: Containers, run: Run) -> None:
    django(database, "manage.py", "migrate", "--no-input", "--verbosity", "0")
    database.postgres.query("DELETE FROM auth_user")
    shown = run("admin", "password", "--reset", "--yes")
    assert shown.exit_code == 1
    assert f"there is no account with the e-mail {instance.settings.admin_email!r}" in shown.stderr


def test_a_reset_asks_first(instance: Instance, run: Run) -> None:
    shown = run("admin", "password", "--reset", "--stack", instance.stack.name)
    assert shown.exit_code == 1
    assert "Add --yes" in shown.stderr
