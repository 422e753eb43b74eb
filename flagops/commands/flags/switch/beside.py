"""A switch takes the lease that keeps applies away, and does not wait for one that is at work."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event

from components.kit import names
from flagops.console import progress
from flagops.errors import ConflictError, OpsError
from flagops.flagsmith_api.connect import Connection
from flagops.kubernetes.lease import Lock, is_abandoned, lease
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

SECONDS = 120.0
"""How long to wait for the end of an apply that was at work, to see whether the switch stayed."""


@dataclass(frozen=True)
class Working:
    """An apply that was at work when something was done to a flag, which `done` says in words."""

    instance: Instance
    done: str

    def wait(self) -> None:
        """Wait until it has ended. Raises OpsError when it does not."""
        ref = lease(self.instance.namespace, names.FLAGS)

        def ended() -> bool | NotYet:
            found = self.instance.client.get(ref)
            return found is None or is_abandoned(found["spec"], datetime.now(UTC)) or NotYet()

        until(
            ended,
            SECONDS,
            late=f"{self.done}; the apply that was at work has not ended",
            hint="Look again when it has: `ff flags get` shows what is served, `ff flags plan` what is held.",
        )


@contextmanager
def beside_applies(connection: Connection, done: str = "The flag is switched") -> Iterator[Working | None]:
    """Keep applies of a stack away meanwhile; one that is at work goes on, and so does this: it is yielded.

    `done` is what is done meanwhile, in words.
    """
    if connection.instance is None:
        yield None
        return
    instance = connection.instance
    what = f"the flags of stack {instance.stack.name!r}"
    with ExitStack() as stack:
        working = None
        try:
            stack.enter_context(Lock(instance.client, lease(instance.namespace, names.FLAGS), what, Event()))
        except ConflictError as error:
            working = Working(instance, done)
            progress().print(f"{error.message} {done} all the same.", style="yellow", markup=False)
        except OpsError as error:  # an incident does not wait for the right to make leases
            progress().print(f"An apply can run meanwhile: {error.message}", style="yellow", markup=False)
        yield working
