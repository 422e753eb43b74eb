"""What has to be done to make a server's flags those of a catalogue."""

from collections.abc import Iterator, Mapping
from itertools import chain

from flagops.commands.flags.catalogue.values import same
from flagops.commands.flags.reconcile.access import compare_group, without_account
from flagops.commands.flags.reconcile.change import Action, Change, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.compare import CLOSE, compare_states, matched, state_as_json
from flagops.commands.flags.reconcile.drawn import drawn_anew
from flagops.commands.flags.reconcile.elsewhere import of_single_users
from flagops.commands.flags.reconcile.hiding import compare_hiding, left_alone
from flagops.commands.flags.reconcile.holds import without_holds
from flagops.commands.flags.reconcile.metadata import compare_metadata
from flagops.commands.flags.reconcile.rights import left, remarks, taken
from flagops.commands.flags.reconcile.running import ROLLOUT, in_words
from flagops.commands.flags.reconcile.same_names import require_same_names
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteSegment, Snapshot
from flagops.commands.flags.spec import TAG, FlagSpec, ProjectSpec, SegmentSpec, StateSpec
from flagops.errors import ConflictError
from flagops.flagsmith_api.custom_fields import FieldKind

SERVER_SIDE = "server-side only"


def plan(wanted: ProjectSpec, found: Snapshot, *, delete: bool = False) -> FlagPlan:
    """The plan. With `delete`, flags and segments that left the catalogue are deleted, not archived or left.

    Raises OpsError when the server has something in the way.
    """
    _check(wanted, found)
    people = found.people
    steps = chain(
        (
            Change(Action.CREATE, ObjectKind.ENVIRONMENT, name)
            for name in wanted.environments
            if name not in found.environments
        ),
        compare_hiding(wanted, found),
        *(_segment(item, found.segments.get(name), found) for name, item in wanted.segments.items()),
        *(_flag(item, found.flags.get(name), found) for name, item in wanted.flags.items()),
        _left(wanted.whole or wanted, found, delete=delete),
        *(compare_group(item, people.groups.get(name), people.users) for name, item in wanted.groups.items()),
        taken(wanted, people),
    )
    changes = tuple(steps)
    totals: dict[str | None, int] = {None: len(wanted.segments) + len(wanted.flags) + len(wanted.groups)}
    totals |= dict.fromkeys(wanted.environments, len(wanted.flags))
    unmanaged = tuple(_unmanaged(wanted.whole or wanted, found, delete=delete))
    waiting = (*without_account(wanted.groups.values(), people.users), *remarks(wanted, people))
    affected = (*drawn_anew(wanted, found), *of_single_users(changes, wanted, found))
    switched = tuple(
        f"flag {name}: people switch it in {', '.join(sorted(flag.people))} (state: ui)"
        for name, flag in wanted.flags.items()
        if flag.people
    )
    return FlagPlan(changes, unmanaged, totals, waiting, found.requests, affected, people=switched)


def _check(wanted: ProjectSpec, found: Snapshot) -> None:
    for name in wanted.segments:
        if name in found.ambiguous:
            raise ConflictError(
                f"Flagsmith has several segments called {name!r}: it is not clear which one the catalogue means.",
                hint="Rename or delete the others in the UI.",
            )
    require_same_names(wanted, found)


def _segment(wanted: SegmentSpec, found: RemoteSegment | None, snapshot: Snapshot) -> Iterator[Change]:
    if found is None:
        yield Change(Action.CREATE, ObjectKind.SEGMENT, wanted.name, after=str(wanted.rules))
        return
    owner = next((flag.name for flag in snapshot.flags.values() if flag.id == found.feature), None)
    if found.feature is not None and owner != wanted.feature:
        raise ConflictError(
            f"The segment {wanted.name!r} is there, and belongs to the flag {owner or found.feature} alone.",
            hint="Rename or delete it in the UI, or give the one in the catalogue another name.",
        )
    if wanted.feature is not None and owner is None:
        yield Change(Action.UPDATE, ObjectKind.SEGMENT, wanted.name, None, ("flag",), None, wanted.feature)
    if found.rules != wanted.rules:
        before = "rules that this release does not know" if found.rules is None else str(found.rules)
        yield Change(Action.UPDATE, ObjectKind.SEGMENT, wanted.name, None, ("rules",), before, str(wanted.rules))
    steps = in_words(wanted, found)
    if steps is not None:
        yield Change(Action.UPDATE, ObjectKind.SEGMENT, wanted.name, None, ROLLOUT, *steps)
    if found.description != wanted.description:
        yield Change(
            Action.UPDATE,
            ObjectKind.SEGMENT,
            wanted.name,
            None,
            ("description",),
            found.description,
            wanted.description,
        )
    yield from compare_metadata(FieldKind.SEGMENT, wanted, found, snapshot)
    if not found.is_managed:
        yield Change(Action.ADOPT, ObjectKind.SEGMENT, wanted.name)


def _flag(wanted: FlagSpec, found: RemoteFlag | None, snapshot: Snapshot) -> Iterator[Change]:
    if found is None:
        yield Change(Action.CREATE, ObjectKind.FLAG, wanted.name, after=wanted.description)
        for environment, state in wanted.states.items():
            yield _new_state(wanted, environment, state)
        return
    yield from _definition(wanted, found, snapshot)
    for environment, state in wanted.states.items():
        there = found.states.get(environment)
        if there is None:
            yield _new_state(wanted, environment, state)
        else:
            managed = {name for name, item in snapshot.segments.items() if item.is_managed}
            yield from compare_states(wanted, environment, state, found, there, managed)


def _new_state(wanted: FlagSpec, environment: str, state: StateSpec) -> Change:
    after = state_as_json(state)
    if environment in wanted.people:
        after["enabled"] = False  # as every new flag, until people switch it on
    return Change(Action.CREATE, ObjectKind.FLAG, wanted.name, environment, after=after)


def _definition(wanted: FlagSpec, found: RemoteFlag, snapshot: Snapshot) -> Iterator[Change]:
    def changed(field: str, before: object, after: object) -> Change:
        return Change(Action.UPDATE, ObjectKind.FLAG, wanted.name, None, (field,), before, after)

    if found.is_archived:
        yield changed("archived", before=True, after=False)
    if found.description != wanted.description:
        yield changed("description", found.description, wanted.description)
    tags = without_holds(found.tags - snapshot.system_tags - {TAG})
    if tags != wanted.tags:
        yield changed("tags", sorted(tags), sorted(wanted.tags))
    if wanted.server_side_only not in (None, found.server_side_only):
        yield changed(SERVER_SIDE, found.server_side_only, wanted.server_side_only)
    yield from compare_metadata(FieldKind.FLAG, wanted, found, snapshot)
    options = matched(found.options, wanted.options)
    for option in wanted.options:
        there = options.get(option.name)
        place = ("variation", option.name)
        if there is None:
            yield Change(Action.CREATE, ObjectKind.FLAG, wanted.name, None, place, after=option.value)
            continue
        if there.key and there.key != option.name:
            yield Change(Action.UPDATE, ObjectKind.FLAG, wanted.name, None, (*place, "name"), there.key, option.name)
        if not same(there.value, option.value):
            yield Change(
                Action.UPDATE, ObjectKind.FLAG, wanted.name, None, (*place, "value"), there.value, option.value
            )
        if abs(there.weight - option.weight) > CLOSE:
            yield Change(
                Action.UPDATE, ObjectKind.FLAG, wanted.name, None, (*place, "weight"), there.weight, option.weight
            )
    kept = {item.id for item in options.values()}
    for item in found.options:
        if item.id not in kept:
            place = ("variation", item.key or str(item.value))
            yield Change(Action.DELETE, ObjectKind.FLAG, wanted.name, None, place, before=item.value)
    if not found.is_managed:
        yield Change(Action.ADOPT, ObjectKind.FLAG, wanted.name)


def _left(wanted: ProjectSpec, found: Snapshot, *, delete: bool) -> Iterator[Change]:
    """What left the catalogue: only what `ff` made or adopted."""
    for name, flag in found.flags.items():
        if name not in wanted.flags and flag.is_managed:
            if delete:
                yield Change(Action.DELETE, ObjectKind.FLAG, name)
            elif not flag.is_archived:
                yield Change(Action.ARCHIVE, ObjectKind.FLAG, name)
    if delete:
        for name, segment in found.segments.items():
            if name not in wanted.segments and segment.is_managed and not _users(segment, wanted, found):
                yield Change(Action.DELETE, ObjectKind.SEGMENT, name)


def _users(segment: RemoteSegment, wanted: ProjectSpec, found: Snapshot) -> list[str]:
    """The flags of people that a segment targets: deleting it would delete their overrides."""
    return [
        name
        for name, flag in found.flags.items()
        if name not in wanted.flags and not flag.is_managed
        if any(item.segment_id == segment.id for state in flag.states.values() for item in state.overrides)
    ]


def _unmanaged(wanted: ProjectSpec, found: Snapshot, *, delete: bool) -> Iterator[str]:
    for name in found.environments:
        if name not in wanted.environments:
            yield f"environment {name}"
    yield from left_alone(wanted, found)
    for name, segment in found.segments.items():
        if name in wanted.segments:
            continue
        users = _users(segment, wanted, found)
        if segment.is_managed and users:
            yield f"segment {name} (left the catalogue; targets {', '.join(users)}, which is people's)"
        elif segment.is_managed and not delete:
            yield f"segment {name} (left the catalogue; --delete removes it)"
        elif not segment.is_managed:
            yield f"segment {name}"
    for name, flag in found.flags.items():
        if name not in wanted.flags and not flag.is_managed:
            yield f"flag {name}"
        elif name in wanted.flags:
            if flag.server_side_only and wanted.flags[name].server_side_only is None:
                yield f"{SERVER_SIDE} of flag {name}"
            yield from _foreign_overrides(wanted.flags[name], flag, found.segments)

    if wanted.groups:
        yield from (f"group {name}" for name in found.people.groups if name not in wanted.groups)
    yield from left(wanted, found.people)


def _foreign_overrides(wanted: FlagSpec, found: RemoteFlag, segments: Mapping[str, RemoteSegment]) -> Iterator[str]:
    for environment, declared in wanted.states.items():
        state = found.states.get(environment)
        if state is None:
            continue
        named = {item.segment for item in declared.overrides}
        for item in state.overrides:
            if item.segment not in named and not segments[item.segment].is_managed:
                yield f"override of {wanted.name} for {item.segment} in {environment}"
