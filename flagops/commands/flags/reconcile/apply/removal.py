"""Takes away what left the catalogue, each looked at again right before: what somebody changed since is left."""

from collections.abc import Iterable
from functools import cached_property

from flagops.commands.flags.reconcile.apply.account import Account
from flagops.commands.flags.reconcile.apply.changing import archive
from flagops.commands.flags.reconcile.apply.definitions import is_removed_variation
from flagops.commands.flags.reconcile.apply.meanwhile import (
    ChangedMeanwhileError,
    Contents,
    DeletedMeanwhileError,
    require_as_read,
)
from flagops.commands.flags.reconcile.apply.now import Now
from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.commands.flags.reconcile.compare import CLOSE, matched
from flagops.commands.flags.server.read import read_state
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOption, RemoteState, Snapshot
from flagops.commands.flags.spec import ProjectSpec


class Removal:
    """Carries out the steps of a plan that take something away."""

    def __init__(self, to: Account, wanted: ProjectSpec, planned: Snapshot, found: Snapshot) -> None:
        """What is `wanted`; what was read when it was planned, and what is known of the server now."""
        self._to, self._wanted, self._planned, self._found = to, wanted, planned, found
        self._client = to.connection.client
        self._project = f"/api/v1/projects/{to.connection.project}"
        self._names = {item.id: name for name, item in found.segments.items()}

    def run(self, changes: Iterable[Change]) -> None:
        """Do them, and tell of each."""
        for change in changes:
            is_whole = not change.field and change.action in (Action.ARCHIVE, Action.DELETE)
            if not (is_whole or is_removed_variation(change)) or self._to.is_left(change):
                continue
            try:
                self._remove(change)
            except DeletedMeanwhileError:
                pass  # which is what was to be
            except ChangedMeanwhileError as error:
                self._to.leave([change], error)
                continue
            self._to.announce(change)

    def _remove(self, change: Change) -> None:
        if is_removed_variation(change):
            self._to.begin([change])
            self._remove_variation(self._found.flags[change.name], change.field[1])
        elif change.kind is ObjectKind.SEGMENT:
            self._remove_segment(change)
        elif change.action is Action.ARCHIVE:
            read = self._planned.flags[change.name]
            self._now.flag(read)
            archive(self._client, f"{self._project}/features/{read.id}/")
        else:
            self._remove_flag(self._planned.flags[change.name])

    def _remove_flag(self, read: RemoteFlag) -> None:
        """A flag goes in every environment: it must be in each what it was when that was agreed to."""
        self._now.flag(read)
        for environment, state in read.states.items():
            now = self._state(environment, read)
            differences = Contents.of(state).differs(Contents.of(now), self._names)
            require_as_read(f"{said} in {environment}" for said in differences)
            if len(now.users) > len(state.users):
                raise ChangedMeanwhileError(f"an override of a single user more in {environment}")
        self._client.delete(f"{self._project}/features/{read.id}/")

    def _remove_segment(self, change: Change) -> None:
        """With a segment its overrides go: there must be none that are not to go, and its rules those that were."""
        read = self._planned.segments[change.name]
        self._now.segment(read)
        if change.name not in self._segments_to_go:
            raise ChangedMeanwhileError("a flag that stays has an override for it")
        self._client.delete(f"{self._project}/segments/{read.id}/")

    def _remove_variation(self, flag: RemoteFlag, name: str) -> None:
        kept = {item.id for item in matched(flag.options, self._wanted.flags[flag.name].options).values()}
        for item in flag.options:
            if item.id not in kept and name == (item.key or str(item.value)):
                for environment, state in flag.states.items():
                    self._require_given_to_nobody_more(item, environment, state, self._state(environment, flag))
                self._client.delete(f"{self._project}/features/{flag.id}/mv-options/{item.id}/")

    def _require_given_to_nobody_more(
        self, option: RemoteOption, environment: str, read: RemoteState, now: RemoteState
    ) -> None:
        was, given = _shares(read, option), _shares(now, option)
        if any(weight > was.get(segment, 0.0) + CLOSE for segment, weight in given.items()):
            raise ChangedMeanwhileError(f"its variation {option.key or option.value} given to more in {environment}")

    def _state(self, environment: str, flag: RemoteFlag) -> RemoteState:
        return read_state(self._client, self._found.environments[environment], flag.id, self._names)

    @property
    def _now(self) -> Now:
        return Now(self._to.connection, self._planned)

    @cached_property
    def _segments_to_go(self) -> set[str]:
        """What a plan of this moment deletes: it leaves segments that people's flags use, or flags that are left."""
        left = self._to.again().plan.of(ObjectKind.SEGMENT)
        return {name for name, changes in left.items() if any(item.action is Action.DELETE for item in changes)}


def _shares(state: RemoteState, option: RemoteOption) -> dict[int | None, float]:
    """The weights of a variation: of all users, and of each segment with an override."""
    rows = ((None, state.variants), *((item.segment_id, item.variants) for item in state.overrides))
    return {segment: item.weight for segment, variants in rows for item in variants if item.option == option.id}
