"""A plan as Markdown: a comment on a pull request, by environment, with who is affected."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from flagops.commands.flags.reconcile import view
from flagops.commands.flags.reconcile.change import Action, Change, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.hands_view import left_alone
from flagops.commands.flags.reconcile.review.sentences import basis, sentences
from flagops.commands.flags.reconcile.timetable_words import Timetable
from flagops.commands.flags.spec import ProjectSpec
from flagops.serving.audience.figures import Affected

MARK = "<!-- ff flags plan -->"
"""By which a pipeline finds its own comment again, to write it anew."""
MOST_CHARACTERS = 60_000  # GitHub takes 65,536 in a comment
MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~>-])")
NO_MENTION = "@\u200b"
"""An `@` with nothing of a name behind it."""


def markdown(
    plan: FlagPlan,
    wanted: ProjectSpec,
    found: Iterable[Affected],
    *,
    title: str,
    compared: str = "",
    times: Iterable[Timetable] = (),
) -> str:
    """The whole comment; what does not fit is counted. A rollout's own segment is told with its flag.

    `compared` says below the title what the catalogue was compared with, `times` when the shares of rollouts are there.
    """
    listed = list(times)
    affected = {(item.flag, item.environment): item for item in found}
    homes = dict(_homes(wanted))
    said = [escaped(compared), ""] if compared else []
    lines = [MARK, f"### {escaped(title)}", "", *said, *_totals(plan)]
    for place in dict.fromkeys([None, *plan.totals]):
        changes = [
            change for change in plan.changes if change.action is not Action.ADOPT and _home(change, homes)[0] == place
        ]
        touched = [item for item in affected.values() if item.environment == place]
        if changes or touched:
            lines += [
                "",
                f"#### {escaped(place or view.PROJECT)}",
                "",
                *_changed(changes, touched, homes, [item for item in listed if item.environment == place]),
            ]
    lines += ["", *(f"> {escaped(line)}" for line in plan.affected)] if plan.affected else []
    lines += ["", *(f"> {escaped(line)}" for line in left_alone(plan))] if plan.conflicts or plan.holds else []
    lines += _listed(plan.people, "Left to people")
    lines += _listed(plan.waiting, "Waits, or was not looked at")
    lines += _listed(plan.unmanaged, "Left alone: not in the catalogue")
    if affected:
        lines += ["", f"<sub>{escaped(basis(affected.values()))}</sub>"]
    return "\n".join(_fitting(lines)) + "\n"


def _totals(plan: FlagPlan) -> Iterator[str]:
    if not plan.has_changes:
        yield "Nothing changes."
        return
    yield f"| | {' | '.join(view.COLUMNS)} |"
    yield f"|---|{'--:|' * len(view.COLUMNS)}"
    for place, counts in plan.counts().items():
        numbers = (str(getattr(counts, column) or "-") for column in view.COLUMNS)
        yield f"| {escaped(place or view.PROJECT)} | {' | '.join(numbers)} |"


def _homes(wanted: ProjectSpec) -> Iterator[tuple[str, tuple[str, str]]]:
    """The environment and the flag of each segment that is for a flag's share in one environment alone."""
    for name, segment in wanted.segments.items():
        for environment in wanted.environments if segment.feature else ():
            own = f"{segment.feature}.{environment}"
            if name == own or name.startswith(f"{own}."):
                yield name, (environment, str(segment.feature))


def _home(change: Change, homes: Mapping[str, tuple[str, str]]) -> tuple[str | None, str, str]:
    """Where a change is told: the environment, and the kind and the name of the object."""
    if change.kind is ObjectKind.SEGMENT and change.name in homes:
        environment, flag = homes[change.name]
        return environment, str(ObjectKind.FLAG), flag
    return change.environment, str(change.kind), change.name


def _changed(
    changes: Sequence[Change],
    touched: Sequence[Affected],
    homes: Mapping[str, tuple[str, str]],
    times: Sequence[Timetable],
) -> Iterator[str]:
    """Each object with its changes and who is affected; a flag that only its segments change comes too."""
    objects: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        objects.setdefault(_home(change, homes)[1:], []).append(change)
    figures = {(str(ObjectKind.FLAG), item.flag): item for item in touched}
    for key in [*objects, *(key for key in figures if key not in objects)]:
        own = objects.get(key, [])
        whole = next((item for item in own if not item.field and _home(item, {}) == (None, *key)), None)
        done = view.REMARKS.get(whole.action, "") if whole else ""
        yield f"- {_sign(own, key[1])} {key[0]} **{escaped(key[1])}**{escaped(done)}"
        for change in own:
            said = view.in_words(change).removeprefix(f"{change.environment}: ").strip()
            if change.name != key[1]:
                said = f"segment {change.name}: {said}"
            if said:
                yield f"  - {code(f'{view.SIGNS[change.action][0]} {said}')}"
        for item in times:
            if key == (str(ObjectKind.FLAG), item.flag):
                yield f"  - **Timetable:** {escaped(_capital(item.said))}."
        if key in figures:
            yield f"  - **Who:** {escaped('. '.join(map(_capital, sentences(figures[key]))))}."


def _sign(changes: Sequence[Change], name: str) -> str:
    actions = {change.action for change in changes if not change.field and change.name == name}
    action = next((item for item in (Action.CREATE, Action.DELETE, Action.ARCHIVE) if item in actions), Action.UPDATE)
    return code(view.SIGNS[action][0])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(items: Sequence[str], title: str) -> list[str]:
    if not items:
        return []
    lines = [f"- {escaped(item)}" for item in items]
    return ["", f"<details><summary>{title} ({len(items)})</summary>", "", *lines, "", "</details>"]


def _fitting(lines: Sequence[str]) -> Iterator[str]:
    """Lines as long as there is room; then how many more there are."""
    room = MOST_CHARACTERS
    for number, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            yield f"\n{len(lines) - number} lines more, too many to show here: the run's log has them."
            return
        yield line


def code(text: str) -> str:
    """A text as it is: between more backticks than it has in a row itself."""
    line = " ".join(text.split())
    fence = "`" * (max((len(run) for run in re.findall(r"`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def escaped(text: str) -> str:
    """A text that is no markup, no link and nobody's mention, whatever is in it."""
    line = MARKUP.sub(r"\\\1", html.escape(" ".join(text.split()), quote=False))
    return line.replace("@", NO_MENTION).replace("://", ":\\/\\/")
