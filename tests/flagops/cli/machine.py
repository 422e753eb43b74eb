"""A machine with a Pulumi CLI that is a script, a kubeconfig, and the stack `staging`, as the commands find them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.deployment.presence import DeclaredObject
from flagops.engines.for_stack import PACK_FILE
from flagops.project import VARIABLE
from flagops.stacks import target
from flagops.stacks.files import load_stack
from flagops.stacks.target import StackTarget
from tests.fake_cluster import NAMESPACE, FakeCluster
from tests.recording import ROOT

CONTEXT = "staging"
OBJECTS = (DeclaredObject("apps/v1", "Deployment", "flagsmith"), DeclaredObject("v1", "Secret", "flagsmith-django"))
HISTORY = [
    {
        "kind": "update",
        "startTime": "2026-01-01T00:00:00.000Z",
        "endTime": "2026-01-01T00:00:00.000Z",
        "message": "",
        "environment": {},
        "config": {},
        "result": "succeeded",
        "version": 1,
        "resourceChanges": {"same": 51},
    }
]
PULUMI = """#!/bin/sh
echo "$@" >> {home}/calls
case "$*" in
  *version*) echo v3.999.0 ;;
  *"stack export"*) cat {home}/state ;;
  *"stack output"*) echo '{{}}' ;;
  *"stack history"*) cat {home}/history ;;
  *) {other} ;;
esac
"""


class Machine:
    """A machine with a fake Pulumi CLI, a kubeconfig, and the stack `staging`."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self._patch = home, monkeypatch
        self.settings: dict[str, object] = {}
        self.pulumi("true")
        (home / "Pulumi.yaml").write_text("name: feature-flags\nruntime: python\n")
        (home / "history").write_text(json.dumps(HISTORY))
        (home / "policies" / ".venv").mkdir(parents=True)
        (home / "policies" / PACK_FILE).touch()
        monkeypatch.setenv(VARIABLE, str(home))
        monkeypatch.setattr(target, "find", lambda _: self.target())
        monkeypatch.setenv("PATH", f"{home / 'bin'}:/usr/bin:/bin")

    def pulumi(self, other: str) -> None:
        """What the CLI does where the test cares; it succeeds in all else."""
        program = self.home / "bin" / "pulumi"
        program.parent.mkdir(exist_ok=True)
        program.write_text(PULUMI.format(home=self.home, other=other))
        program.chmod(0o755)

    def kubeconfig(self, cluster: FakeCluster, context: str = CONTEXT) -> None:
        self._patch.setenv("KUBECONFIG", str(cluster.kubeconfig(self.home / "kubeconfig", context)))

    def recorded(self, *resources: dict[str, Any], pending: list[dict[str, Any]] | None = None) -> None:
        """What Pulumi's state has."""
        content = {"resources": list(resources), "pending_operations": pending or []}
        (self.home / "state").write_text(json.dumps({"version": 3, "deployment": content}))

    @property
    def calls(self) -> str:
        path = self.home / "calls"
        return path.read_text() if path.exists() else ""

    @property
    def has_deployed(self) -> bool:
        return any(f" {word} " in f" {self.calls} " for word in ("up", "destroy", "refresh"))

    def target(self) -> StackTarget:
        """The stack with the settings of the test, and its cluster."""
        stack = load_stack("staging", ROOT)
        own = {f"feature-flags:{key}": value for key, value in {"context": CONTEXT, **self.settings}.items()}
        return StackTarget(replace(stack, config={**stack.config, **own}), CONTEXT)


def namespace(uid: str = "the-namespace", *, protect: bool = False) -> dict[str, Any]:
    urn = "urn:pulumi:staging::feature-flags::kubernetes:core/v1:Namespace::namespace-namespace"
    metadata = {"name": NAMESPACE}
    return {
        "urn": urn,
        "type": "kubernetes:core/v1:Namespace",
        "custom": True,
        "protect": protect,
        "id": NAMESPACE,
        "inputs": {"metadata": metadata},
        "outputs": {"metadata": {**metadata, "uid": uid}},
    }


def provider(identifier: str) -> dict[str, Any]:
    urn = "urn:pulumi:staging::feature-flags::pulumi:providers:kubernetes::cluster"
    kind = "pulumi:providers:kubernetes"
    return {"urn": urn, "type": kind, "custom": True, "id": "x", "inputs": {"clusterIdentifier": identifier}}
