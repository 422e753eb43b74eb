"""Runs work over a dependency graph, several items at a time; what needs a failed item is never started."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from threading import Event

from flagops.errors import OpsError
from flagops.kubernetes.objects import Ref

WORKERS = 6


@dataclass
class GraphResult:
    """How a run over a graph ended: the failures by item, and what was therefore never started, in order."""

    failures: dict[Ref, OpsError] = field(default_factory=dict)
    skipped: list[Ref] = field(default_factory=list)


def run_graph(needs: Mapping[Ref, Iterable[Ref]], work: Callable[[Ref], None], stop: Event) -> GraphResult:
    """Call `work` for every key of `needs`, each after what it needs.

    An OpsError of `work` fails its item only. Once `stop` is set (the lock is lost, say) no more items start. Any other
    exception, an interruption by the user included, sets `stop`, so that running work can end early, and is raised when
    that work has ended.
    """
    graph = {ref: [need for need in wanted if need in needs] for ref, wanted in needs.items()}
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    result = GraphResult()
    running: dict[Future[None], Ref] = {}
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="engine") as pool:
        try:
            while sorter.is_active():
                for ref in sorted(sorter.get_ready()):
                    needs_a_failure = any(need in result.failures or need in result.skipped for need in graph[ref])
                    if needs_a_failure or stop.is_set():
                        result.skipped.append(ref)
                        sorter.done(ref)
                    else:
                        running[pool.submit(work, ref)] = ref
                if not running:
                    continue
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    ref = running.pop(future)
                    try:
                        future.result()
                    except OpsError as error:
                        result.failures[ref] = error
                    sorter.done(ref)
        except BaseException:
            stop.set()
            for future in running:
                future.cancel()
            raise
    return result


def reversed_graph(needs: Mapping[Ref, Iterable[Ref]]) -> dict[Ref, list[Ref]]:
    """The order of deletion: each object after all that need it."""
    result: dict[Ref, list[Ref]] = {ref: [] for ref in needs}
    for ref, wanted in needs.items():
        for need in wanted:
            if need in result:
                result[need].append(ref)
    return result
