"""The tables of `ff flags rollout`."""

from datetime import UTC, datetime

from rich.console import Console

from components.rollouts.in_pod.declared import Declared, Step
from components.rollouts.in_pod.notes import Description
from components.rollouts.in_pod.project import Found
from components.rollouts.in_pod.states import Action, Answer, Cause, Decision, Live, Memory, Stage, Verdict
from components.rollouts.in_pod.turn import Turned
from flagops.commands.flags.rollout import view
from flagops.commands.flags.rollout.backtest import command as past
from flagops.commands.flags.rollout.backtest.backtest import Backtest

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DECLARED = Declared("new_checkout_page", "production", None, (Step(10), Step(100)))


def rollouts(console: Console) -> None:
    """One that a guard has paused, and one that rises."""
    why = "checkout-errors is broken: is 0.02, allowed are at most 0.01"
    paused = Memory(10, NOW, Stage.PAUSED, NOW, Cause.GUARD, why)
    view.show(
        console,
        [
            _turned(Decision(Action.WAIT, f"is paused: {why}", 10, paused, warns=True), Verdict.BROKEN),
            _turned(Decision(Action.RAISE, "10 % → 100 %", 100, Memory(100, NOW, Stage.DONE, NOW)), Verdict.GOOD),
        ],
    )


def _turned(decision: Decision, verdict: Verdict) -> Turned:
    found = Found({"name": "new_checkout_page.production"}, Description("", DECLARED), Live(10, NOW))
    return Turned(found, {"checkout-errors": Answer(verdict, "is 0.02")}, decision, decision.action is Action.RAISE)


def backtests(console: Console) -> None:
    """A guard that would have alarmed, and one without data."""
    alarms = [("2026-11-20 10:00", "2026-11-20 10:30")]
    said = Backtest("checkout-errors", 20160, alarms, 30, 12, 720.0, 5, 0.0, 0.04, 0.04, None)
    none = Backtest("latency", 20160, [], 0, 20160, 1_209_600.0, 0, None, None, None, None)
    console.print(past._listing([said, none]))  # noqa: SLF001 - what the command prints
