"""`ff flags rollout new`: writes the steps of a flag into the catalogue."""

import shlex
from difflib import get_close_matches
from math import nan
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from flagops.commands.flags.catalogue.complete import environments, flags
from flagops.commands.flags.catalogue.load import CatalogueFile, refused
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.catalogue.options import CATALOGUE, CatalogueOption, read
from flagops.commands.flags.catalogue.rules import check
from flagops.commands.flags.catalogue.steps import TextError, length
from flagops.commands.flags.rollout.found import now
from flagops.commands.flags.transfer.edit import CatalogueEdit, differing, edit
from flagops.console import output, progress
from flagops.errors import BadInputError, NotFoundError
from flagops.files import replace_text

ALL = 100


def new(
    *,
    flag: Annotated[str, typer.Argument(help="The flag's name.", autocompletion=flags, show_default=False)],
    stages: Annotated[
        list[str],
        typer.Option(
            "--stage",
            metavar="PERCENT,TIME",
            help="A share and how long it stays, such as 5,6h; repeat. 100 % follows the last one.",
        ),
    ],
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment", "-e", help="Only in this environment.", autocompletion=environments, show_default=False
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", help="When, such as 2026-12-01T09:00Z. Default: when somebody starts it.")
    ] = None,
    guards: Annotated[
        list[str] | None, typer.Option("--guard", help="A guard that watches it; repeat.", show_default=False)
    ] = None,
    catalogue: CatalogueOption = CATALOGUE,
) -> None:
    """Write a rollout of a flag into the catalogue, for a pull request; comments and layout stay."""
    declared, source = read(catalogue)
    if flag not in declared.flags:
        near = get_close_matches(flag, declared.flags, n=1)
        hint = f"Did you mean {near[0]}?" if near else "Write it into the catalogue first."
        raise NotFoundError(f"{catalogue} has no flag {flag!r}.", hint=hint)
    if environment is not None and environment not in declared.environments:
        known = ", ".join(declared.environments)
        raise NotFoundError(f"{catalogue} has no environment {environment!r}; there are: {known}.")
    made = _rollout([_stage(text) for text in stages], start, guards or [])
    done = written(catalogue, source, flag, environment, made)
    replace_text(catalogue, done.text)
    output().print(done.diff, markup=False, soft_wrap=True)
    begins = "" if start else f", and `ff flags rollout start {shlex.quote(flag)}` lets it begin"
    said = f"Review and commit it; `ff flags apply` brings it{begins}. {flag} is off for all until then."
    progress().print(said, markup=False, soft_wrap=True)


def written(
    path: Path, source: CatalogueFile, flag: str, environment: str | None, rollout: CommentedMap
) -> CatalogueEdit:
    """The catalogue with the rollout. Raises CatalogueError where it is then wrong."""

    def change(content: Any) -> list[str]:
        place = content["flags"][flag]
        for key in () if environment is None else ("environments", environment):
            place = place.setdefault(key, CommentedMap())
        if "rollout" in place or not len(place):
            place["rollout"] = rollout
        else:
            # Not as the last key: the empty line that follows a flag is the last one's.
            place.insert(len(place) - 1, "rollout", rollout)
        return [flag]

    def judge(changed: list[str], after: Catalogue) -> list[str]:
        problems = [problem for problem in check(after, now().date()) if not problem.is_warning]
        if problems:
            raise refused(source, problems)
        before = read(path)[0]
        others = [name for name in differing(before.flags, after.flags) if name != flag]
        if others:
            raise BadInputError(
                f"{flag} cannot be changed alone: one place in the file says what it is, for it and for "
                f"{', '.join(others)}.",
                hint="Write it out for each of these flags, without << and aliases.",
            )
        return changed

    return edit(path, change, judge)


def _stage(text: str) -> CommentedMap:
    """A step out of `5,6h`. Raises BadInputError."""
    share, _, lasts = text.partition(",")
    made = CommentedMap()
    try:
        percent = float(share)
        length(lasts)
    except (TextError, ValueError):
        percent = nan
    if not 0 < percent <= ALL:
        raise BadInputError(
            f"--stage {text!r} must be a percentage (over 0, at most 100), a comma and a time, such as 5,6h or 25,1d."
        )
    made["to"] = int(percent) if percent.is_integer() else percent
    made["for"] = lasts
    made.fa.set_flow_style()
    return made


def _rollout(stages: list[CommentedMap], start: str | None, guards: list[str]) -> CommentedMap:
    made = CommentedMap()
    if start is not None:
        made["start"] = start
    end = CommentedMap(to=ALL)
    end.fa.set_flow_style()
    steps = CommentedSeq([*stages, *([] if stages[-1]["to"] == ALL else [end])])
    made["steps"] = steps
    if guards:
        made["guards"] = CommentedSeq(guards)
        made["guards"].fa.set_flow_style()
    return made
