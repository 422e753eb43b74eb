"""The comparison of manifests between commits: its stacks are what they are called, and what differs is named."""

import shutil
from pathlib import Path

import pytest

from flagops.commands.deploy.compare import commits
from flagops.evaluation.evaluate import evaluate
from flagops.stacks.files import load_stack
from tests.flagops.commands.deploy.test_compare import git, repository
from tests.manifests import __main__ as script
from tests.manifests.fields import fields
from tests.recording import ROOT

__all__ = ["repository"]


HAS = {
    "audit-export": {"Deployment/flagsmith-audit-exporter", "PrometheusRule/flagsmith"},
    "autoscaling": {"HorizontalPodAutoscaler/flagsmith", "CronJob/flagsmith-backup"},
    "edge": {"HorizontalPodAutoscaler/flagsmith-edge", "HTTPRoute/flagsmith", "Secret/flagsmith-edge-keys"},
    "edge-alone": {"Deployment/flagsmith-edge", "ExternalSecret/edge-keys", "NetworkPolicy/flagsmith-edge"},
    "external-data": {"CronJob/flagsmith-backup", "Deployment/flagsmith-flag-metrics"},
    "gateway": {"Gateway/flagsmith", "HTTPRoute/flagsmith", "HTTPRoute/flagsmith-redirect"},
    "no-redis": {"StatefulSet/flagsmith-postgres"},
    "secret-store": {"ExternalSecret/flagsmith-postgres"},
}
HAS_NOT = {
    "audit-export": {"HorizontalPodAutoscaler/flagsmith"},
    "autoscaling": {"PersistentVolumeClaim/flagsmith-backups"},
    "edge": {"HorizontalPodAutoscaler/flagsmith", "Gateway/flagsmith"},
    "edge-alone": {"Deployment/flagsmith", "StatefulSet/flagsmith-postgres", "Secret/flagsmith-edge-keys"},
    "external-data": {"StatefulSet/flagsmith-postgres", "Deployment/flagsmith-redis"},
    "gateway": {"Ingress/flagsmith", "Service/flagsmith-unpublished"},
    "no-redis": {"Deployment/flagsmith-redis", "CronJob/flagsmith-backup"},
    "secret-store": {"Secret/flagsmith-postgres"},
}


@pytest.mark.parametrize("stack", script.VARIED)
def test_a_varied_stack_is_what_it_is_called(stack: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copy(ROOT / "tests" / "manifests" / "stacks" / f"Pulumi.{stack}.yaml", tmp_path)
    program = evaluate(ROOT, load_stack(stack, tmp_path), {})
    names = {f"{item.ref.kind}/{item.ref.name}" for item in program.objects}
    assert HAS[stack] <= names, sorted(names)
    assert not HAS_NOT[stack] & names


ANOTHER_LABEL = """
import sys  # noqa: E402

if "no-redis" in sys.argv:
    PLATFORM = "flags"
"""


def test_a_changed_program_is_found_in_each_stack_that_it_changes(repository: Path) -> None:
    program = repository / "components" / "kit" / "names.py"
    program.write_text(program.read_text(encoding="utf-8") + ANOTHER_LABEL, encoding="utf-8")
    git(repository, "commit", "--quiet", "--all", "--message=second")
    same, found = script.compared(repository, "main~1", "main", ["staging", "no-redis"])
    assert (same[0], same[2]) == ("staging", [])
    stack, objects, told = found
    assert (stack, len(told)) == ("no-redis", objects)
    assert any(
        line.startswith("update Deployment flagsmith: metadata.labels.app.kubernetes.io/part-of") for line in told
    )
    assert any(line.startswith("replace Job flagsmith-migrate-") for line in told)
    assert git(repository, "worktree", "list").count("\n") == 0, "no work tree is left"


def test_the_script_says_what_there_is_no_commit_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["no-such-commit", "--stack", "local"]) == 2
    assert "There is no commit 'no-such-commit'" in capsys.readouterr().err


def test_a_program_that_does_not_end_is_said_with_its_stack(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "ROOT", repository)
    monkeypatch.setattr(commits, "RENDER_SECONDS", 0.01)
    assert script.main(["main", "main", "--stack", "local"]) == 2
    said = capsys.readouterr()
    assert "render --stack local" in said.err
    assert "has not ended in 0.01 s" in said.err
    assert said.out == ""
    assert git(repository, "worktree", "list").count("\n") == 0


def test_fields_are_named_by_their_paths() -> None:
    old = "spec: {containers: [{name: a, image: x}, {name: b, image: x}], args: [1, 2]}\n"
    new = "spec: {containers: [{name: a, image: y}, {name: c, image: x}], args: [1, 3], more: 1}\n"
    assert fields(old, new) == [
        "spec.args",
        "spec.containers.a.image",
        "spec.containers.b",
        "spec.containers.c",
        "spec.more",
    ]
    assert fields("a: [{name: x}, {name: y}]", "a: [{name: y}, {name: x}]") == ["a (order)"]
    assert fields("a: 1 # one", "a: 1") == []
