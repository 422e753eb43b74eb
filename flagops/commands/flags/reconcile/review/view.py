"""Prints a plan: on the terminal, as JSON, as Markdown; with who is affected, where that is asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from flagops.commands.flags.reconcile import planfile
from flagops.commands.flags.reconcile import view as plain
from flagops.commands.flags.reconcile.change import FlagPlan
from flagops.commands.flags.reconcile.hands_view import show_hands
from flagops.commands.flags.reconcile.review.markdown import markdown
from flagops.commands.flags.reconcile.review.sentences import basis, sentences
from flagops.commands.flags.reconcile.timetable_words import Timetable, timetables
from flagops.commands.flags.spec import ProjectSpec
from flagops.console import output
from flagops.serving.audience.figures import Affected
from flagops.terminal.options import print_json

WITH_CATALOGUE = (
    "Two catalogues are compared, not the Flagsmith that is there: what somebody changed in it since, by hand or by "
    "another apply, is not in this."
)
WITH_FLAGSMITH = (
    "What `ff flags apply` would do now at the Flagsmith that is there: also what differs for another reason than this "
    "change of the catalogue."
)
WhoOption = Annotated[
    bool,
    typer.Option("--who", help="Say who is affected, in figures: each flag is evaluated for made-up users."),
]
MarkdownOption = Annotated[
    bool,
    typer.Option("--markdown", help="Print it as Markdown, with who is affected: a comment on a pull request."),
]
AgainstOption = Annotated[
    str | None,
    typer.Option(
        "--against",
        metavar="COMMIT",
        help="Compare with the catalogue of this commit, in place of a Flagsmith: needs no access to one.",
        show_default=False,
    ),
]


def show_plan(
    plan: FlagPlan,
    wanted: ProjectSpec,
    found: Sequence[Affected] | None,
    *,
    title: str,
    compared: str,
    as_json: bool,
    as_markdown: bool,
    now: datetime | None,
) -> None:
    """Print a plan; `found` is who is affected, None where nobody asked; `compared` says in Markdown with what.
    `now` is None where nothing is known of how far rollouts are."""
    times = timetables(plan, wanted, now)
    if as_json:
        print_json(with_timetables(planfile.as_json(plan) if found is None else with_figures(plan, found), times))
    elif as_markdown:
        made = markdown(plan, wanted, found or (), title=title, compared=compared, times=times)
        output().out(made, end="", highlight=False)
    else:
        plain.show(output(), plan)
        plain.show_timetables(output(), times)
        show_hands(output(), plan)
        if found is not None:
            _show(output(), found)


def with_timetables(said: dict[str, Any], found: Iterable[Timetable]) -> dict[str, Any]:
    """A plan for programs, with the timetables of the rollouts that come or change."""
    return {**said, "timetables": [asdict(item) for item in found]}


def with_figures(plan: FlagPlan, found: Iterable[Affected]) -> dict[str, Any]:
    """A plan for programs, with who is affected; the figures are numbers of the users who were tried."""
    return {**planfile.as_json(plan), "figures": [{**asdict(item), "said": list(sentences(item))} for item in found]}


def _show(console: Console, found: Sequence[Affected]) -> None:
    console.print()
    console.print("Who is affected", style="bold")
    for item in found:
        console.print(f" {item.flag} in {item.environment}:", markup=False, soft_wrap=True)
        for line in sentences(item):
            console.print(f"     {line}", markup=False, soft_wrap=True)
    if not found:
        console.print(" Nobody: no flag changes in any environment.")
    else:
        console.print(f"\n{basis(found)}", style="dim", markup=False, soft_wrap=True)
