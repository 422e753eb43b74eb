"""Settings that a command changes in a stack's file: comments and all else stay."""

import re
from pathlib import Path

import pytest

from flagops.errors import OpsError
from flagops.stacks.edit import set_settings
from flagops.stacks.files import Stack, load_stack
from tests.recording import ROOT

PROJECT = "name: feature-flags\nruntime: python\n"
HEAD = "# Ours.\nencryptionsalt: v1:abc=\n"


def stack(home: Path, text: str) -> Stack:
    (home / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    (home / "Pulumi.demo.yaml").write_text(text, encoding="utf-8")
    return load_stack("demo", home)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"{HEAD}config:\n  # The host.\n  feature-flags:host: a.b  # public\n",
            f"{HEAD}config:\n  feature-flags:version: 2.265.0\n  # The host.\n  feature-flags:host: a.b  # public\n",
        ),
        (
            "config:\n  feature-flags:version: 2.264.0\n  feature-flags:host: a.b\n",
            "config:\n  feature-flags:version: 2.265.0\n  feature-flags:host: a.b\n",
        ),
        ("config:\n  version: 2.264.0\n", "config:\n  feature-flags:version: 2.265.0\n"),
        (
            "config: # settings\n  other:version: 1\n",
            "config: # settings\n  feature-flags:version: 2.265.0\n  other:version: 1\n",
        ),
    ],
)
def test_the_release(before: str, after: str, tmp_path: Path) -> None:
    set_settings(stack(tmp_path, before), {"version": "2.265.0"})
    assert (tmp_path / "Pulumi.demo.yaml").read_text(encoding="utf-8") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "config:\n  feature-flags:host: a.b\n",
            "config:\n  feature-flags:postgres:\n    version: 18.0-bookworm\n  feature-flags:host: a.b\n",
        ),
        (
            "config:\n  feature-flags:postgres:\n    # A\n    storage: {}\n  size: local",
            "config:\n  feature-flags:postgres:\n    version: 18.0-bookworm\n    # A\n    storage: {}\n  size: local",
        ),
        (
            "config:\n  feature-flags:postgres:\n    version: 17.11-bookworm\n    mode: embedded",
            "config:\n  feature-flags:postgres:\n    version: 18.0-bookworm\n    mode: embedded",
        ),
    ],
)
def test_a_setting_of_a_section(before: str, after: str, tmp_path: Path) -> None:
    set_settings(stack(tmp_path, before), {"postgres.version": "18.0-bookworm"})
    assert (tmp_path / "Pulumi.demo.yaml").read_text(encoding="utf-8") == after


POSTGRES = "config:\n  feature-flags:postgres:\n"
IN_A_LINE = '"name": "flagsmith-pg-2", "kept": ["flagsmith-pg"]'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"{POSTGRES}    cluster:\n      # B\n      version: 17.10-trixie\n      instances: 3\n",
            f"{POSTGRES}    cluster:\n      # B\n      version: 18.4-trixie\n      instances: 3\n",
        ),
        (
            f"{POSTGRES}    cluster:\n      instances: 3\n    mode: cloudnativepg\n",
            f"{POSTGRES}    cluster:\n      version: 18.4-trixie\n      instances: 3\n    mode: cloudnativepg\n",
        ),
        # As `ff db restore --to` writes it.
        (
            f"{POSTGRES}    cluster: {{{IN_A_LINE}}}\n",
            f'{POSTGRES}    cluster: {{{IN_A_LINE}, "version": "18.4-trixie"}}\n',
        ),
        (
            f"{POSTGRES}    mode: cloudnativepg\n",
            f'{POSTGRES}    cluster: {{"version": "18.4-trixie"}}\n    mode: cloudnativepg\n',
        ),
        (
            "config:\n  feature-flags:host: a.b\n",
            f'{POSTGRES}    cluster: {{"version": "18.4-trixie"}}\n  feature-flags:host: a.b\n',
        ),
    ],
    ids=["another value", "in lines", "a map in a line", "no map", "no section"],
)
def test_a_setting_two_levels_down(before: str, after: str, tmp_path: Path) -> None:
    """Else a key `postgres.cluster` would be made, which is none: `ff db upgrade` of a Cluster left that behind."""
    there = stack(tmp_path, before)
    set_settings(there, {"postgres.cluster.version": "18.4-trixie"})
    assert there.path.read_text(encoding="utf-8") == after
    # And the way back, which a command that fails takes.
    set_settings(there, {"postgres.cluster.version": "17.10-trixie"})
    postgres = load_stack("demo", tmp_path).config["feature-flags:postgres"]
    assert isinstance(postgres, dict)
    assert postgres["cluster"]["version"] == "17.10-trixie"


def test_a_file_that_is_written_otherwise_is_left_alone_and_what_to_set_is_said(tmp_path: Path) -> None:
    before = 'config: {"feature-flags:postgres": {"version": "17.11-bookworm"}}\n'
    with pytest.raises(OpsError, match="could not be changed automatically") as caught:
        set_settings(stack(tmp_path, before), {"postgres.version": "18.0-bookworm"})
    assert caught.value.hint == "Set feature-flags:postgres.version to 18.0-bookworm, then run this again."
    assert (tmp_path / "Pulumi.demo.yaml").read_text(encoding="utf-8") == before


def test_it_is_replaced_in_one_step_and_keeps_its_mode_and_what_links_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    there = stack(tmp_path, "config:\n  feature-flags:host: a.b\n")
    real = tmp_path / "elsewhere" / "demo.yaml"
    there.path.rename(real)
    real.chmod(0o640)
    there.path.symlink_to(real)
    set_settings(there, {"version": "2.265.0"})
    assert there.path.is_symlink()
    assert "2.265.0" in real.read_text(encoding="utf-8")
    assert real.stat().st_mode & 0o777 == 0o640
    before = real.read_text(encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("flagops.files.os.fsync", full)
    with pytest.raises(OpsError, match=r"demo\.yaml cannot be written: No space left on device"):
        set_settings(there, {"version": "2.266.0"})
    assert real.read_text(encoding="utf-8") == before
    assert [item.name for item in real.parent.iterdir()] == ["demo.yaml"]


def test_nothing_else_writes_a_stack_s_file() -> None:
    """A run that is killed in the middle of `write_text` leaves half a file, which says nothing of what it was."""
    direct = re.compile(r"\b(?:stack|target\.stack|instance\.stack)\.path\.(?:write_|open\()")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in (ROOT / "flagops").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if direct.search(line)
    ]
    assert found == []
