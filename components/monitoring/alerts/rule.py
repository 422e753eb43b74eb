"""One alert rule, and a group of them as Prometheus takes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["critical", "warning"]


@dataclass(frozen=True, kw_only=True)
class Alert:
    """An alert.

    Attributes:
        name: what it is called, `Flagsmith…`.
        expression: PromQL; a series of its result is an alert that fires.
        minutes: how long it must hold before it fires; 0 for at once.
        severity: `critical` wakes somebody up, `warning` waits for the morning.
        summary: one line, without values.
        description: what is seen, with the value, as Prometheus' template.
        runbook: the anchor of its section in docs/runbook.md.
    """

    name: str
    expression: str
    minutes: int
    severity: Severity
    summary: str
    description: str
    runbook: str

    def manifest(self, runbook_url: str) -> dict[str, Any]:
        """The rule as Prometheus takes it; `runbook_url` is the page that `runbook` is an anchor of."""
        return {
            "alert": self.name,
            "expr": " ".join(self.expression.split()),
            **({"for": f"{self.minutes}m"} if self.minutes else {}),
            "labels": {"severity": self.severity},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": f"{runbook_url}#{self.runbook}",
            },
        }


@dataclass(frozen=True, kw_only=True)
class AlertGroup:
    """Rules that are evaluated together.

    Attributes:
        name: the area.
        alerts: its rules.
    """

    name: str
    alerts: Sequence[Alert]

    def manifest(self, runbook_url: str) -> dict[str, Any]:
        """The group as Prometheus takes it."""
        return {"name": f"flagsmith-{self.name}", "rules": [alert.manifest(runbook_url) for alert in self.alerts]}
