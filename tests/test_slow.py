"""What is left out of the fast tests is there, and what remains is enough for a component and a command."""

from pathlib import Path

import pytest

from tests.slow import FILES

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
