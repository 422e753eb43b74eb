"""The Pulumi CLI as an engine, over a `pulumi` that is a script."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flagops.engines.own_cluster import StackCluster
from flagops.engines.pulumi_cli.deployer import CliDeployer
from flagops.engines.pulumi_cli.program import find_command
from flagops.errors import OpsError, RefusedError
from flagops.evaluation.advisory import Advisory
from tests.flagops.cli import fakes

URN = "urn:pulumi:local::feature-flags::flagsmith:Namespace$kubernetes:core/v1:Namespace::namespace"
SCRIPT = """#!/bin/sh
echo "$@" >> {calls}
case "$*" in
  *version*) echo v3.999.0 ;;
  *"stack select"*) {select} ;;
  *"stack export"*) cat {state} ;;
  *) {other} ;;
esac
"""


class UnaskedCluster(StackCluster):
    """A cluster that is always the right one, without any of the objects that are looked for."""

    identifier = "here"

    def require(self, uids: Mapping[str, str], hint: str) -> None:
        """Find nothing wrong."""

    def require_own_namespace(self) -> None:
        """It is."""

    def live(self, manifest: Mapping[str, Any]) -> None:
        """Find nothing."""


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return tmp_path / "calls"


def deployer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    resources: list[dict[str, Any]] | None = None,
    select: str = "true",
    other: str = "true",
) -> CliDeployer:
    (tmp_path / "state").write_text(json.dumps({"version": 3, "deployment": {"resources": resources or []}}))
    (tmp_path / "Pulumi.yaml").write_text("name: feature-flags\nruntime: python\n")
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(SCRIPT.format(calls=tmp_path / "calls", state=tmp_path / "state", select=select, other=other))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return CliDeployer(
        root=tmp_path,
        stack=fakes.target().stack,
        command=find_command(install=False),
        on_event=lambda _: None,
        cluster=UnaskedCluster(fakes.target().stack, None, "here"),
        explain=lambda _: "",
    )


def test_down_of_protected_resources_lists_them_and_destroys_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Path
) -> None:
    protected = {
        "urn": URN,
        "type": URN,
        "custom": True,
        "protect": True,
        "inputs": {"metadata": {"name": "feature-flags"}},
    }
    with pytest.raises(OpsError, match="holds protected resources:\n  Namespace feature-flags"):
        deployer(tmp_path, monkeypatch, resources=[protected, {"urn": f"{URN}2", "type": URN, "custom": True}]).down()
    assert "destroy" not in calls.read_text()


def test_down_of_an_unprotected_stack_destroys_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Path) -> None:
    with pytest.raises(OpsError):  # the script answers nothing that the Automation API could read
        deployer(tmp_path, monkeypatch, resources=[{"urn": URN, "type": URN, "custom": True}], other="false").down()
    assert "destroy" in calls.read_text()


def test_a_stack_that_the_backend_does_not_know_is_not_made_by_a_preview(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Path
) -> None:
    unknown = "echo \"error: no stack named 'local' found\" >&2; exit 1"
    with pytest.raises(OpsError, match="has no stack 'local'") as error:
        deployer(tmp_path, monkeypatch, select=unknown).preview()
    assert "pulumi stack init local" in (error.value.hint or "")
    assert "stack init" not in calls.read_text()


def test_the_preview_that_up_shows_makes_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Path
) -> None:
    unknown = "echo \"error: no stack named 'local' found\" >&2; exit 1"
    with pytest.raises(OpsError):  # the script answers nothing that the Automation API could read
        replace(deployer(tmp_path, monkeypatch, select=unknown, other="false"), makes_stack=True).preview()
    assert "stack init local" in calls.read_text()


def test_a_locked_stack_says_how_to_unlock_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = 'echo "error: the stack is currently locked by 1 lock(s)" >&2; exit 255'
    with pytest.raises(OpsError, match="Another update of the stack 'local' is running") as error:
        deployer(tmp_path, monkeypatch, other=locked).up()
    assert "pulumi cancel --stack local" in (error.value.hint or "")


def test_an_interrupt_is_left_to_the_cli_and_ends_the_command_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Path
) -> None:
    interrupted = f"kill -INT $PPID; echo ended >> {calls}; exit 255"
    with pytest.raises(KeyboardInterrupt):
        deployer(tmp_path, monkeypatch, other=interrupted).up()
    assert calls.read_text().endswith("ended\n")


def test_an_object_that_a_killed_run_left_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exists = 'echo "error: deployments.apps \\"flagsmith-redis\\" already exists" >&2; exit 255'
    with pytest.raises(OpsError, match="already exists") as error:
        deployer(tmp_path, monkeypatch, other=exists).up()
    assert "kubectl --context here get" in (error.value.hint or "")


def test_a_failure_without_diagnostics_tells_what_the_cli_said_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OpsError, match="no credentials"):
        deployer(tmp_path, monkeypatch, select='echo "error: no credentials" >&2; exit 1').up()


def test_a_cli_that_is_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pulumi"
    program.write_text("#!/bin/sh\necho v2.0.0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(OpsError, match="does not fit"):
        find_command(install=False)


def test_an_installation_that_fails_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("the network is unreachable")

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("pulumi.automation.PulumiCommand.install", offline)
    with pytest.raises(OpsError, match="the network is unreachable"):
        find_command(install=True)


@pytest.mark.parametrize("command", ["up", "preview"])
def test_the_policy_pack_goes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Path, command: str) -> None:
    failing = 'for word; do case "$word" in up|preview) exit 1 ;; esac; done'
    made = replace(deployer(tmp_path, monkeypatch, other=failing), policy_packs=(tmp_path / "policies",))
    with pytest.raises(OpsError):
        getattr(made, command)()
    (line,) = (line for line in calls.read_text().splitlines() if "--policy-pack" in line)
    assert f" {command} " in f" {line} "
    assert f"--policy-pack {tmp_path / 'policies'}" in line


@pytest.mark.parametrize("command", ["up", "preview"])
def test_without_a_pack_the_program_is_judged_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Path, command: str
) -> None:
    def broken() -> tuple[Advisory, ...]:
        raise RefusedError("it breaks a rule")

    made = replace(deployer(tmp_path, monkeypatch), review=broken)
    before = calls.read_text()
    with pytest.raises(RefusedError, match="it breaks a rule"):
        getattr(made, command)()
    assert calls.read_text() == before
