"""The part of the flag metrics that tells which tasks fail, and which Flagsmith has given up.

Tables and columns as of Flagsmith 2.265.0 (flagsmith-common 3.13.1). Its task processor does nothing again of

- a task that failed three times: it stays in the table, and is no longer asked for;
- a task whose worker died: it stays locked, since nothing unlocks it;
- a recurring task that failed four times in a row, which is disabled, or one that a worker locked without saying when.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from flag_metrics_parts import Family, Part, has_column
from prometheus_client.core import GaugeMetricFamily
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name

# How far back a failure is told; the alerts' window too.
WINDOW_SECONDS = 3600
# Of the tables of runs, which keep them for weeks, the newest are read, by their primary key.
MOST_RUNS = 100_000
# Tasks that run at one time: as many as the processors have threads, times what each takes at once.
MOST_LOCKED = 10_000
# A worker takes several tasks at once and does them in turn: one may wait locked for those before it. By default they
# have a minute each.
LOST_SECONDS = 3600
STANDARD_SECONDS = 60


class Failures(Part):
    """Which tasks failed within the last hour, and what nobody will do any more."""

    name = "failures"
    reads = (
        "task_processor_taskrun",
        "task_processor_task",
        "task_processor_recurringtaskrun",
        "task_processor_recurringtask",
    )

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._locked: dict[int, float] = {}
        self._turn: dict[int, float] = {}

    def collect(self, cursor: Cursor) -> Sequence[Family]:
        """Windows end now, by the database's clock: a gauge counts the first failure as it does the tenth."""
        failed = GaugeMetricFamily(
            "flagsmith_tasks_failed",
            f"Runs of tasks that failed within the last {WINDOW_SECONDS} s.",
            labels=["task_identifier", "task_type"],
        )
        given_up = GaugeMetricFamily(
            "flagsmith_tasks_given_up",
            f"Tasks that failed for the third and last time within the last {WINDOW_SECONDS} s.",
            labels=["task_identifier"],
        )
        lost = "count(DISTINCT task.id) FILTER (WHERE NOT task.completed AND task.num_failures >= 3)"
        for identifier, runs, tasks in self._failed(cursor, "task_processor_taskrun", "task_processor_task", lost):
            failed.add_metric([identifier, "standard"], runs)
            if tasks:
                given_up.add_metric([identifier], tasks)
        recurring = self._failed(cursor, "task_processor_recurringtaskrun", "task_processor_recurringtask", "0")
        for identifier, runs, _ in recurring:
            failed.add_metric([identifier, "recurring"], runs)
        return [failed, given_up, self._abandoned(cursor), self._recurring(cursor)]

    def committed(self) -> None:
        """Remember since when each task is locked."""
        self._locked = self._turn

    @staticmethod
    def _failed(cursor: Cursor, runs: str, tasks: str, lost: str) -> list[tuple[str, int, int]]:
        """By identifier, the failed runs of the window, and what `lost` counts of their tasks."""
        # A number, not a subquery: the planner then knows how few rows are above it.
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM public.{runs}")
        ((newest,),) = cursor.fetchall()
        cursor.execute(
            f"SELECT task.task_identifier, count(*), {lost} FROM public.{runs} run"
            f" JOIN public.{tasks} task ON task.id = run.task_id"
            " WHERE run.id > %s AND run.result = 'FAILURE' AND run.started_at > now() - make_interval(secs => %s)"
            " GROUP BY 1 ORDER BY 1",
            (newest - MOST_RUNS, WINDOW_SECONDS),
        )
        return [(identifier, failed, given_up) for identifier, failed, given_up in cursor.fetchall()]

    def _abandoned(self, cursor: Cursor) -> Family:
        """Tasks that have been locked, at every turn, for longer than a worker may take for them."""
        limit = "timeout" if has_column(cursor, "task_processor_task", "timeout") else "NULL::interval"
        cursor.execute(
            f"SELECT id, task_identifier, extract(epoch FROM {limit}) FROM public.task_processor_task"
            " WHERE NOT completed AND num_failures < 3 AND is_locked LIMIT %s",
            (MOST_LOCKED,),
        )
        counts: defaultdict[str, int] = defaultdict(int)
        now, self._turn = self._clock(), {}
        for number, identifier, seconds in cursor.fetchall():
            since = self._turn[number] = self._locked.get(number, now)
            most = LOST_SECONDS + max(0.0, float(seconds or 0) - STANDARD_SECONDS)
            if now - since > most:
                counts[identifier] += 1
        family = GaugeMetricFamily(
            "flagsmith_tasks_abandoned",
            "Tasks that stay locked by a worker that must have died.",
            labels=["task_identifier"],
        )
        for identifier, count in sorted(counts.items()):
            family.add_metric([identifier], count)
        return family

    @staticmethod
    def _recurring(cursor: Cursor) -> Family:
        """Each recurring task by its name, whether it is given up or not."""
        never = []
        if has_column(cursor, "task_processor_recurringtask", "is_disabled"):
            never.append("is_disabled")
        if has_column(cursor, "task_processor_recurringtask", "locked_at"):
            never.append("is_locked AND locked_at IS NULL")
        cursor.execute(
            f"SELECT task_identifier, bool_or({' OR '.join(never) or 'false'}) FROM public.task_processor_recurringtask"
            " GROUP BY 1 ORDER BY 1"
        )
        family = GaugeMetricFamily(
            "flagsmith_recurring_task_given_up",
            "Whether Flagsmith does the recurring task no more.",
            labels=["task_identifier"],
        )
        for identifier, is_given_up in cursor.fetchall():
            family.add_metric([identifier], int(is_given_up))
        return family
