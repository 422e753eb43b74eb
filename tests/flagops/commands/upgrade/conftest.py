"""The stack `local` from a file of the test's own, and what its containers say."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flagops.commands.upgrade import record
from flagops.flagsmith_api.administrator import password
from flagops.stacks import target
from flagops.stacks.deployed import Site, open_site
from flagops.stacks.files import load_stack
from flagops.stacks.target import StackTarget
from tests.containers import NAMESPACE, Containers
from tests.doubles.flagsmith import Flagsmith, serve
from tests.platform import Platform
from tests.recording import ROOT

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
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    text = (ROOT / "Pulumi.local.yaml").read_text(encoding="utf-8")
    text = text.replace("config:\n", "config:\n  feature-flags:version: 2.264.0\n")
    (tmp_path / "Pulumi.local.yaml").write_text(text, encoding="utf-8")
    cluster = platform.cluster

    def find(name: str) -> StackTarget:
        return StackTarget(load_stack(name, tmp_path), cluster.context, cluster.kubeconfig)

    monkeypatch.setattr(target, "find", find)
    platform.ensure({"version": "2.264.0"})
    yield tmp_path
    platform.http.delete(f"/api/v1/namespaces/{NAMESPACE}/configmaps/{record.NAME}")


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    assert home
    with open_site("local") as opened:
        yield opened


@pytest.fixture
def flagsmith(site: Site, containers: Containers) -> Iterator[Flagsmith]:
    """What answers in the API's pods; what the Jobs' containers say."""
    containers.alter()
    containers.postgres.start()
    stored = {"name": BACKUP, "file": f"{BACKUP}.dump", "label": "before-upgrade", "started": "2026-01-02T03:04:05Z"}
    stored |= {"server": "17.6", "release": "2.264.0", "bytes": 1, "sha256": "00", "stack": "flags.localhost"}  # type: ignore[dict-item]
    containers.write_log("dump", "Dumped.")
    containers.write_log("store", json.dumps({"stored": stored, "removed": []}))
    containers.write_log("migrate", *PLANNED.splitlines())
    settings = site.settings
    made = Flagsmith(settings.admin_email, password(site), settings.admin.project, "2.265.0")
    with serve(made, containers.api_port):
        made.add_environments(*settings.admin.environments)
        yield made
