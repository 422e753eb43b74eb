"""Makes and changes what a project has whatever the environment: environments, tags, segments, flags, variations."""

from collections.abc import Callable, Mapping
from typing import Any

from flagops.commands.flags.reconcile.apply.ensure import ensure, first
from flagops.commands.flags.reconcile.change import Action, Change, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.compare import matched
from flagops.commands.flags.server.rows import flag_of, option_of, typed
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOption, Snapshot
from flagops.commands.flags.spec import TAG, FlagSpec, OptionSpec, ProjectSpec, SegmentSpec
from flagops.flagsmith_api.client import FlagsmithClient

OnChange = Callable[[Change], None]
VARIATION = "variation"
TAG_COLOUR = "#6837FC"
TAG_DESCRIPTION = "Declared in git: what is changed here is changed back by `ff flags apply`."


class Definitions:
    """Carries out the steps of a plan that belong to no environment; tells of each when it is done."""

    def __init__(
        self, client: FlagsmithClient, project: int, wanted: ProjectSpec, found: Snapshot, on_change: OnChange
    ) -> None:
        self._client, self._number, self._wanted, self._found = client, project, wanted, found
        self._project = f"/api/v1/projects/{project}"
        self._tags = dict(found.tags)
        self._flags = {name: flag.id for name, flag in found.flags.items()}
        self._on_change = on_change

    def run(self, plan: FlagPlan) -> bool:
        """Do them; whether anything was made that a new reading has to find."""
        made = False
        for name, changes in plan.of(ObjectKind.ENVIRONMENT).items():
            self._add_environment(name)
            made = self._tell(changes) or made
        segments = {name: of for name, of in plan.of(ObjectKind.SEGMENT).items() if name in self._wanted.segments}
        # A segment for a flag alone waits for the flag.
        late = {name for name in segments if self._wanted.segments[name].feature not in {None, *self._found.flags}}
        made = self._write_segments({name: of for name, of in segments.items() if name not in late}) or made
        for name, changes in plan.of(ObjectKind.FLAG).items():
            own = [change for change in changes if change.environment is None and not is_removed_variation(change)]
            if own and name in self._wanted.flags:
                self._write_flag(self._wanted.flags[name], own)
                made = self._tell(own) or made
        return self._write_segments({name: segments[name] for name in segments if name in late}) or made

    def _write_segments(self, changed: Mapping[str, list[Change]]) -> bool:
        made = False
        for name, changes in changed.items():
            self._write_segment(self._wanted.segments[name])
            made = self._tell(changes) or made
        return made

    def _tell(self, changes: list[Change]) -> bool:
        for change in changes:
            self._on_change(change)
        return any(change.action is Action.CREATE for change in changes)

    def _add_environment(self, name: str) -> None:
        path = "/api/v1/environments/"
        ensure(
            lambda: first(self._client.pages(path, {"project": self._number}), name=name),
            lambda: self._client.post(path, {"name": name, "project": self._number}),
        )

    def _tag(self, label: str) -> int:
        """The id of a tag, which is made if there is none."""
        if label not in self._tags:
            path = f"{self._project}/tags/"
            body = {"label": label, "color": TAG_COLOUR, "description": TAG_DESCRIPTION if label == TAG else ""}
            row = ensure(lambda: first(self._client.pages(path), label=label), lambda: self._client.post(path, body))
            self._tags[label] = row["id"]
        return self._tags[label]

    def _write_segment(self, wanted: SegmentSpec) -> None:
        path, there = f"{self._project}/segments/", self._found.segments.get(wanted.name)
        body: dict[str, Any] = {"description": wanted.marked_description, "rules": wanted.rules.as_json()}
        if wanted.feature is not None or there is None:
            body["feature"] = self._flags[wanted.feature] if wanted.feature else None
        if there is not None:
            self._client.patch(f"{path}{there.id}/", body)
            return
        body["name"] = wanted.name
        ensure(
            lambda: first(self._client.pages(path, {"q": wanted.name}), name=wanted.name),
            lambda: self._client.post(path, body),
        )

    def _write_flag(self, wanted: FlagSpec, changes: list[Change]) -> None:
        path, there = f"{self._project}/features/", self._found.flags.get(wanted.name)
        if there is None:
            row = self._add_flag(path, wanted)
            there = flag_of(row, {}, {})
            self._flags[wanted.name] = there.id
        elif any(change.field[:1] != (VARIATION,) for change in changes):
            system = {label for label in there.tags if label in self._found.system_tags}
            tags = sorted(wanted.tags | {TAG} | system)
            body: dict[str, Any] = {
                "description": wanted.description,
                "is_archived": False,
                "tags": [self._tag(tag) for tag in tags],
            }
            if wanted.server_side_only is not None:
                body["is_server_key_only"] = wanted.server_side_only
            self._client.patch(f"{path}{there.id}/", body)
        self._write_options(wanted, there)

    def _add_flag(self, path: str, wanted: FlagSpec) -> Mapping[str, Any]:
        """Make a flag, off everywhere until the environments are written: a new flag is on nowhere by mistake."""
        body = {
            "name": wanted.name,
            "description": wanted.description,
            "default_enabled": False,
            "initial_value": None if wanted.value is None else _text(wanted.value),
            "tags": [self._tag(tag) for tag in sorted(wanted.tags | {TAG})],
            "is_server_key_only": bool(wanted.server_side_only),
        }
        found: Mapping[str, Any] = ensure(
            lambda: first(self._client.pages(path, {"search": wanted.name}), name=wanted.name),
            lambda: self._client.post(path, body),
        )
        return found

    def _write_options(self, wanted: FlagSpec, flag: RemoteFlag) -> None:
        """Make and change variations.

        Weights shrink before others grow, so that they are never over 100 together. Those that the catalogue has no
        more only lose their weight here: they go when no environment gives them out any more.
        """
        path = f"{self._project}/features/{flag.id}/mv-options/"
        there = matched(flag.options, wanted.options)
        kept = {item.id for item in there.values()}
        for surplus in flag.options:
            if surplus.id not in kept and surplus.weight:
                body = {**typed(surplus.value), "feature": flag.id, "key": surplus.key}
                self._client.put(f"{path}{surplus.id}/", {**body, "default_percentage_allocation": 0})
        shrinking = [item for item in wanted.options if item.name in there and there[item.name].weight > item.weight]
        for item in [*shrinking, *(item for item in wanted.options if item not in shrinking)]:
            self._write_option(path, flag.id, item, there.get(item.name))

    def _write_option(self, path: str, feature: int, wanted: OptionSpec, there: RemoteOption | None) -> None:
        body = {**typed(wanted.value), "feature": feature, "key": wanted.name}
        if there is None:
            # A new variation takes its weight in all environments at once, so it starts with none.
            row = ensure(
                lambda: first(self._client.pages(path), key=wanted.name),
                lambda: self._client.post(path, {**body, "default_percentage_allocation": 0}),
            )
            there = option_of(row)
        if there != RemoteOption(there.id, wanted.name, wanted.value, wanted.weight):
            self._client.put(f"{path}{there.id}/", {**body, "default_percentage_allocation": wanted.weight})


def is_removed_variation(change: Change) -> bool:
    """Whether a step is the removal of a variation, which comes last."""
    return change.action is Action.DELETE and change.field[:1] == (VARIATION,)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
