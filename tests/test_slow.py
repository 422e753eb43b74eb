"""What is left out of the fast tests is there, and what remains is enough for a component and a command."""

from pathlib import Path
from typing import Any

import pytest

from tests.slow import FILES, longest_first

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", FILES)
def test_what_is_marked_as_slow_is_there(name: str) -> None:
    assert (HERE / name).exists()


def test_no_file_is_named_that_is_in_a_folder_that_is_named() -> None:
    assert [name for name in FILES if any(name.startswith(f"{other}/") for other in FILES)] == []


def test_nothing_that_is_tried_of_every_pod_or_every_command_is_left_out() -> None:
    for name in (
        "components/test_contracts.py",
        "components/test_workloads.py",
        "components/test_order.py",
        "components/test_plain_secrets.py",
        "components/settings/test_files.py",
        "flagops/cli/test_wrong_input.py",
        "flagops/engines/test_render.py",
        "docs/test_references.py",
    ):
        assert (HERE / name).exists(), name
        assert not any(name == other or name.startswith(f"{other}/") for other in FILES), name


class _Item:
    def __init__(self, path: str, name: str, *markers: str) -> None:
        self.path, self.name, self.markers = Path(path), name, markers

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.markers else None


def test_files_of_the_cluster_come_first_then_slow_ones_and_each_stays_together_in_its_order() -> None:
    items: list[Any] = [
        _Item("a", "1"),
        _Item("b", "1", "slow"),
        _Item("c", "1"),
        _Item("b", "2"),
        _Item("c", "2", "cluster", "slow"),
        _Item("d", "1", "cluster", "slow"),
    ]
    found: list[Any] = longest_first(items)
    assert [f"{item.path}{item.name}" for item in found] == ["c1", "c2", "d1", "b1", "b2", "a1"]
