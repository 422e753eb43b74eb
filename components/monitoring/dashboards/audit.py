"""The row of the data tier's dashboard on the audit log's way out."""

from components.monitoring.alerts.exporters import LONGEST_LAG
from components.monitoring.dashboards.panels import HERE, Panel, lines, number


def audit() -> list[Panel]:
    """Its panels, for a stack that exports the log."""
    exported, resets, given_up = (
        f"flagsmith_audit_{name}_total{{{HERE}}}" for name in ("exported", "export_resets", "export_gaps_given_up")
    )
    lag = f"max(flagsmith_audit_export_lag_seconds{{{HERE}}})"
    return [
        number(
            "Exported",
            "Whether the last look at the log and the last delivery went well.",
            f"max(flagsmith_audit_export_up{{{HERE}}})",
            unit="bool_yes_no",
            limit=1,
            below=True,
        ),
        number("Oldest entry", "How old the oldest entry is that waits.", lag, unit="s", limit=LONGEST_LAG),
        number(
            "Refused",
            "Entries that the endpoint refuses; they are offered again every hour.",
            f"max(flagsmith_audit_export_refused{{{HERE}}})",
            unit="short",
            limit=1,
        ),
        lines("Entries", "Entries that were exported, each second.", {"exported": _rate(exported)}, unit="ops"),
        lines("Age of the oldest entry", "The line is the alert's.", {"waits": lag}, unit="s", limit=LONGEST_LAG),
        lines(
            "Begun anew, given up",
            "How often the log was exported from its start, as after a restore, and ranges of numbers given up.",
            {"begun anew": _within_a_day(resets), "given up": _within_a_day(given_up)},
            unit="short",
        ),
    ]


def _rate(counter: str) -> str:
    return f"sum(rate({counter}[$__rate_interval]))"


def _within_a_day(counter: str) -> str:
    return f"sum(increase({counter}[1d]))"
