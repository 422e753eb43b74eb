"""Settings that a command changes in a stack's file: comments and all else stay."""

from pathlib import Path

import pytest

from flagops.errors import OpsError
from flagops.stacks.edit import set_settings
from flagops.stacks.files import Stack, load_stack

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


def test_a_file_that_is_written_otherwise_is_left_alone_and_what_to_set_is_said(tmp_path: Path) -> None:
    before = 'config: {"feature-flags:postgres": {"version": "17.11-bookworm"}}\n'
    with pytest.raises(OpsError, match="could not be changed automatically") as caught:
        set_settings(stack(tmp_path, before), {"postgres.version": "18.0-bookworm"})
    assert caught.value.hint == "Set feature-flags:postgres.version to 18.0-bookworm, then run this again."
    assert (tmp_path / "Pulumi.demo.yaml").read_text(encoding="utf-8") == before
