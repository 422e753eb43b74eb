"""All flags of a project on one page: where each is on, for whom, until when, and its last change."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from flagops.commands.flags.catalogue.model import Catalogue, Flag
from flagops.commands.flags.catalogue.rollouts import rollout_segment
from flagops.commands.flags.catalogue.values import Plain
from flagops.commands.flags.reconcile.desired import ALL
from flagops.commands.flags.report.last_change import LastChange
from flagops.commands.flags.report.rollouts import RolloutEntry, rollouts
from flagops.commands.flags.server.snapshot import (
    RemoteFlag,
    RemoteOverride,
    RemoteSegment,
    RemoteState,
    Snapshot,
    Variant,
)
from flagops.serving.engine.variations import CONTROL

SOON = timedelta(days=30)
EVERYONE = "everyone"


@dataclass(frozen=True)
class Share:
    """A part of a bar, in percent."""

    name: str
    percent: float


@dataclass(frozen=True)
class OverrideLine:
    """What a group of users gets; `share` is the percentage of it, None for all of it."""

    group: str
    enabled: bool
    value: str
    share: float | None
    weights: tuple[Share, ...]


@dataclass(frozen=True)
class Cell:
    """A flag in an environment."""

    enabled: bool
    value: str
    weights: tuple[Share, ...]
    overrides: tuple[OverrideLine, ...]


@dataclass(frozen=True)
class Line:
    """A flag; `declared` is None where the catalogue does not say anything, `cells` follow the environments."""

    name: str
    description: str
    declared: Flag | None
    cells: tuple[Cell | None, ...]
    change: LastChange | None
    expires: date | None = None
    is_expired: bool = False
    is_due: bool = False
    is_archived: bool = False


@dataclass(frozen=True)
class FlagsPage:
    """The page.

    Attributes:
        project: The project's name.
        label: Which Flagsmith it is of.
        made: When it was read.
        environments: The columns.
        lines: The declared flags, or all without a catalogue.
        others: Flags that are not in the catalogue.
        missing: Flags of the catalogue that are not there.
        has_catalogue: Whether owners are known.
        is_audited: Whether the last changes come from the audit log.
        in_hands: Flags that are held, and what was changed by hand since the last apply, a line each.
        rollouts: The rollouts with steps.
    """

    project: str
    label: str
    made: datetime
    environments: tuple[str, ...]
    lines: tuple[Line, ...]
    others: tuple[Line, ...]
    missing: tuple[str, ...]
    has_catalogue: bool
    is_audited: bool
    in_hands: tuple[str, ...] = ()
    rollouts: tuple[RolloutEntry, ...] = ()

    @property
    def expired(self) -> list[Line]:
        """Flags past their day."""
        return [line for line in (*self.lines, *self.others) if line.is_expired]

    @property
    def due(self) -> list[Line]:
        """Flags whose day is near."""
        return [line for line in (*self.lines, *self.others) if line.is_due]

    @property
    def archived(self) -> list[Line]:
        """Flags that the UI hides; they are served all the same."""
        return [line for line in (*self.lines, *self.others) if line.is_archived]

    def count_on(self, column: int) -> int:
        """How many flags are on in an environment for those whom no override is for."""
        cells = (line.cells[column] for line in (*self.lines, *self.others))
        return sum(1 for cell in cells if cell is not None and cell.enabled)


def report(
    snapshot: Snapshot,
    catalogue: Catalogue | None,
    changes: Mapping[int, LastChange],
    *,
    project: str,
    label: str,
    made: datetime,
    is_audited: bool,
) -> FlagsPage:
    """The page of a project as it was read, with what the catalogue knows of its flags."""
    names = tuple(snapshot.environments)
    flags = sorted(snapshot.flags.values(), key=lambda flag: (flag.is_archived, flag.name))
    known = catalogue.flags if catalogue else {}
    lines = [_line(flag, known.get(flag.name), names, snapshot.segments, changes, made.date()) for flag in flags]
    return FlagsPage(
        project=project,
        label=label,
        made=made,
        environments=names,
        lines=tuple(line for line in lines if catalogue is None or line.declared is not None),
        others=tuple(line for line in lines if catalogue is not None and line.declared is None),
        missing=tuple(sorted(known.keys() - snapshot.flags.keys())),
        has_catalogue=catalogue is not None,
        is_audited=is_audited,
        rollouts=tuple(rollouts(snapshot, made)),
    )


def _line(
    flag: RemoteFlag,
    declared: Flag | None,
    names: Iterable[str],
    segments: Mapping[str, RemoteSegment],
    changes: Mapping[int, LastChange],
    today: date,
) -> Line:
    expires = declared.expires if declared else flag.expires
    return Line(
        name=flag.name,
        description=declared.description if declared else flag.description,
        declared=declared,
        cells=tuple(_cell(flag, name, segments) if name in flag.states else None for name in names),
        change=_without_name(changes.get(flag.id), flag.name),
        expires=expires,
        is_expired=expires is not None and expires < today,
        is_due=expires is not None and today <= expires <= today + SOON,
        is_archived=flag.is_archived,
    )


def _without_name(change: LastChange | None, name: str) -> LastChange | None:
    """The change without the flag's name, which its row has."""
    if change is None:
        return None
    said = re.sub(rf"(:| (for|to) feature:?) '?{re.escape(name)}'?(?=[ .]|$)", "", change.what)
    return replace(change, what=said.removesuffix(".").replace(" and segment ", " for segment "))


def _cell(flag: RemoteFlag, environment: str, segments: Mapping[str, RemoteSegment]) -> Cell:
    state = flag.states[environment]
    found = [_override(flag, environment, item, segments.get(item.segment)) for item in state.overrides]
    own = Cell(state.enabled, _text(state.value), _weights(flag, state), ())
    return replace(own, overrides=tuple(_brief(item, own) for item in _told(found)))


def _override(flag: RemoteFlag, environment: str, item: RemoteOverride, segment: RemoteSegment | None) -> OverrideLine:
    name, own = item.segment, rollout_segment(flag.name, environment)
    if segment is not None and segment.feature == flag.id and name == own:
        name = EVERYONE
    elif segment is not None and segment.feature == flag.id and name.startswith(f"{own}."):
        name = name.removeprefix(f"{own}.")
    return OverrideLine(name, item.enabled, _text(item.value), _share(segment), _weights(flag, item))


def _told(found: list[OverrideLine]) -> Iterator[OverrideLine]:
    """The overrides without those that only keep the rest of a rollout's group from falling through to the next one."""
    shares = {item.group: item for item in found if item.share is not None}
    for item in found:
        before = shares.get(item.group)
        if before is not None and item.share is None and not item.enabled:
            continue
        yield item


def _share(segment: RemoteSegment | None) -> float | None:
    """The percentage of a segment that takes a share of users."""
    splits = segment.rules.splits if segment is not None and segment.rules is not None else []
    return max(splits[0].share, 0.0) if len(splits) == 1 else None


def _weights(flag: RemoteFlag, state: RemoteState | RemoteOverride) -> tuple[Share, ...]:
    """The variations' shares; the control has what the others leave."""
    if not flag.options:
        return ()
    by_option: dict[int, Variant] = {item.option: item for item in state.variants}
    named = [(option.key or _text(option.value), by_option.get(option.id)) for option in flag.options]
    shares = [Share(name, item.weight if item else 0.0) for name, item in named]
    control = Share(CONTROL, max(0.0, ALL - sum(share.percent for share in shares)))
    return tuple(share for share in (control, *shares) if share.percent)


def _text(value: Plain) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _brief(item: OverrideLine, own: Cell) -> OverrideLine:
    """An override that says of value and weights only what the environment's own state does not."""
    value = item.value if item.value != own.value else ""
    return replace(item, value=value, weights=item.weights if item.weights != own.weights else ())
