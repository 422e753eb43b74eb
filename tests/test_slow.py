"""What is left out of the fast tests is there, and what remains is enough for a component and a command."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from xdist.remote import Producer

from tests.slow import FILES, in_order, pytest_xdist_make_scheduler

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


def test_files_of_the_cluster_come_first_fast_ones_among_the_slow_and_each_stays_together_in_its_order() -> None:
    items: list[Any] = [
        _Item("a", "1"),
        _Item("b", "1", "slow"),
        _Item("c", "1"),
        _Item("b", "2"),
        _Item("c", "2", "cluster", "slow"),
        _Item("d", "1", "cluster", "slow"),
        _Item("e", "1", "slow"),
        _Item("f", "1", "slow"),
    ]
    found: list[Any] = in_order(items)
    assert [f"{item.path}{item.name}" for item in found] == ["c1", "c2", "d1", "b1", "b2", "a1", "e1", "f1"]


class _Worker:
    """A worker that notes which tests it is given."""

    def __init__(self, number: int) -> None:
        self.gateway = SimpleNamespace(id=f"gw{number}")
        self.given: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, numbers: list[int]) -> None:
        self.given += numbers

    def shutdown(self) -> None:
        self.shutting_down = True


@pytest.mark.parametrize(("number_of_workers", "from_beginning"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_the_later_half_of_workers_takes_files_from_the_end_and_every_test_runs_once(
    number_of_workers: int, from_beginning: int
) -> None:
    options = {"tx": [f"{number_of_workers}*popen"], "dist": "loadfile", "loadscopereorder": False}
    config: Any = SimpleNamespace(getvalue=options.get, getoption=options.get, option=SimpleNamespace(**options))
    scheduler = pytest_xdist_make_scheduler(config, Producer("test", enabled=False))
    assert scheduler is not None
    tests = [f"{file}.py::{number}" for file in "abcdefghijk" for number in range(2)]
    workers: list[Any] = [_Worker(number) for number in range(number_of_workers)]
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, tests)
    scheduler.schedule()
    done: set[int] = set()
    for _ in tests:  # in each round somebody runs a test, or all are run
        for worker in workers:
            for number in [one for one in worker.given if one not in done][:1]:
                done.add(number)
                scheduler.mark_test_complete(worker, number)
    assert scheduler.tests_finished
    assert len(done) == len(tests)
    files = [list(dict.fromkeys(tests[number][0] for number in worker.given)) for worker in workers]
    assert all(taken == sorted(taken) for taken in files[:from_beginning])
    assert all(taken == sorted(taken, reverse=True) for taken in files[from_beginning:])
    first, last = (set().union(*part) for part in (files[:from_beginning], files[from_beginning:]))
    assert first == set("abcdefghijk"[: len(first)])
    assert last == set("abcdefghijk"[len(first) :])
    assert sorted(number for worker in workers for number in worker.given) == list(range(len(tests)))


@pytest.mark.parametrize("changed", [{"dist": "load"}, {"loadscopereorder": True}])
def test_another_order_that_is_asked_for_is_xdist_s(changed: dict[str, object]) -> None:
    options = {"dist": "loadfile", "loadscopereorder": False, **changed}
    config: Any = SimpleNamespace(getoption=options.get)
    assert pytest_xdist_make_scheduler(config, None) is None
