"""Writes what a flag is in one environment: its state, its overrides and their order, in place."""

from collections.abc import Collection, Mapping
from typing import Any

from flagops.commands.flags.reconcile.apply.meanwhile import (
    ChangedMeanwhileError,
    Content,
    DeletedMeanwhileError,
    require_as_read,
    require_untouched,
)
from flagops.commands.flags.reconcile.apply.writing import STEP, FlagInEnvironment, content
from flagops.commands.flags.reconcile.change import Action, Change
from flagops.commands.flags.reconcile.compare import ORDER, is_in_order, sequence, surplus
from flagops.commands.flags.server.read import read_state, states_of
from flagops.commands.flags.server.rows import value, variants
from flagops.commands.flags.server.snapshot import RemoteOverride, RemoteState, Snapshot
from flagops.commands.flags.spec import FlagSpec, OverrideSpec, StateSpec
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.deployed import Environment
from flagops.flagsmith_api.ensure import ensure

STATES = "/api/v1/features/featurestates/"
LINKS = "/api/v1/features/feature-segments/"
OWN = frozenset([("enabled",), ("value",), ("weights",)])
"""Of a flag's own state in an environment, which one request writes."""


def is_one_request(changes: Collection[Change]) -> bool:
    """Whether one request makes these changes of a flag in an environment: a new override takes several."""
    places = _places(changes)
    return all(change.action is Action.UPDATE for change in changes) and (places <= OWN or len(places) == 1)


def _places(changes: Collection[Change]) -> set[tuple[str, ...]]:
    """What they are of: an override, or a part of the flag's own state."""
    return {change.field[:2] if change.field[:1] == ("override",) else change.field[:1] for change in changes}


class States:
    """Writes flags in environments that keep no versions, where each change is live when it is made."""

    def __init__(self, client: FlagsmithClient, found: Snapshot) -> None:
        self._client, self._found = client, found

    def write(self, wanted: FlagSpec, environment: Environment, changes: list[Change]) -> None:
        """Carry out the changes of one flag in one environment.

        New overrides are there and in their place before old ones change, overrides come before the state that they are
        exceptions of, and go after it: nobody is switched by the way. Each is read again just before it is written;
        raises ChangedMeanwhileError where it is not as it was planned for.
        """
        target = FlagInEnvironment.of(self._found, wanted, environment)
        changed = _places(changes)
        there = {item.segment: item for item in target.found.overrides}
        new = [item for item in target.state.overrides if item.segment not in there]
        for override in new:
            self._add_override(target, override)
        if new or ORDER in changed:
            self._set_order(target)
        for override in target.state.overrides:
            if ("override", override.segment) in changed and override.segment in there:
                self._put(target, there[override.segment], override)
        if OWN & changed:
            self._put(target, target.found, target.state)
        for item in surplus(target.state, target.found, target.managed):
            require_as_read(Content.of(item).differs(self._now(target, item)[0]))
            for link in self._links(target, item.segment_id):
                self._client.delete(f"{LINKS}{link['id']}/")

    def _put(
        self, target: FlagInEnvironment, found: RemoteState | RemoteOverride, wanted: StateSpec | OverrideSpec
    ) -> None:
        body = {
            "feature": target.flag.id,
            "environment": target.environment.id,
            "feature_segment": found.link if isinstance(found, RemoteOverride) else None,
            **content(wanted, target.ids, found.variants),
        }
        path, aim = f"{STATES}{found.id}/", Content.wanted(wanted, target.ids)

        sent = [False]

        def is_written() -> bool | None:
            now, changed = self._now(target, found)
            if not any(aim.differs(now)):
                return True
            require_untouched(Content.of(found).differs(now), is_untouched=not sent[0] or changed == found.changed)
            return None

        def write() -> bool:
            sent[0] = True
            return bool(self._client.put(path, body))

        ensure(is_written, write)

    def _now(self, target: FlagInEnvironment, found: RemoteState | RemoteOverride) -> tuple[Content, str]:
        """What a state is now, and when it was changed. Raises ChangedMeanwhileError for one that is gone."""
        rows = states_of(self._client, target.environment.id, target.flag.id)
        row = next((row for row in rows if row["id"] == found.id), None)
        if row is None:
            raise DeletedMeanwhileError
        weights = {item.option: item.weight for item in variants(row)}
        return Content(row["enabled"], value(row["feature_state_value"]), weights), row.get("updated_at") or ""

    def _links(self, target: FlagInEnvironment, segment: int) -> list[Mapping[str, Any]]:
        """All overrides of one segment, the oldest first: the server makes a second one when it is asked twice."""
        rows = self._client.pages(LINKS, {"environment": target.environment.id, "feature": target.flag.id})
        return sorted((row for row in rows if row["segment"] == segment), key=lambda row: int(row["id"]))

    def _add_override(self, target: FlagInEnvironment, wanted: OverrideSpec) -> None:
        """Make an override, and never leave a second one for its segment: of two runs that make one at the same time
        both keep the older one."""
        segment = target.segments[wanted.segment]
        key, feature = target.environment.key, target.flag.id
        path = f"/api/v1/environments/{key}/features/{feature}/create-segment-override/"
        body = {"feature_segment": {"segment": segment}, **content(wanted, target.ids, ())}
        was_there = bool(self._links(target, segment))
        if not was_there:
            ensure(lambda: self._links(target, segment) or None, lambda: [self._client.post(path, body)])
        links = self._links(target, segment)
        for link in links[1:]:
            self._client.delete(f"{LINKS}{link['id']}/")
        if was_there or len(links) > 1:
            found = read_state(self._client, target.environment, feature, target.names)
            there = next(item for item in found.overrides if item.segment_id == segment)
            if was_there:  # another run's, which is the same, or somebody's
                require_as_read(Content.wanted(wanted, target.ids).differs(Content.of(there)))
            else:
                self._put(target, there, wanted)

    def _set_order(self, target: FlagInEnvironment) -> None:
        """Give the catalogue's overrides its order, in the places that they have; others keep theirs."""
        found = read_state(self._client, target.environment, target.flag.id, target.names)
        if is_in_order(target.state, found, target.managed):
            return
        links = {item.segment: item.link for item in found.overrides}
        ranked = [name for name in sequence(target.state, found, target.managed) if name in links]
        body = [{"id": links[name], "priority": rank * STEP} for rank, name in enumerate(ranked)]
        path = f"{LINKS}update-priorities/"
        priorities = {item.segment: item.priority for item in found.overrides}

        def is_ordered() -> bool | None:
            now = read_state(self._client, target.environment, target.flag.id, target.names)
            if is_in_order(target.state, now, target.managed):
                return True
            if {item.segment: item.priority for item in now.overrides} != priorities:
                raise ChangedMeanwhileError("now another order of its overrides")
            return None

        ensure(is_ordered, lambda: (self._client.post(path, body), True)[1], is_missing=True)
