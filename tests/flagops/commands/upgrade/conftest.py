"""The stack `local` from a file of the test's own, and what its containers say."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from flagops.commands.upgrade import record
from flagops.flagsmith_api.administrator import password
from flagops.stacks import target
from flagops.stacks.deployed import Instance
from flagops.stacks.target import StackTarget
from tests.containers import NAMESPACE, Containers
from tests.doubles.flagsmith import Flagsmith, serve
from tests.flagops.commands.own_file import copied
from tests.platform import Platform

BACKUP = "flagsmith-20260102T030405Z-before-upgrade"
PLANNED = """Planned operations:
features.0068_later
    Add field later to feature
segments.0030_rule_index
    Raw SQL operation
"""


@pytest.fixture
def home(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The stack `local` from a file of the test's own, deployed at 2.264.0."""
    file = copied(platform, tmp_path, monkeypatch)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("config:\n", "config:\n  feature-flags:version: 2.264.0\n"), encoding="utf-8")
    platform.ensure({"version": "2.264.0"})
    yield tmp_path
    platform.http.delete(f"/api/v1/namespaces/{NAMESPACE}/configmaps/{record.NAME}")


@pytest.fixture
def place(home: Path) -> StackTarget:
    assert home
    return target.find("local")


@pytest.fixture
def flagsmith(instance: Instance, containers: Containers) -> Iterator[Flagsmith]:
    """What answers in the API's pods; what the Jobs' containers say."""
    containers.alter()
    containers.postgres.start()
    stored = {"name": BACKUP, "file": f"{BACKUP}.dump", "label": "before-upgrade", "started": "2026-01-02T03:04:05Z"}
    stored |= {"server": "17.6", "release": "2.264.0", "bytes": 1, "sha256": "00", "stack": "flags.localhost"}  # type: ignore[dict-item]
    containers.write_log("pg-dump", "Dumped.")
    containers.write_log("store", json.dumps({"stored": stored, "removed": []}))
    containers.write_log("migrate", *PLANNED.splitlines())
    settings = instance.settings
    made = Flagsmith(settings.admin_email, password(instance), settings.admin.project, "2.265.0")
    with serve(made, containers.api_port):
        made.add_environments(*settings.admin.environments)
        yield made
