"""Writes what a flag is in one environment by one request, which newer servers take: all of it is done, or nothing.

Flagsmith calls the path experimental, so it is used where the release has it, and the older way where the server does
not know it after all. The path is the same whether the environment keeps versions or not.
"""

from collections.abc import Callable
from typing import TypeVar

from flagops.commands.flags.reconcile.apply.meanwhile import (
    Contents,
    DeletedMeanwhileError,
    require_no_switch,
    require_untouched,
)
from flagops.commands.flags.reconcile.apply.one_request import Body, after_writing, contents, one_request
from flagops.commands.flags.reconcile.apply.writing import FlagInEnvironment, is_untouched
from flagops.commands.flags.reconcile.change import Change
from flagops.commands.flags.reconcile.compare import compare_states
from flagops.commands.flags.server.read import read_state, states_of
from flagops.commands.flags.server.rows import ONE_REQUEST_SINCE
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import FlagSpec
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.deployed import Environment
from flagops.flagsmith_api.ensure import change_once, ensure

NOT_FOUND = 404
UNKNOWN = frozenset({200, 403, 404, 405})
"""What servers and gateways say to a path or a method they do not know; 200 is the page of the unified image."""
Found = TypeVar("Found")


class AtOnce:
    """Writes flags in environments by one request each.

    Attributes:
        is_known: Whether the server has the path, as far as is known.
    """

    def __init__(self, client: FlagsmithClient) -> None:
        self._client = client
        self.is_known = client.release is None or client.release >= ONE_REQUEST_SINCE

    def write(self, found: Snapshot, wanted: FlagSpec, environment: Environment, changes: list[Change]) -> bool:
        """Carry out the changes of one flag in one environment; False when it cannot be said so, and nothing was done.

        Only what changes is sent, unless something has to go: a value, or an override. Then all of the flag is sent
        anew. It is read again just before, in one request, but for a flag that this run made. Raises
        ChangedMeanwhileError where it is not as it was planned for, FlagsmithError when it is refused.
        """
        target = FlagInEnvironment.of(found, wanted, environment)
        if not all(change.field for change in changes):  # the flag is new: what differs from what it was made as
            args = (wanted, environment.name, target.state, target.flag, target.found, target.managed)
            changes = list(compare_states(*args))
            if not changes:
                return True
        request = one_request(target, changes) if self.is_known else None
        if request is None:
            return False
        try:
            self._send(target, *request)
        except FlagsmithError as error:
            if error.status not in UNKNOWN:
                raise
            if error.status == NOT_FOUND:
                self._require_there(target)
            self.is_known = False
            return False
        return True

    def send(
        self,
        environment: Environment,
        feature: int,
        method: str,
        body: Body,
        *,
        read: Callable[[], Found],
        is_done: Callable[[Found], bool],
        was: Callable[[Found], bool],
        what: str,
    ) -> bool:
        """Send one such request, once; False when the server does not know the path, and nothing was done.

        `read`, `is_done`, `was` and `what` are those of `change_once`. Raises FlagsmithError when it is refused.
        """
        path = f"/api/__future__/environments/{environment.key}/features/{feature}/"
        try:
            change_once(
                lambda: self._client.request(method, path, body=body), read, is_done=is_done, was=was, what=what
            )
        except FlagsmithError as error:
            if error.status not in UNKNOWN:
                raise
            self.is_known = False
            return False
        return True

    def _send(self, target: FlagInEnvironment, method: str, body: Body) -> None:
        path = f"/api/__future__/environments/{target.environment.key}/features/{target.flag.id}/"
        before = Contents.of(target.found)
        after = after_writing(before, body, is_whole=method == "PUT")

        sent = [False]

        def is_written() -> bool | None:
            # Only the older way shows which states they are; the newer one takes one request.
            found = read_state(self._client, target.environment, target.flag.id, target.names) if sent[0] else None
            now = Contents.of(found) if found else contents(self._client.get(path))
            if not any(after.differs(now, {})):
                return True
            differences = before.differs(now, target.names)
            require_untouched(differences, is_untouched=found is None or is_untouched(found, target.found))
            if found and not (target.environment.is_versioned or target.is_new):
                require_no_switch(before.switched(after))
            return None

        def write() -> bool:
            sent[0] = True
            self._client.request(method, path, body=body)
            return True

        ensure(is_written, write, is_missing=target.is_new)

    def _require_there(self, target: FlagInEnvironment) -> None:
        """Raise ChangedMeanwhileError where the flag is gone, which is answered as an unknown path is."""
        rows = states_of(self._client, target.environment.id, target.flag.id)
        if not any(row["feature"] == target.flag.id for row in rows):
            raise DeletedMeanwhileError
