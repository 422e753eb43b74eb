"""The row of the flags' dashboard on its source: whether and when the flag metrics were collected, and what it took."""

from components.monitoring.dashboards.panels import HERE, Panel, lines, number


def collection() -> list[Panel]:
    """Its panels."""
    return [
        number(
            "Age",
            "How long ago a part was collected for the last time.",
            f"time() - max(flagsmith_flag_metrics_last_collection_timestamp_seconds{{{HERE}}})",
            unit="s",
        ),
        number(
            "Features left out",
            "Features by environment that have no series, since there are too many.",
            f"max(flagsmith_flag_metrics_features_left_out{{{HERE}}})",
            unit="short",
        ),
        lines(
            "Parts collected",
            "Whether a part could be collected the last time: 1 for yes.",
            {"{{part}}": f"min by (part) (flagsmith_flag_metrics_part_up{{{HERE}}})"},
            unit="short",
            most=1,
        ),
        lines(
            "Time taken",
            "How long a part took; a slow one asks much of the database.",
            {"{{part}}": f"max by (part) (flagsmith_flag_metrics_collection_seconds{{{HERE}}})"},
            unit="s",
        ),
    ]
