"""The queue of tasks: webhooks, audit records, what the API puts off."""

from collections.abc import Iterator

from components.alerts.rule import Alert
from components.alerts.subject import Subject


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of the task processor."""
    limits, where, runbook = subject.thresholds, subject.where, "17-tasks-are-not-done"
    finished = "flagsmith_task_processor_finished_tasks_total"
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
            runbook=runbook,
        )
        yield Alert(
            name="FlagsmithTasksWait",
            expression=f"max(flagsmith_task_queue_oldest_seconds{{{where}}}) > {limits.task_wait_seconds}",
            minutes=10,
            severity="warning",
            summary="A task has waited for long.",
            description="The oldest task that is due has waited for {{ $value | humanizeDuration }}.",
            runbook=runbook,
        )
    else:
        enqueued = f"sum(increase(flagsmith_task_processor_enqueued_tasks_total{{{where}}}[15m]))"
        done = f'sum(increase({finished}{{{where},task_type="standard"}}[15m]))'
        yield Alert(
            name="FlagsmithTasksNotDone",
            expression=f"{enqueued} > 0 unless ({done} > 0)",
            minutes=15,
            severity="warning",
            summary="No task is done.",
            description='{{ $value | printf "%.0f" }} tasks came within 15 minutes, and none was done.',
            runbook=runbook,
        )
    yield Alert(
        name="FlagsmithTasksFail",
        expression=f"""
            sum by (task_identifier) (increase({finished}{{{where},result!="success"}}[30m])) > 5""",
        minutes=0,
        severity="warning",
        summary="Tasks of one kind fail.",
        description='{{ $labels.task_identifier }} failed {{ $value | printf "%.0f" }} times in half an hour.',
        runbook=runbook,
    )
