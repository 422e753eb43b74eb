"""The row of rollouts that run themselves: shares, guards with their bounds, and when something was decided."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard

from components.monitoring.dashboards.panels import HERE, SOURCE, Panel, lines, number, or_zero, rows

CHOSEN: Final = f'{HERE},environment=~"$environment",feature=~"$feature"'
BY: Final = "environment, feature, segment"
LEGEND: Final = "{{environment}} {{feature}} {{segment}}"
WHICH: Final = {"environment": "Environment", "feature": "Feature", "segment": "Segment"}


def decided() -> dashboard.AnnotationQuery:
    """A mark on every panel where a step was taken or something else decided."""
    changed = f"flagsmith_rollout_changed_timestamp_seconds{{{CHOSEN}}}"
    return (
        dashboard.AnnotationQuery()
        .name("Steps and decisions of rollouts")
        .datasource(SOURCE)
        .enable(enable=True)
        .icon_color("blue")
        .expr(f"changes({changed}[2m]) > 0")
    )


def rollouts() -> list[Panel]:
    """Its panels."""
    return [
        number(
            "Looked",
            "How long ago all rollouts were last looked at.",
            f"time() - max(flagsmith_rollouts_last_look_timestamp_seconds{{{HERE}}})",
            unit="s",
        ),
        number(
            "Looks go well",
            "Whether the last look at the rollouts read and wrote all that it was to.",
            f"max(flagsmith_rollouts_up{{{HERE}}})",
            unit="bool_yes_no",
            limit=1,
            below=True,
        ),
        number(
            "Running",
            "Rollouts that are under way.",
            or_zero(f'sum(flagsmith_rollout_stage{{{CHOSEN},stage="running"}})'),
            unit="short",
        ),
        number(
            "Paused",
            "Rollouts that wait for somebody to resume them.",
            or_zero(f"sum(flagsmith_rollout_paused{{{CHOSEN}}})"),
            unit="short",
            limit=1,
        ),
        lines(
            "Share",
            "The share of users that is live, and the greatest that is declared. Marks are steps and other decisions.",
            {
                LEGEND: f"max by ({BY}) (flagsmith_rollout_share_percent{{{CHOSEN}}})",
                f"{LEGEND}, its last step": f"max by ({BY}) (flagsmith_rollout_top_percent{{{CHOSEN}}})",
            },
            unit="percent",
            most=100,
        ),
        lines(
            "Guards",
            "What each guard measured last, and its bounds.",
            {
                "{{feature}} {{guard}}": f"max by ({BY}, guard) (flagsmith_rollout_guard_value{{{CHOSEN}}})",
                "{{feature}} {{guard}} {{bound}}": f"max by ({BY}, guard, bound) "
                f"(flagsmith_rollout_guard_bound{{{CHOSEN}}})",
            },
            unit="short",
        ),
        rows(
            "Steps reached",
            "How many steps each rollout has reached.",
            f"max by ({BY}) (flagsmith_rollout_step{{{CHOSEN}}})",
            {**WHICH, "Value": "Steps"},
            unit="short",
        ),
        rows(
            "Steps declared",
            "How many steps each rollout has in the catalogue.",
            f"max by ({BY}) (flagsmith_rollout_steps{{{CHOSEN}}})",
            {**WHICH, "Value": "Steps"},
            unit="short",
        ),
        rows(
            "Why paused",
            "Rollouts that are paused, and by whom: a person, somebody's change in Flagsmith, or a guard.",
            f"max by ({BY}, cause) (flagsmith_rollout_paused{{{CHOSEN}}}) == 1",
            {**WHICH, "cause": "By", "Value": "Paused"},
            unit="short",
        ),
        rows(
            "What guards say",
            "What each guard says now. One that is silent or away keeps its rollout from rising.",
            f"max by ({BY}, guard, verdict) (flagsmith_rollout_guard{{{CHOSEN}}}) == 1",
            {**WHICH, "guard": "Guard", "verdict": "Says", "Value": "Now"},
            unit="short",
        ),
        lines(
            "Guards without an answer",
            "For how long a guard has given none, or has had too few samples for one.",
            {
                "{{feature}} {{guard}}": f"time() - min by ({BY}, guard) "
                f"(flagsmith_rollout_guard_silent_since_timestamp_seconds{{{CHOSEN}}})",
                "{{feature}} {{guard}}: too few samples": f"time() - min by ({BY}, guard) "
                f"(flagsmith_rollout_guard_few_samples_since_timestamp_seconds{{{CHOSEN}}})",
            },
            unit="s",
        ),
        lines(
            "Needs somebody",
            "Rollouts that somebody should look at: 1, and 0 for the others.",
            {LEGEND: f"max by ({BY}) (flagsmith_rollout_warns{{{CHOSEN}}})"},
            unit="short",
        ),
    ]
