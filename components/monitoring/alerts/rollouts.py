"""Rollouts that run themselves, by the metrics of what runs them. Those that a person paused wake up nobody."""

from collections.abc import Iterator
from typing import Final

from components.monitoring.alerts.missing import or_zero
from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.subject import Subject

WHICH: Final = "feature, environment, segment"
NAMED: Final = "{{ $labels.feature }} in {{ $labels.environment }}"
RUNBOOK: Final = "28-a-rollout-stopped"


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of rollouts."""
    if not subject.has_rollouts:
        return
    where = subject.where
    back = f"max by ({WHICH}) (flagsmith_rollout_rolled_back{{{where}}}) == 1"
    paused = f'max by ({WHICH}) (flagsmith_rollout_paused{{{where},cause!="person"}}) == 1'
    mute = f"min by ({WHICH}, guard) (flagsmith_rollout_guard_silent_since_timestamp_seconds{{{where}}})"
    yield Alert(
        name="FlagsmithRolloutRolledBack",
        expression=back,
        minutes=0,
        severity="warning",
        summary="A guard took a rollout back.",
        description=f"A guard of {NAMED} was broken, and fewer users have it now. It waits until somebody resumes it.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithRolloutPaused",
        expression=f"{paused} unless on ({WHICH}) {back}",
        minutes=0,
        severity="warning",
        summary="A rollout is paused.",
        description=f"A guard of {NAMED} was broken, or somebody changed it in Flagsmith: its share stays as it is "
        "until somebody resumes it.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithRolloutSilent",
        expression=f"time() - {mute} > {subject.rollout_silence_seconds}",
        minutes=0,
        severity="warning",
        summary="A guard of a rollout gives no answer.",
        description=f"{{{{ $labels.guard }}}} of {NAMED} has had no number for {{{{ $value | humanizeDuration }}}}: "
        "the rollout does not rise.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithRolloutWaits",
        expression=f"max by ({WHICH}) (flagsmith_rollout_warns{{{where}}}) == 1 unless on ({WHICH}) {paused} "
        f"unless on ({WHICH}) (time() - {mute} > {subject.rollout_silence_seconds})",
        minutes=5,
        severity="warning",
        summary="A rollout waits for something that does not come by itself.",
        description=f"{NAMED} does not rise: clocks that differ, a guard that is broken before the first step, windows "
        "that never open. The log of what runs rollouts says which.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithRolloutsBlind",
        expression=f"{or_zero(f'max(flagsmith_rollouts_up{{{where}}})')} == 0",
        minutes=10,
        severity="warning",
        summary="Nobody looks at the rollouts.",
        description="What runs the rollouts is gone, hangs, or cannot read or write them: no step is taken, and no "
        "guard that is broken takes one back.",
        runbook=RUNBOOK,
    )
