"""Makes and changes what a project has whatever the environment: environments, tags, segments, flags, variations."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from flagops.commands.flags.history.last_run import DESCRIPTION
from flagops.commands.flags.reconcile.apply.changing import change_option
from flagops.commands.flags.reconcile.apply.made import as_made, as_text, is_on_everywhere
from flagops.commands.flags.reconcile.apply.mark import COLOUR, managing_tags
from flagops.commands.flags.reconcile.apply.meanwhile import ChangedMeanwhileError
from flagops.commands.flags.reconcile.apply.now import Now
from flagops.commands.flags.reconcile.apply.together import THREADS, Telling, WriteStep, together
from flagops.commands.flags.reconcile.change import Action, Change, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.compare import matched
from flagops.commands.flags.server.rows import flag_of, option_of, segment_of, typed
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOption, RemoteSegment, Snapshot
from flagops.commands.flags.spec import TAG, FlagSpec, OptionSpec, ProjectSpec, SegmentSpec
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.custom_fields import FieldKind, as_they_are, with_values
from flagops.flagsmith_api.deployed import Environment
from flagops.flagsmith_api.ensure import ensure, first

VARIATION = "variation"


class Definitions:
    """Carries out the steps of a plan that belong to no environment; tells of each when it is done."""

    def __init__(self, connection: Connection, wanted: ProjectSpec, found: Snapshot, to: Telling) -> None:
        self._client, self._number, self._wanted, self._found = connection.client, connection.project, wanted, found
        self._project = f"/api/v1/projects/{connection.project}"
        self._gives_no_values = bool(connection.rules.get("prevent_flag_defaults"))
        self._tags = dict(found.tags)
        self._now = Now(connection, found)
        self._flags = {name: flag.id for name, flag in found.flags.items()}
        self._to, self._has_made = to, False
        self._segments_there: dict[str, Mapping[str, Any]] = {}
        self._environments_made: dict[str, Environment] = {}
        self._segments_made: dict[str, RemoteSegment] = {}
        self._flags_made: dict[str, RemoteFlag] = {}

    def run(self, plan: FlagPlan, *, threads: int = THREADS, late: Collection[str] = ()) -> bool:
        """Do them, several at a time; whether anything was made. The environments of `late` are made later."""
        for name, changes in plan.of(ObjectKind.ENVIRONMENT).items():
            if name not in late and any(change.action is Action.CREATE for change in changes):
                self._environments_made[name] = self._add_environment(name)
                for change in changes:
                    self.announce(change)
        segments = {name: of for name, of in plan.of(ObjectKind.SEGMENT).items() if name in self._wanted.segments}
        flags = {
            name: own
            for name, changes in plan.of(ObjectKind.FLAG).items()
            if (own := [item for item in changes if item.environment is None and not is_removed_variation(item)])
            and name in self._wanted.flags
        }
        self._look_for_segments(segments)
        for tag in sorted({TAG}.union(*(self._wanted.flags[name].tags for name in flags)) if flags else ()):
            self._tag(tag)
        # A segment for a flag alone waits for the flag.
        waits = [name for name in segments if self._wanted.segments[name].feature not in {None, *self._found.flags}]
        early = {name: of for name, of in segments.items() if name not in waits}
        written = [
            WriteStep(partial(self._write_flag, self._wanted.flags[name], of), of, is_one_request=self._is_alone(name))
            for name, of in flags.items()
        ]
        for steps in (
            self._segment_steps(early),
            written,
            self._segment_steps({name: segments[name] for name in waits}),
        ):
            together(steps, self, threads=threads)
        return self._has_made

    @property
    def found(self) -> Snapshot:
        """What the server has now, as it answered: where it had flags before environments were made, they are not
        known there, and it has to be read again."""
        return replace(
            self._found,
            environments={**self._found.environments, **self._environments_made},
            tags=dict(self._tags),
            segments={**self._found.segments, **self._segments_made},
            flags={**self._found.flags, **self._flags_made},
        )

    def _segment_steps(self, changed: Mapping[str, list[Change]]) -> list[WriteStep]:
        wanted = self._wanted.segments
        return [
            WriteStep(partial(self._write_segment, wanted[name]), of, is_one_request=True)
            for name, of in changed.items()
        ]

    def _is_alone(self, name: str) -> bool:
        """Whether one request writes a flag's definition: variations are written by more."""
        there = self._found.flags.get(name)
        return not self._wanted.flags[name].options and not (there and there.options)

    def begin(self, changes: list[Change]) -> None:
        """Tell of what is done next."""
        self._to.begin(changes)

    def refused(self, changes: list[Change]) -> None:
        """Tell of what the server refused."""
        self._to.refused(changes)

    def announce(self, change: Change) -> None:
        """Tell of what is done."""
        self._has_made = self._has_made or change.action is Action.CREATE
        self._to.announce(change)

    def leave(self, changes: list[Change], error: ChangedMeanwhileError) -> None:
        """Tell of what is left as it is."""
        self._to.leave(changes, error)

    def _look_for_segments(self, changed: Mapping[str, list[Change]]) -> None:
        """Flagsmith takes several segments of one name: what another run made since is not made again."""
        if changed.keys() <= self._found.segments.keys():
            return
        rows = self._client.pages(f"{self._project}/segments/")
        self._segments_there = {row["name"]: row for row in rows if row["name"] not in self._found.segments}

    def _add_environment(self, name: str) -> Environment:
        path = "/api/v1/environments/"
        row = ensure(
            lambda: first(self._client.pages(path, {"project": self._number}), name=name),
            lambda: self._client.post(path, {"name": name, "project": self._number}),
            is_missing=True,
        )
        return Environment.of(row)

    def _tag(self, label: str) -> int:
        """The id of a tag, which is made if there is none."""
        if label not in self._tags:
            path = f"{self._project}/tags/"
            body = {"label": label, "color": COLOUR, "description": DESCRIPTION if label == TAG else ""}
            with managing_tags():
                row = ensure(
                    lambda: first(self._client.pages(path), label=label), lambda: self._client.post(path, body)
                )
            self._tags[label] = row["id"]
        return self._tags[label]

    def _write_segment(self, wanted: SegmentSpec) -> None:
        path, there = f"{self._project}/segments/", self._found.segments.get(wanted.name)
        body: dict[str, Any] = {"description": wanted.marked_description, "rules": wanted.rules.as_json()}
        if there is None:
            body |= self._said(FieldKind.SEGMENT, wanted.metadata)
        if wanted.feature is not None or there is None:
            body["feature"] = self._flags[wanted.feature] if wanted.feature else None
        if there is not None:
            self._now.patch_segment(there, body, wanted)
            return
        body["name"] = wanted.name
        row = self._segments_there.get(wanted.name) or ensure(
            lambda: first(self._client.pages(path, {"q": wanted.name}), name=wanted.name),
            lambda: self._client.post(path, body),
            is_missing=True,
        )
        self._segments_made[wanted.name] = segment_of(row)

    def _write_flag(self, wanted: FlagSpec, changes: list[Change]) -> None:
        path, there = f"{self._project}/features/", self._found.flags.get(wanted.name)
        if there is None:
            places = {*self._found.environments, *self._environments_made, *self._wanted.environments}
            is_on = is_on_everywhere(wanted, places) and not self._gives_no_values
            row = self._add_flag(path, wanted, is_on=is_on)
            there = flag_of(row, {}, {})
            self._flags[wanted.name] = there.id
            options = tuple(self._add_option(there.id, item) for item in wanted.options)
            self._flags_made[wanted.name] = as_made(
                there, wanted, options, places, is_on=is_on, plain=self._gives_no_values
            )
            return
        row = self._now.flag(there)
        if any(change.field[:1] != (VARIATION,) for change in changes):
            self._now.patch_flag(there, row, wanted, {tag: self._tag(tag) for tag in wanted.tags | {TAG}})
        self._write_options(wanted, there)

    def _add_flag(self, path: str, wanted: FlagSpec, *, is_on: bool) -> Mapping[str, Any]:
        """Make a flag; one that is not the same everywhere is off until the environments are written: a new flag is on
        nowhere by mistake."""
        body = {
            "name": wanted.name,
            "description": wanted.description,
            "default_enabled": is_on,
            "initial_value": None if wanted.value is None else as_text(wanted.value),
            "tags": [self._tag(tag) for tag in sorted(wanted.tags | {TAG})],
            "is_server_key_only": bool(wanted.server_side_only),
            **self._said(FieldKind.FLAG, wanted.metadata),
        }
        found: Mapping[str, Any] = ensure(
            lambda: first(self._client.pages(path, {"search": wanted.name}), name=wanted.name),
            lambda: self._client.post(path, body),
            is_missing=True,
        )
        return found

    def _said(self, kind: FieldKind, values: Mapping[str, str]) -> dict[str, Any]:
        """The custom fields of a new object, in the API's form."""
        return as_they_are(with_values((), kind, self._found.known_fields, values))

    def _write_options(self, wanted: FlagSpec, flag: RemoteFlag) -> None:
        """Make and change variations.

        Weights shrink before others grow, so that they are never over 100 together. Those that the catalogue has no
        more only lose their weight here: they go when no environment gives them out any more.
        """
        path = self._options(flag.id)
        there = matched(flag.options, wanted.options)
        kept = {item.id for item in there.values()}
        for surplus in flag.options:
            if surplus.id not in kept and surplus.weight:
                body = {**typed(surplus.value), "feature": flag.id, "key": surplus.key}
                change_option(self._client, path, body, surplus, replace(surplus, weight=0.0))
        shrinking = [item for item in wanted.options if item.name in there and there[item.name].weight > item.weight]
        written = {item.id: item for item in flag.options}
        for item in [*shrinking, *(item for item in wanted.options if item not in shrinking)]:
            option = self._write_option(flag.id, item, there.get(item.name))
            written[option.id] = option
        self._flags_made[flag.name] = replace(flag, options=tuple(written.values()))

    def _write_option(self, feature: int, wanted: OptionSpec, there: RemoteOption | None) -> RemoteOption:
        if there is None:
            # A new variation takes its weight in all environments at once, so it starts with none.
            there = self._add_option(feature, replace(wanted, weight=0.0))
        made = RemoteOption(there.id, wanted.name, wanted.value, wanted.weight)
        if there != made:
            body = {**typed(wanted.value), "feature": feature, "key": wanted.name}
            change_option(self._client, self._options(feature), body, there, made)
        return made

    def _add_option(self, feature: int, wanted: OptionSpec) -> RemoteOption:
        path = self._options(feature)
        body = {**typed(wanted.value), "feature": feature, "key": wanted.name}
        row = ensure(
            lambda: first(self._client.pages(path), key=wanted.name),
            lambda: self._client.post(path, {**body, "default_percentage_allocation": wanted.weight}),
            is_missing=True,
        )
        return option_of(row)

    def _options(self, feature: int) -> str:
        return f"{self._project}/features/{feature}/mv-options/"


def is_removed_variation(change: Change) -> bool:
    """Whether a step is the removal of a variation, which comes last."""
    return change.action is Action.DELETE and change.field[:1] == (VARIATION,)
