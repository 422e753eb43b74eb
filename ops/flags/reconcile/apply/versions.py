"""Writes what a flag is in an environment that keeps versions (v2 feature versioning): as one version, live at once."""

from typing import Any

from ops.flags.reconcile.apply.ensure import ensure
from ops.flags.reconcile.apply.states import content
from ops.flags.reconcile.change import Change
from ops.flags.reconcile.compare import compare_states, matched, surplus
from ops.flags.server.read import read_state
from ops.flags.server.snapshot import Snapshot
from ops.flags.spec import FlagSpec
from ops.flagsmith.client import FlagsmithClient
from ops.flagsmith.deployed import Environment


class Versions:
    """Writes flags in environments that keep versions, and refuse direct changes."""

    def __init__(self, client: FlagsmithClient, found: Snapshot) -> None:
        self._client, self._found = client, found
        self._segments = {name: item.id for name, item in found.segments.items()}
        self._names = {item.id: name for name, item in found.segments.items()}
        self._managed = {name for name, item in found.segments.items() if item.is_managed}

    def write(self, wanted: FlagSpec, environment: Environment, changes: list[Change]) -> None:  # noqa: ARG002
        """Publish a version of the flag as it is wanted; overrides of people stay in it, behind the catalogue's."""
        flag = self._found.flags[wanted.name]
        state, found = wanted.states[environment.name], flag.states[environment.name]
        ids = {name: item.id for name, item in matched(flag.options, wanted.options).items()}
        there = {item.segment: item for item in found.overrides}
        creates: list[dict[str, Any]] = []
        updates: list[dict[str, Any]] = [{"feature_segment": None, **content(state, ids, ())}]
        for priority, override in enumerate(state.overrides):
            link = {"segment": self._segments[override.segment], "priority": priority}
            body = {"feature_segment": link, **content(override, ids, ())}
            (updates if override.segment in there else creates).append(body)
        path = f"/api/v1/environments/{environment.id}/features/{flag.id}/versions/"
        body = {
            "feature_states_to_create": creates,
            "feature_states_to_update": updates,
            "segment_ids_to_delete_overrides": [item.segment_id for item in surplus(state, found, self._managed)],
            "publish_immediately": True,
        }

        def published() -> bool | None:
            now = read_state(self._client, environment, flag.id, self._names)
            left = compare_states(wanted, environment.name, state, flag, now, self._managed)
            return None if any(left) else True

        ensure(published, lambda: bool(self._client.post(path, body)))
