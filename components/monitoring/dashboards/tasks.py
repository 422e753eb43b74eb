"""The row of the service's dashboard on what the API puts off: tasks, and the queue they wait in."""

from typing import Final

from components.monitoring.dashboards.model import Facts
from components.monitoring.dashboards.panels import HERE, Panel, lines, rows

RATE: Final = "[$__rate_interval]"


def tasks(facts: Facts) -> list[Panel]:
    """Its panels; those of the queue come from the flag metrics."""
    finished = "flagsmith_task_processor_finished_tasks_total"
    duration = "flagsmith_task_processor_task_duration_seconds_bucket"
    counted = f"sum by (task_identifier) (rate({finished}{{{HERE}}}{RATE}))"
    enqueued = f"sum(rate(flagsmith_task_processor_enqueued_tasks_total{{{HERE}}}{RATE}))"
    panels: list[Panel] = [
        lines(
            "Tasks",
            "Tasks that the API put off and that workers did, each second; recurring ones are done, not put off.",
            {
                "put off": enqueued,
                "done: {{result}}": f"sum by (result) (rate({finished}{{{HERE}}}{RATE}))",
            },
            unit="ops",
        ),
        lines(
            "Tasks by kind",
            "The ten most frequent kinds of tasks that were done, each second.",
            {"{{task_identifier}}": f"topk(10, {counted})"},
            unit="ops",
        ),
        lines(
            "p95 of tasks",
            "19 of 20 tasks of a kind took no longer; the five slowest kinds.",
            {
                "{{task_identifier}}": (
                    "topk(5, histogram_quantile(0.95, sum by (le, task_identifier) "
                    f"(rate({duration}{{{HERE}}}{RATE}))))"
                )
            },
            unit="s",
        ),
    ]
    if facts.flag_metrics:
        panels += [
            lines(
                "Queue",
                "Tasks that are not done. The line is the alert's on those that wait.",
                {"{{state}}": f"sum by (state) (flagsmith_task_queue_tasks{{{HERE}}})"},
                unit="short",
                limit=facts.thresholds.tasks_waiting,
            ),
            lines(
                "Oldest task",
                "For how long the oldest waiting task could have been done. The line is the alert's.",
                {"waits": f"max(flagsmith_task_queue_oldest_seconds{{{HERE}}})"},
                unit="s",
                limit=facts.thresholds.task_wait_seconds,
            ),
            rows(
                "Recurring tasks",
                "Tasks that are done again and again, by how they fare; a disabled one failed four times in a row.",
                f"sum by (state) (flagsmith_recurring_tasks{{{HERE}}})",
                {"state": "State", "Value": "Tasks"},
                unit="short",
            ),
            lines(
                "Failures by kind",
                "Runs of tasks that failed within the last hour, as the database has them.",
                {"{{task_identifier}}": f"sum by (task_identifier) (flagsmith_tasks_failed{{{HERE}}})"},
                unit="short",
            ),
            rows(
                "Given up",
                "What Flagsmith does no more: recurring tasks after four failures in a row, tasks after three (within "
                "the last hour), and tasks whose worker died.",
                _given_up(),
                {"why": "Why", "task_identifier": "Task", "Value": "Tasks"},
                unit="short",
            ),
        ]
    return panels


def _given_up() -> str:
    kinds = {
        "recurring, disabled": f"flagsmith_recurring_task_given_up{{{HERE}}} > 0",
        "failed three times": f"flagsmith_tasks_given_up{{{HERE}}}",
        "locked": f"flagsmith_tasks_abandoned{{{HERE}}}",
    }
    return " or ".join(
        f'label_replace(sum by (task_identifier) ({expression}), "why", "{why}", "", "")'
        for why, expression in kinds.items()
    )
