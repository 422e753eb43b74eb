"""Rollouts that run themselves, by the metrics of what runs them. Those that a person paused wake up nobody."""

from collections.abc import Iterator
from typing import Final

from components.monitoring.alerts.missing import held, or_zero
from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.subject import Subject

WHICH: Final = "feature, environment, segment"
OF_NO_PERSON: Final = ',cause!="person"'
NAMED: Final = "{{ $labels.feature }} in {{ $labels.environment }}"
RUNBOOK: Final = "28-a-rollout-stopped"
MINUTES_UNSEEN: Final = 10
"""For how long a pod that starts may say nothing of rollouts, as its first look is not over. Then
FlagsmithRolloutsBlind fires."""
SLOWEST_LOOK_SECONDS: Final = 300
"""Beside the interval: a hundred rollouts at three seconds each, with guards that are asked."""


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of rollouts."""
    if not subject.has_rollouts:
        return
    where = subject.where
    looked = f"max(flagsmith_rollouts_last_look_timestamp_seconds{{{where}}})"
    up = f"max(flagsmith_rollouts_up{{{where}}})"

    def last(metric: str, by: str = f"max by ({WHICH})", matcher: str = "") -> str:
        """Its value; until the first look of a pod that starts is over, the one of the pod before."""
        return held(f"{by} ({metric}{{{where}{matcher}}})", f"{MINUTES_UNSEEN}m", unless=looked)

    back = f"{last('flagsmith_rollout_rolled_back')} == 1"
    paused = f"{last('flagsmith_rollout_paused', matcher=OF_NO_PERSON)} == 1"
    guard = f"{WHICH}, guard"
    mute = last("flagsmith_rollout_guard_silent_since_timestamp_seconds", f"min by ({guard})")
    patience = last("flagsmith_rollout_guard_warn_after_seconds", f"max by ({guard})")
    # A guard that says itself that it may be silent for longer has its word.
    silent = f"time() - {mute} > {subject.rollout_silence_seconds} unless on ({guard}) {patience} > time() - {mute}"
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
        expression=silent,
        minutes=0,
        severity="warning",
        summary="A guard of a rollout gives no answer.",
        description=f"{{{{ $labels.guard }}}} of {NAMED} has had no number for {{{{ $value | humanizeDuration }}}}: "
        "the rollout does not rise.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithRolloutWaits",
        expression=f"{last('flagsmith_rollout_warns')} == 1 unless on ({WHICH}) {paused} "
        f"unless on ({WHICH}) ({silent})",
        minutes=5,
        severity="warning",
        summary="A rollout waits for something that does not come by itself.",
        description=f"{NAMED} does not rise: clocks that differ, a guard that is broken before the first step, or has "
        "too few samples for long, windows that never open, an environment or a segment that is not what it was. The "
        "log of what runs rollouts says which.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithRolloutsBlind",
        expression=f"{or_zero(up)} == 0",
        minutes=MINUTES_UNSEEN,
        severity="warning",
        summary="Nobody looks at the rollouts.",
        description="What runs the rollouts is gone, hangs, or cannot read or write them: no step is taken, and no "
        "guard that is broken takes one back.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithRolloutsLate",
        # Looks that fail do not count, and are the other alert's.
        expression=f"time() - {looked} > {2 * subject.rollout_interval_seconds + SLOWEST_LOOK_SECONDS} "
        f"and on () ({up} == 1)",
        minutes=0,
        severity="warning",
        summary="The rollouts are looked at too seldom.",
        description="The last look at all rollouts ended {{ $value | humanizeDuration }} ago: a guard that is broken "
        "takes its rollout back late.",
        runbook=RUNBOOK,
    )
