"""Flagsmith's side: an environment's keys. Its client key is in the paths, and is kept out of every error."""

import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flagops.commands.keys.model import ServerKey
from flagops.errors import ConflictError, OpsError
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.custom_fields import as_they_are
from flagops.flagsmith_api.deployed import Environment
from flagops.flagsmith_api.ensure import change_once
from flagops.kubernetes.masking import Masker

KEY_LETTERS, KEY_LENGTH = string.ascii_letters + string.digits, 22  # as Flagsmith's own: 130 bits


@contextmanager
def unseen(*keys: str) -> Iterator[None]:
    """Take these keys out of the errors raised within."""
    try:
        yield
    except OpsError as error:
        error.message = Masker(keys)(error.message)
        error.args = (error.message,)
        raise


def keys_of(client: FlagsmithClient, environment: Environment) -> list[ServerKey]:
    """The server-side keys of an environment, the oldest first."""
    with unseen(environment.key):
        rows = client.get(_path(environment))
    return sorted((ServerKey.of(row) for row in rows), key=lambda key: (key.created, key.id))


def add(client: FlagsmithClient, environment: Environment, name: str) -> ServerKey:
    """Make a server-side key."""
    with unseen(environment.key):
        return ServerKey.of(client.post(_path(environment), {"name": name}))


def end(client: FlagsmithClient, environment: Environment, key: ServerKey, until: datetime) -> None:
    """Note until when a key is to be used."""
    with unseen(environment.key):
        change_once(
            lambda: client.patch(f"{_path(environment)}{key.id}/", {"expires_at": until.isoformat()}),
            lambda: next((item for item in keys_of(client, environment) if item.id == key.id), None),
            is_done=lambda now: now is not None and now.expires == until,
            was=lambda now: now == key,
            what=f"the server-side key {key.name} of {environment.name}",
        )


def delete(client: FlagsmithClient, environment: Environment, key: ServerKey) -> None:
    """Delete a key; one that is gone already is fine."""
    with unseen(environment.key):
        client.delete(f"{_path(environment)}{key.id}/")


def change_client_key(connection: Connection, environment: Environment) -> Environment:
    """Give an environment another client key; the environment after that.

    A change whose answer was lost is found again by the environment's number.
    """
    new = "".join(secrets.choice(KEY_LETTERS) for _ in range(KEY_LENGTH))
    client = connection.client
    with unseen(environment.key, new):
        body = {"api_key": new, **as_they_are(_now(connection, environment).fields)}
        try:
            client.patch(f"/api/v1/environments/{environment.key}/", body)
        except FlagsmithError:
            if _now(connection, environment).key != new:
                raise
        return _now(connection, environment)


def _now(connection: Connection, environment: Environment) -> Environment:
    rows = connection.client.pages("/api/v1/environments/", {"project": connection.project})
    found = [Environment.of(row) for row in rows if row["id"] == environment.id]
    if not found:
        raise ConflictError(f"The environment {environment.name!r} is gone: somebody deleted it.")
    return found[0]


def _path(environment: Environment) -> str:
    return f"/api/v1/environments/{environment.key}/api-keys/"
