"""A file is about 250 lines at most, or says why not; and what is made in one place is made nowhere else."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache

import pytest

from tests.recording import ROOT

LONGEST = 250
ONE_SERVER = "each case needs the same stand-in of a server, which would stand in two files"
ONE_TABLE = "one table of inputs with what is said of each, which people look through from top to bottom"
# The files that are longer, and why a split would hurt.
LONGER = {
    "components/backup/in_pod/store_backups.py": "a container runs it as one text",
    "flagops/commands/flags/catalogue/rules.py": "all that must hold in a catalogue, in the order in which it is told",
    "tests/bad_input/test_expressions.py": ONE_TABLE,
    "tests/bad_input/texts.py": ONE_TABLE,
    "tests/components/audit/test_entries.py": ONE_TABLE,
    "tests/components/postgres/test_attacker.py": "one attacker's traps, set once, in one database",
    "tests/components/settings/test_ingress.py": ONE_TABLE,
    "tests/components/settings/test_network.py": ONE_TABLE,
    "tests/components/settings/test_refusals.py": ONE_TABLE,
    "tests/components/settings/test_secrets_in_settings.py": ONE_TABLE,
    "tests/components/test_kept_data.py": "one search through all settings, whose finds its tests share",
    "tests/components/test_plain_secrets.py": ONE_TABLE,
    "tests/flagops/commands/doctor/test_objects.py": ONE_SERVER,
    "tests/flagops/commands/flags/test_validate.py": ONE_TABLE,
    "tests/flagops/commands/images/test_registry.py": ONE_SERVER,
    "tests/flagops/flagsmith_api/test_smoke.py": ONE_SERVER,
    "tests/flagops/local_cluster/test_kind.py": ONE_SERVER,
    "tests/policies/test_pack.py": ONE_SERVER,
    "tests/policies/test_unknown.py": ONE_TABLE,
}
# What is called, and the only files that may call it: the others ask these.
HOMES = {
    "DeploymentSpecArgs": {"components/kit/rolling.py", "components/kit/single_pod.py"},
    "JobSpecArgs": {"components/kit/jobs.py", "components/kit/cron_jobs.py"},
    "CronJob": {"components/kit/cron_jobs.py"},
    "PersistentVolumeClaim": {"components/kit/claims.py"},
    "PodDisruptionBudget": {"components/kit/disruption.py"},
    "Service": {"components/kit/services.py", "components/exposure/ingress.py"},
    "ServiceAccount": {"components/kit/service_accounts.py"},
    "PodSpecArgs": {"components/kit/pods.py"},
    "SecretVolumeSourceArgs": {"components/kit/secret_files.py"},
    "typer.confirm": {"flagops/terminal/confirm.py"},
    "typer.prompt": {"flagops/terminal/confirm.py"},
    "sys.stdin.isatty": {"flagops/terminal/confirm.py", "flagops/pods/terminal.py"},
    "time.sleep": {"flagops/waiting.py", "flagops/flagsmith_api/client.py"},
}
SOURCES = [
    path.relative_to(ROOT)
    for top in ("components", "flagops")
    for path in sorted((ROOT / top).rglob("*.py"))
    if "in_pod" not in path.parts
]


def written() -> Iterator[tuple[str, int]]:
    """The files of code that people write, with their lines."""
    listed = [
        "git",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        "*.py",
        "*.js",
        "*.ts",
        "*.tsx",
        "*.sh",
    ]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file():
            yield name, len((ROOT / name).read_text(encoding="utf-8").splitlines())


@cache
def callers(what: str) -> frozenset[str]:
    return frozenset(source for source, called in _called().items() if what in called)


@cache
def _called() -> dict[str, set[str]]:
    return {str(source): calls((ROOT / source).read_text(encoding="utf-8")) for source in SOURCES}


def calls(text: str) -> set[str]:
    """What a source calls: names, and names of modules with what is called of them."""
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)}


def test_no_file_is_longer_than_it_says_why() -> None:
    lines = dict(written())
    assert len(lines) > 500, "it reads nothing"
    long = {name for name, count in lines.items() if count > LONGEST}
    assert long - set(LONGER) == set(), "split them along concerns, or give a reason"
    assert set(LONGER) - long == set(), "they are no longer so long"


@pytest.mark.parametrize("what", HOMES)
def test_what_is_made_in_one_place_is_made_nowhere_else(what: str) -> None:
    assert callers(what) == HOMES[what]


def test_a_call_is_seen() -> None:
    text = "from x import Job\nif typer.confirm('Go on?'):\n    Job(name='a', spec=Spec(template=pod()))\n"
    assert calls(text) == {"typer.confirm", "Job", "Spec", "pod"}
