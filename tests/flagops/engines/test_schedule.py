from pathlib import Path
from threading import Barrier, Event, Lock

import pytest

from flagops.engines.direct.api import DirectEngine
from flagops.engines.direct.schedule import GraphResult, reversed_graph, run_graph
from flagops.errors import OpsError
from flagops.kubernetes.objects import Ref
from flagops.stacks.files import Stack


def ref(name: str) -> Ref:
    return Ref("v1", "ConfigMap", "n", name)


A, B, C, D = map(ref, "abcd")
CHAIN: dict[Ref, list[Ref]] = {A: [], B: [A], C: [B], D: []}


def test_each_item_runs_after_what_it_needs() -> None:
    order: list[Ref] = []
    guard = Lock()

    def work(item: Ref) -> None:
        with guard:
            order.append(item)

    result = run_graph(CHAIN, work, Event())
    assert not result.failures
    assert order.index(A) < order.index(B) < order.index(C)
    assert sorted(order) == [A, B, C, D]


def test_what_needs_a_failed_item_never_starts_and_the_rest_ends() -> None:
    done = []

    def work(item: Ref) -> None:
        if item == A:
            raise OpsError("no good")
        done.append(item)

    result = run_graph(CHAIN, work, Event())
    assert done == [D]
    assert list(result.failures) == [A]
    assert result.skipped == [B, C]


def test_independent_items_run_at_the_same_time() -> None:
    together = Barrier(3, timeout=10)

    def work(_: Ref) -> None:
        together.wait()

    assert not run_graph({A: [], B: [], C: []}, work, Event()).failures


def test_a_defect_stops_the_work_that_is_under_way() -> None:
    stop = Event()

    def work(item: Ref) -> None:
        if item == A:
            raise ZeroDivisionError
        assert stop.wait(10)

    with pytest.raises(ZeroDivisionError):
        run_graph({A: [], B: []}, work, stop)


def test_deletion_goes_the_other_way_round() -> None:
    assert reversed_graph(CHAIN) == {A: [B], B: [C], C: [], D: []}


def test_nothing_starts_once_the_run_is_stopped() -> None:
    stop, done = Event(), []

    def work(item: Ref) -> None:
        done.append(item)
        stop.set()

    result = run_graph({A: [], B: [A], C: [B]}, work, stop)
    assert done == [A]
    assert not result.failures
    assert result.skipped == [B, C]


def test_a_run_that_was_stopped_between_two_objects_has_failed(tmp_path: Path) -> None:
    engine = DirectEngine(tmp_path, Stack("s", "p", {}, {}, tmp_path), None, "c")
    with pytest.raises(OpsError, match=r"another run took its Lease(?s:.)*Not deployed .*ConfigMap n/b"):
        engine.conclude(GraphResult(skipped=[B]), "deployed")
