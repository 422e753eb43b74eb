"""The queue of tasks: webhooks, audit records, what the API puts off."""

from collections.abc import Iterator
from typing import Final

from components.monitoring.alerts.counting import grown
from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.subject import Subject

RUNBOOK: Final = "17-tasks-are-not-done"
# Flagsmith's own bound: RecurringTask.MAX_CONSECUTIVE_FAILURES.
MOST_IN_A_ROW: Final = 4
# Of one kind, within an hour: a kind that fails now and then is tried again, and succeeds.
MOST_FAILED: Final = 5
FINISHED: Final = "flagsmith_task_processor_finished_tasks_total"


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of the task processor."""
    limits, where = subject.thresholds, subject.where
    if subject.has_task_metrics:
        yield Alert(
            name="FlagsmithTasksGrow",
            expression=f"""
                max(flagsmith_task_queue_tasks{{{where},state="waiting"}}) > {limits.tasks_waiting}
                and max(deriv(flagsmith_task_queue_tasks{{{where},state="waiting"}}[5m])) > 0""",
            minutes=15,
            severity="warning",
            summary="Tasks come faster than they are done.",
            description="{{ $value }} tasks wait, and they grow more.",
            runbook=RUNBOOK,
        )
        yield Alert(
            name="FlagsmithTasksWait",
            expression=f"max(flagsmith_task_queue_oldest_seconds{{{where}}}) > {limits.task_wait_seconds}",
            minutes=10,
            severity="warning",
            summary="A task has waited for long.",
            description="The oldest task that is due has waited for {{ $value | humanizeDuration }}.",
            runbook=RUNBOOK,
        )
        yield from _failures(where)
    else:
        yield from _by_counters(where)


def _recurring(expression: str, description: str) -> Alert:
    return Alert(
        name="FlagsmithRecurringTaskGivenUp",
        expression=expression,
        minutes=0,
        severity="warning",
        summary="Flagsmith has given up a recurring task.",
        description=description,
        runbook=RUNBOOK,
    )


def _fail(expression: str) -> Alert:
    return Alert(
        name="FlagsmithTasksFail",
        expression=f"sum by (task_identifier) ({expression}) > {MOST_FAILED}",
        minutes=0,
        severity="warning",
        summary="Tasks of one kind fail.",
        description='{{ $labels.task_identifier }} failed {{ $value | printf "%.0f" }} times within an hour.',
        runbook=RUNBOOK,
    )


def _failures(where: str) -> Iterator[Alert]:
    """As the database has them: counted there, each failure is seen, the first as the tenth."""
    yield _recurring(
        f"max by (task_identifier) (flagsmith_recurring_task_given_up{{{where}}}) > 0",
        "Flagsmith does {{ $labels.task_identifier }} no more, for good: it failed four times in a row.",
    )
    yield Alert(
        name="FlagsmithTasksGivenUp",
        expression=f"max by (task_identifier) (flagsmith_tasks_given_up{{{where}}}) > 0",
        minutes=0,
        severity="warning",
        summary="Flagsmith has given up tasks.",
        description="{{ $value }} of {{ $labels.task_identifier }} failed for the third time within an hour: Flagsmith "
        "does them no more.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithTasksAbandoned",
        expression=f"max by (task_identifier) (flagsmith_tasks_abandoned{{{where}}}) > 0",
        minutes=0,
        severity="warning",
        summary="Tasks are locked by a worker that is gone.",
        description="{{ $value }} of {{ $labels.task_identifier }} are locked for longer than a worker may take: "
        "nobody does them any more.",
        runbook=RUNBOOK,
    )
    yield _fail(f"max by (task_identifier, task_type) (flagsmith_tasks_failed{{{where}}})")


def _by_counters(where: str) -> Iterator[Alert]:
    """As the task processor counts them, without the flag metrics."""
    enqueued = grown(f"flagsmith_task_processor_enqueued_tasks_total{{{where}}}", 15, where)
    done = grown(f'{FINISHED}{{{where},task_type="standard"}}', 15, where)
    yield Alert(
        name="FlagsmithTasksNotDone",
        expression=f"sum({enqueued}) > 0 unless (sum({done}) > 0)",
        minutes=15,
        severity="warning",
        summary="No task is done.",
        description='{{ $value | printf "%.0f" }} tasks came within 15 minutes, and none was done.',
        runbook=RUNBOOK,
    )
    failed = grown(f'{FINISHED}{{{where},result!="success"}}', 60, where)
    # One that failed is tried again at once, up to the bound.
    recurring = grown(f'{FINISHED}{{{where},task_type="recurring",result!="success"}}', 60, where)
    yield _recurring(
        f"sum by (task_identifier) ({recurring}) >= {MOST_IN_A_ROW}",
        "{{ $labels.task_identifier }} failed four times within an hour; after four in a row, Flagsmith does it no "
        "more.",
    )
    yield _fail(failed)
