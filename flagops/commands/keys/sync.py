"""Brings all deliveries of a catalogue to what they should be, and rotates their keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from components.secrets.key_names import prefix
from flagops.commands.flags.catalogue.model import Delivery
from flagops.commands.keys import server
from flagops.commands.keys.deliver import DeliveryRun, deliver
from flagops.commands.keys.model import PREFIX, DeliveryResult, key_name
from flagops.errors import BadInputError, NotFoundError, OpsError
from flagops.flagsmith_api.connect import Connection
from flagops.stacks.deployed import Instance


@dataclass(frozen=True)
class Leftover:
    """A server-side key that was made for a delivery which the catalogue does not have any more, or has elsewhere.

    Attributes:
        environment: The environment's name.
        name: The key's name.
        is_moved: Whether the delivery is of another environment now: then the key comes to its end.
    """

    environment: str
    name: str
    is_moved: bool


def instance_of(connection: Connection) -> Instance:
    """The stack of the connection. Raises OpsError when only an address is known."""
    if connection.instance is None:
        raise BadInputError(
            "Secrets are written into a cluster, and an address alone names none.",
            hint="Name the --stack too: then the Secrets are in its cluster, and --url is only the way to Flagsmith.",
        )
    return connection.instance


def sync(connection: Connection, run: DeliveryRun, deliveries: Sequence[Delivery]) -> Iterator[DeliveryResult]:
    """Bring each delivery to what it should be, one after the other; one that fails does not stop the others."""
    for delivery in deliveries:
        yield _delivered(connection, run, delivery)


def _delivered(connection: Connection, run: DeliveryRun, delivery: Delivery) -> DeliveryResult:
    try:
        environment = connection.environment(delivery.environment)
    except OpsError as error:
        return DeliveryResult(delivery, problem=error)
    return deliver(run, delivery, environment)


def server_deliveries(deliveries: Sequence[Delivery], environment: str, namespace: str | None) -> list[Delivery]:
    """The deliveries of an environment that have a server-side key. Raises OpsError when there is none."""
    found = [item for item in deliveries if item.environment == environment and item.server_side]
    chosen = [item for item in found if namespace in (None, item.namespace)]
    if chosen:
        return chosen
    known = ", ".join(sorted({item.namespace for item in found})) or "none"
    where = f" in the namespace {namespace!r}; there are in: {known}" if namespace and found else ""
    raise NotFoundError(
        f"The catalogue delivers no server-side key of {environment!r}{where}.",
        hint="`keys` in the catalogue names them: an environment, a namespace and `server_side: true`.",
    )


def change_client_key(connection: Connection, name: str) -> Connection:
    """Change an environment's client key; the connection as it is after that."""
    changed = server.change_client_key(connection, connection.environment(name))
    known = tuple(changed if item.id == changed.id else item for item in connection.environments)
    return replace(connection, environments=known)


def leftovers(connection: Connection, run: DeliveryRun, results: Sequence[DeliveryResult]) -> list[Leftover]:
    """The keys of deliveries that are gone. Those whose application has others by now get an end.

    Those whose end has come are deleted. A key whose delivery failed in this run is left as it is.
    """
    now = datetime.now(UTC)
    names = {key_name(item.delivery): item for item in results}
    found = []
    for environment in connection.environments:
        for key in server.keys_of(connection.client, environment):
            if key.is_over(now) and key.name.startswith(prefix(run.instance.stack.name)):
                if not run.dry:
                    server.delete(connection.client, environment, key)
                continue
            result = names.get(key.name)
            is_here = result is not None and result.delivery.environment == environment.name
            if not key.name.startswith(PREFIX) or is_here or (result is not None and result.problem):
                continue
            if key.is_over(now):
                if not run.dry:
                    server.delete(connection.client, environment, key)
                continue
            is_moved = result is not None
            if is_moved and key.expires is None and not run.dry:
                server.end(connection.client, environment, key, now + run.overlap)
            found.append(Leftover(environment.name, key.name, is_moved))
    return found
