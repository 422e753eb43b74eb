"""Prints why a user gets a flag as they do, rule by rule."""

from collections.abc import Iterator

from rich.console import Console

from flagops.commands.flags.explain.remote_answer import Comparison, unkept
from flagops.serving.engine.trace import DecidedBy, GroupTrace, Split, Step, Trace, VariationShare
from flagops.serving.engine.user import in_words

NEEDS = {"ALL": "all of", "ANY": "one at least of", "NONE": "none of"}


def show(console: Console, trace: Trace, compared: Comparison) -> None:
    """The steps in their order, the answer, and the server's own."""

    def line(text: str = "", style: str = "") -> None:
        console.print(text, style=style, markup=False, soft_wrap=True)

    line(f"{trace.flag} in {trace.environment}, for {trace.user}:")
    if trace.user.identifier is not None and all(step.source is not DecidedBy.IDENTITY for step in trace.steps):
        line("  -  this user has no override of their own", "dim")
    is_over = False
    for number, step in enumerate(trace.steps, 1):
        line(f"{number:3}. {_title(step, is_over=is_over)}", "bold" if step.decides else "dim")
        for text in _rules(step.groups, "      "):
            line(text, "" if step.decides else "dim")
        is_over = is_over or step.decides
    if trace.split is not None:
        line(f"     Variations: this user is at {trace.split.percentage:.2f} %.")
        for part in trace.split.parts:
            is_theirs = part is trace.split.chosen
            line(f"      {'→' if is_theirs else ' '} {_part(part, trace.split)}", "bold" if is_theirs else "dim")
    line(f"Locally:  {answer(enabled=trace.enabled, value=trace.value)} ({trace.reason})", "bold")
    remote = compared.remote
    for text in unkept(trace.user):
        line(text, "yellow")
    if remote.stored:
        said = ", ".join(f"{name}={in_words(value)}" for name, value in remote.stored.items())
        line(f"The server keeps traits of {trace.user.identifier}, which count there too: {said}.", "yellow")
    if compared.agrees and remote.is_served:
        line("Remotely: the same.", "green")
    elif compared.agrees:
        line(f"Remotely: not served. {' '.join(compared.reasons)}", "yellow")
    else:
        said = answer(enabled=remote.enabled, value=remote.value) if remote.is_served else "not served"
        line(f"Remotely: {said}", "bold red")
        for text in (*compared.differences, *compared.reasons):
            line(f"  {text}", "red")


def answer(*, enabled: bool, value: object) -> str:
    """A flag's state in words."""
    state = "on" if enabled else "off"
    return state if value in (None, "") else f"{state}, value {in_words(value)}"


def _title(step: Step, *, is_over: bool) -> str:
    gives = answer(enabled=step.enabled, value=step.value)
    if step.source is DecidedBy.IDENTITY:
        return f"override of {step.name}: {gives}"
    if step.source is DecidedBy.ENVIRONMENT:
        return f"the environment's own state: {gives}" + (" (comes last)" if is_over else "")
    if step.decides:
        return f"segment {step.name} matches: {gives}"
    if not step.holds:
        return f"segment {step.name} does not match"
    return f"segment {step.name} matches too, and comes after: {gives}"


def _rules(groups: tuple[GroupTrace, ...], indent: str) -> Iterator[str]:
    """The conditions with what was found of them. What holds all that is below it is no line of its own."""
    for group in groups:
        count = len(group.conditions) + len(group.groups)
        is_plain = group.needs == "ALL" or (group.needs == "ANY" and count == 1)
        if not is_plain:
            yield f"{indent}{_yes(holds=group.holds)} {NEEDS.get(group.needs, group.needs)}:"
        inner = indent if is_plain else f"{indent}  "
        for item in group.conditions:
            yield f"{inner}{_yes(holds=item.holds)} {item.text} ({item.found})"
        yield from _rules(group.groups, inner)


def _yes(*, holds: bool) -> str:
    return "yes" if holds else "no "


def _part(part: VariationShare, split: Split) -> str:
    end = f"{part.end:g}" if part is not split.parts[-1] else f"{max(part.end, 100):g}"
    return f"{part.name}: {in_words(part.value)}, from {part.start:g} to {end} %"
