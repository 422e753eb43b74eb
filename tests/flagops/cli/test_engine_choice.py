"""Which engine deploys a stack."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from flagops.engines import for_stack
from flagops.engines.choice import choose
from flagops.engines.deployer import EngineName
from flagops.engines.pulumi_cli import find
from flagops.errors import OpsError
from flagops.kubernetes.refusals import refusal
from tests.flagops.cli import fakes

CLI, DIRECT = EngineName.CLI, EngineName.DIRECT


@pytest.mark.parametrize(
    ("stack", "wanted", "made_by", "has_cli", "expected"),
    [
        ("local", None, None, True, CLI),
        ("local", None, None, False, DIRECT),
        ("local", None, DIRECT, True, DIRECT),  # installing the CLI later breaks nothing
        ("local", None, CLI, True, CLI),
        ("local", CLI, None, True, CLI),
        ("local", DIRECT, None, True, DIRECT),
        ("local", DIRECT, DIRECT, False, DIRECT),
        ("staging", None, None, True, CLI),
        ("staging", None, CLI, True, CLI),
        ("staging", DIRECT, None, True, DIRECT),
        ("staging", DIRECT, None, False, DIRECT),
        ("staging", DIRECT, DIRECT, True, DIRECT),
        ("staging", None, DIRECT, True, DIRECT),  # asked for once
        ("staging", None, DIRECT, False, DIRECT),
    ],
)
def test_engine_is_the_wanted_one_else_the_one_that_made_the_stack_else_the_default(
    stack: str, wanted: EngineName | None, made_by: EngineName | None, has_cli: bool, expected: EngineName
) -> None:
    assert choose(stack, wanted=wanted, made_by=made_by, has_cli=has_cli).engine is expected


@pytest.mark.parametrize(
    ("stack", "wanted", "made_by"),
    [("local", CLI, DIRECT), ("local", DIRECT, CLI), ("staging", CLI, DIRECT)],
)
def test_a_stack_that_the_other_engine_made_is_refused(
    stack: str, wanted: EngineName | None, made_by: EngineName
) -> None:
    with pytest.raises(OpsError, match=f"was made by {made_by.label}") as refusal:
        choose(stack, wanted=wanted, made_by=made_by, has_cli=True)
    assert f"--engine {made_by}" in (refusal.value.hint or "")


@pytest.mark.parametrize(
    ("stack", "wanted", "made_by"),
    [("staging", None, None), ("staging", CLI, None), ("local", CLI, None), ("local", None, CLI)],
)
def test_without_a_cli_the_error_names_the_three_ways_on(
    stack: str, wanted: EngineName | None, made_by: EngineName | None
) -> None:
    with pytest.raises(OpsError, match="needs the Pulumi CLI") as refusal:
        choose(stack, wanted=wanted, made_by=made_by, has_cli=False)
    hint = refusal.value.hint or ""
    assert all(way in hint for way in ("pulumi.com", "--install-pulumi", "--engine direct"))


def test_the_cli_is_found_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pulumi"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find.find() == program


def test_without_pulumi_on_path_the_one_of_the_sdk_s_installer_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find.find() is None
    installed = tmp_path / ".pulumi" / "versions" / version("pulumi") / "bin" / "pulumi"
    installed.parent.mkdir(parents=True)
    installed.write_text("#!/bin/sh\n")
    assert find.find() == installed


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, None),
        ('{"checkpoint": {"latest": {"resources": [{"urn": "stack", "custom": false}]}}}', None),
        ('{"checkpoint": {"latest": {"resources": [{"urn": "namespace", "custom": true}]}}}', CLI),
    ],
)
def test_the_cli_s_record_of_local_is_its_file_backend(
    state: str | None, expected: EngineName | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flagops.engines.direct.deployer.DirectDeployer.has_made_stack", lambda _: False)
    local = fakes.target(home=tmp_path)
    if state is not None and local.backend:
        record = local.backend / ".pulumi" / "stacks" / "feature-flags" / "local.json"
        record.parent.mkdir(parents=True)
        record.write_text(state)
    assert for_stack.made_by(local, None) is expected


def test_the_direct_engine_s_record_is_asked_of_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flagops.engines.direct.deployer.DirectDeployer.has_made_stack", lambda _: True)
    assert for_stack.made_by(fakes.target("staging"), None) is DIRECT


def _raising(error: OpsError) -> Callable[[object], bool]:
    def raise_it(_: object) -> bool:
        raise error

    return raise_it


@pytest.mark.parametrize("status", [401, 403])
def test_who_may_not_read_the_direct_engine_s_record_can_still_run_the_cli(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = refusal(status, b"{}", "Cannot read Secret kube-system/x")
    monkeypatch.setattr("flagops.engines.direct.deployer.DirectDeployer.has_made_stack", _raising(refused))
    assert for_stack.made_by(fakes.target("staging"), None) is None


def test_a_record_that_is_there_and_cannot_be_understood_stops_the_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "flagops.engines.direct.deployer.DirectDeployer.has_made_stack", _raising(OpsError("was written in format 2"))
    )
    with pytest.raises(OpsError, match="format 2"):
        for_stack.made_by(fakes.target("staging"), None)


@pytest.mark.parametrize("has_cli", [True, False])
def test_without_a_kubeconfig_the_missing_cli_is_what_is_named(
    has_cli: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    monkeypatch.setattr(find, "find", lambda: tmp_path / "pulumi" if has_cli else None)
    if has_cli:
        assert for_stack.choose_engine(fakes.target("staging"), None, install=False).engine is CLI
    else:
        with pytest.raises(OpsError, match="needs the Pulumi CLI"):
            for_stack.choose_engine(fakes.target("staging"), None, install=False)
