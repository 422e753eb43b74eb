"""A stack that is deployed, from files of a test's own, which its commands may change."""

import shutil
from pathlib import Path

import pytest

from flagops.stacks import target
from flagops.stacks.files import load_stack
from flagops.stacks.target import StackTarget
from tests.platform import Platform
from tests.recording import ROOT


def copied(platform: Platform, directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the files of the stack `local` into a directory, where every command finds them; the stack's own file."""
    for name in ("Pulumi.yaml", "Pulumi.local.yaml"):
        shutil.copy(ROOT / name, directory)
    cluster = platform.cluster

    def find(name: str) -> StackTarget:
        return StackTarget(load_stack(name, directory), cluster.context, cluster.kubeconfig)

    monkeypatch.setattr(target, "find", find)
    return directory / "Pulumi.local.yaml"
