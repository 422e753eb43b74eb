"""Shows rollouts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console

from components.rollouts.in_pod.notes import declared_as_json, memory_as_json
from components.rollouts.in_pod.states import Action, Stage, Verdict
from components.rollouts.in_pod.turn import Turned
from flagops.commands.flags.reconcile.running import in_short
from flagops.commands.flags.reconcile.timetable_words import in_words
from flagops.terminal.listing import Column, Gives, Listing

COLUMNS = (
    Column("ROLLOUT"),
    Column("SHARE", is_number=True),
    Column("STAGE"),
    Column("WHAT NEXT, AND WHY", Gives.BELOW),
)


@dataclass(frozen=True)
class RolloutRow:
    """A rollout for programs."""

    rollout: str
    flag: str
    environment: str
    group: str | None
    share: float
    stage: str
    steps: str
    timetable: str
    until: str | None
    action: str
    why: str
    warns: bool
    is_written: bool
    problem: str
    guards: dict[str, dict[str, Any]]
    memory: dict[str, Any] | None
    declared: dict[str, Any] | None


def row_of(item: Turned) -> RolloutRow:
    """What is known of one."""
    declared, memory = item.found.description.declared, item.decision.memory
    answers = {
        name: {"verdict": str(answer.verdict), "why": answer.why, "value": answer.value, "since": _text(answer.since)}
        for name, answer in item.answers.items()
    }
    share = item.decision.share if item.is_written else item.found.live.share
    return RolloutRow(
        rollout=item.found.name,
        flag=declared.flag if declared else "",
        environment=declared.environment if declared else "",
        group=declared.group if declared else None,
        share=share,
        stage=str(memory.stage if memory else Stage.WAITING),
        steps=in_short(declared) if declared else "",
        timetable=in_words(declared, share, memory, item.found.live.at)
        if declared and not item.found.live.gone
        else "",
        until=_text(item.decision.until),
        action=str(item.decision.action),
        why=item.problem or item.decision.why,
        warns=item.decision.warns or bool(item.problem),
        is_written=item.is_written,
        problem=item.problem,
        guards=answers,
        memory=memory_as_json(memory) if memory else None,
        declared=declared_as_json(declared) if declared else None,
    )


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def show(console: Console, items: Iterable[Turned]) -> None:
    """A row for each rollout, and below it what its guards say where that is not good."""
    listing = Listing(COLUMNS)
    for item in items:
        row = row_of(item)
        share = f"{row.share:g} %"
        if item.is_written and item.decision.action in (Action.RAISE, Action.LOWER):
            share = f"{item.found.live.share:g} → {row.share:g} %"
        style = "yellow" if row.warns else "green" if row.stage == Stage.DONE else ""
        listing.add(row.rollout, share, row.stage, row.why, style=style)
    console.print(listing)
    for item in items:
        for name, answer in item.answers.items():
            style = "green" if answer.verdict is Verdict.GOOD else "yellow"
            console.print(f"  {item.found.name}: {name} {answer.verdict}: {answer.why}", style=style, markup=False)
