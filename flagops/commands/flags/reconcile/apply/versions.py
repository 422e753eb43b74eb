"""Writes what a flag is in an environment that keeps versions (v2 feature versioning): as one version, live at once."""

from typing import Any

from flagops.commands.flags.reconcile.apply.meanwhile import Contents, require_untouched
from flagops.commands.flags.reconcile.apply.writing import STEP, FlagInEnvironment, as_it_is, content, is_untouched
from flagops.commands.flags.reconcile.compare import compare_states, sequence, surplus
from flagops.commands.flags.server.read import read_state
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import FlagSpec
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.deployed import Environment
from flagops.flagsmith_api.ensure import ensure


class Versions:
    """Writes flags in environments that keep versions, and refuse direct changes."""

    def __init__(self, client: FlagsmithClient, found: Snapshot) -> None:
        self._client, self._found = client, found

    def write(self, wanted: FlagSpec, environment: Environment) -> None:
        """Publish a version of the flag as it is wanted; overrides of people stay in it, in their places.

        Raises ChangedMeanwhileError where it is not as it was planned for.
        """
        target = FlagInEnvironment.of(self._found, wanted, environment)
        there = {item.segment: item for item in target.found.overrides}
        declared = {item.segment: item for item in target.state.overrides}
        creates: list[dict[str, Any]] = []
        own = content(target.state, target.ids, target.found.variants, in_place=False)
        updates: list[dict[str, Any]] = [{"feature_segment": None, **own}]
        for rank, name in enumerate(sequence(target.state, target.found, target.managed)):
            segment = target.segments[name]
            if name in declared:
                variants = there[name].variants if name in there else ()
                own = content(declared[name], target.ids, variants, in_place=False)
            else:
                own = as_it_is(target.found, segment)
            body = {"feature_segment": {"segment": segment, "priority": rank * STEP}, **own}
            (updates if name in there else creates).append(body)
        path = f"/api/v1/environments/{environment.id}/features/{target.flag.id}/versions/"
        gone = [item.segment_id for item in surplus(target.state, target.found, target.managed)]
        body = {
            "feature_states_to_create": creates,
            "feature_states_to_update": updates,
            "segment_ids_to_delete_overrides": gone,
            "publish_immediately": True,
        }

        before, sent = Contents.of(target.found), [False]

        def published() -> bool | None:
            now = read_state(self._client, environment, target.flag.id, target.names)
            left = compare_states(wanted, environment.name, target.state, target.flag, now, target.managed)
            if not any(left):
                return True
            differences = before.differs(Contents.of(now), target.names)
            require_untouched(differences, is_untouched=not sent[0] or is_untouched(now, target.found))
            return None

        def publish() -> bool:
            sent[0] = True
            return bool(self._client.post(path, body))

        ensure(published, publish)
