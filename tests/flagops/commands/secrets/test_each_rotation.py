"""`ff secrets rotate`: one command renews one secret, and rolls who reads it and nobody else."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from typer.testing import Result

from flagops.commands.secrets import record
from flagops.commands.secrets.catalogue import find
from flagops.engines.direct.results import Operation
from flagops.flagsmith_api.administrator import password
from flagops.stacks.deployed import Instance
from tests.containers import NAMESPACE, Containers
from tests.flagops.commands.own_file import copied
from tests.flagops.commands.secrets.renewed import held, rotations
from tests.flagops.commands.test_admin import ACCOUNT, django
from tests.platform import Platform

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]
SERVERS = {"flagsmith", "flagsmith-task-processor"}
RESTARTED = {
    "postgres": set(),
    "database": SERVERS,
    "audit": set(),
    "analytics": set(),
    "redis": {*SERVERS, "flagsmith-redis"},
    "django": SERVERS,
    "cookies": SERVERS,
    "warehouse": SERVERS,
    "admin": set(),
    "sdk": set(),
}

CALLED = {"flagsmith-redis": "Redis", "flagsmith": "API", "flagsmith-task-processor": "task processor"}


@pytest.fixture(scope="module")
def renewed(platform: Platform) -> Iterator[dict[str, int]]:
    """What tests before have renewed, so that the next one goes on from there: the way back rolls as many pods."""
    yield {}
    platform.http.delete(f"/api/v1/namespaces/{NAMESPACE}/configmaps/{record.NAME}")


def settings(renewed: Mapping[str, int]) -> dict[str, object]:
    return {"rotations": dict(renewed)} if renewed else {}


@pytest.fixture
def home(platform: Platform, renewed: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stack's file, which says what was renewed, in a directory of its own; the stack is as it says."""
    file = copied(platform, tmp_path, monkeypatch)
    stack = yaml.safe_load(file.read_text(encoding="utf-8"))
    stack["config"] |= {f"feature-flags:{key}": value for key, value in settings(renewed).items()}
    file.write_text(yaml.safe_dump(stack), encoding="utf-8")
    platform.ensure(settings(renewed))
    return tmp_path


@pytest.mark.parametrize("name", RESTARTED)
def test_a_rotation_rolls_who_reads_it_and_never_leaves_fewer_than_three(
    name: str,
    instance: Instance,
    serving: Containers,
    home: Path,
    platform: Platform,
    renewed: dict[str, int],
    run: Run,
) -> None:
    email = instance.settings.admin_email
    if name == "admin":
        django(serving, "manage.py", "migrate", "--no-input", "--verbosity", "0")
        django(serving, "-c", ACCOUNT, email, "make", stdin="a password of theirs")
    before, generations, since = held(instance), platform.generations(), platform.revision()
    shown = run("secrets", "rotate", name, "--yes", "--engine", "direct")
    assert shown.exit_code == 0, shown.stdout + shown.stderr
    assert f"{name} is renewed, rotation 1. Commit Pulumi.local.yaml." in shown.stdout
    called = [word for workload, word in CALLED.items() if workload in RESTARTED[name]]
    assert f" Restarted: {', '.join(called) or 'nobody'}. It costs: " in shown.stderr
    assert rotations(home) == {**renewed, name: 1}
    after = held(instance)
    assert {secret for secret in after if after[secret] != before[secret]} == {find(name).secret}
    values = {value for found in (before, after) for secret in found.values() for value in secret.values()}
    assert not [value for value in values if len(value) > 30 and value in shown.stdout + shown.stderr]
    changed = {name for name, generation in platform.generations().items() if generation != generations[name]}
    assert changed == RESTARTED[name]
    assert all(wanted == 3 and available >= 3 for wanted, available in platform.scales(since))
    assert record.rotations(instance)[name].finished
    if name == "admin":
        assert django(serving, "-c", ACCOUNT, email, "check", stdin=password(instance)) == "True True"
    renewed[name] = 1
    platform.left(settings(renewed))


def test_a_deployment_after_all_of_them_would_change_nothing(platform: Platform, renewed: dict[str, int]) -> None:
    if not renewed:  # alone, without the tests before it
        platform.ensure()
    plan = platform.engine(settings(renewed)).preview()
    assert [change for change in plan.changes if change.action is not Operation.UNCHANGED] == []
