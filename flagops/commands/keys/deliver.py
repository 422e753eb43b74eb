"""Brings one delivery to what it should be.

The order is: a new key, the Secret, the end of the old key. So there is a valid key in the Secret at every moment, and
a run that was interrupted is completed by the next one. The Secret is read before the keys, and written only if nobody
changed it since: of two runs at a time one is refused.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from flagops.commands.flags.catalogue.model import Delivery
from flagops.commands.keys import readers, secret, server
from flagops.commands.keys.model import OVERLAP, DeliveryResult, key_name
from flagops.commands.keys.plan import KeyPlan, plan
from flagops.errors import OpsError
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.deployed import Environment
from flagops.stacks.deployed import Instance


@dataclass(frozen=True)
class DeliveryRun:
    """How deliveries are made in a run.

    Attributes:
        instance: The stack, in whose cluster the Secrets are.
        client: Its Flagsmith.
        rotates: Whether each gets another server-side key.
        overlap: How long a key that is replaced is still to be used.
        adopt: Whether Secrets are taken over that somebody else made.
        dry: Whether nothing is written.
    """

    instance: Instance
    client: FlagsmithClient
    rotates: bool = False
    overlap: timedelta = OVERLAP
    adopt: bool = False
    dry: bool = False


def deliver(run: DeliveryRun, delivery: Delivery, environment: Environment) -> DeliveryResult:
    """Bring a delivery to what it should be; a problem is in the result, with what was done before it."""
    progress = _Progress(run, delivery, environment)
    try:
        progress.go()
    except OpsError as error:
        return replace(progress.result, problem=error)
    return progress.result


class _Progress:
    def __init__(self, run: DeliveryRun, delivery: Delivery, environment: Environment) -> None:
        self._run, self._delivery, self._environment = run, delivery, environment
        self.result = DeliveryResult(delivery)

    def go(self) -> None:
        run, delivery = self._run, self._delivery
        held = secret.read(run.instance, delivery, adopt=run.adopt)
        now = datetime.now(UTC)
        until = now + run.overlap
        name = key_name(delivery)
        mine = [key for key in server.keys_of(run.client, self._environment) if key.name == name]
        found = plan(mine, is_wanted=delivery.server_side, rotates=run.rotates, now=now, until=until)
        wanted = {secret.CLIENT: self._environment.key, secret.ADDRESS: secret.api_url(run.instance)}
        if delivery.server_side:
            wanted[secret.SERVER] = self._current(found)
        if not held.is_right(wanted):
            if not run.dry:
                secret.write(run.instance, delivery, held, wanted, now)
            self._note(written="changed" if held.version else "created")
        if self.result.written or self.result.is_resumed:
            self._note(restart=readers.restarts(run.instance, delivery))
        self._finish(found, until)

    def _current(self, found: KeyPlan) -> str:
        if found.current is not None:
            self._note(is_resumed=found.is_resumed)
            return found.current.key
        self._note(has_new_key=True)
        if self._run.dry:
            return ""
        return server.add(self._run.client, self._environment, key_name(self._delivery)).key

    def _finish(self, found: KeyPlan, until: datetime) -> None:
        """Give the old keys their end; the Secret holds the current one by now."""
        run = self._run
        for number, key in enumerate(found.ending, 1):
            if not run.dry:
                server.end(run.client, self._environment, key, until)
            self._note(ending=number, until=until)
        for number, key in enumerate(found.over, 1):
            if not run.dry:
                server.delete(run.client, self._environment, key)
            self._note(deleted=number)

    def _note(self, **changes: object) -> None:
        self.result = replace(self.result, **changes)  # type: ignore[arg-type]
