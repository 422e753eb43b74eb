"""The Secrets with environments' keys, for applications: whether they are there, and Flagsmith takes the keys."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.secrets.key_names import CLIENT, SERVER
from flagops.commands.doctor.edge import renewed
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.kubernetes.refusals import DeniedError
from flagops.pods.edge_keys import edge_secret, key_of, pairs, secret_name

if TYPE_CHECKING:
    from components.settings.references import NamedSecret

# What can be sent as a header.
USABLE = re.compile(r"[!-~]+")


def sdk_keys(examination: Examination, url: str) -> Iterator[DoctorFinding]:
    """Ask the Flagsmith at `url` with each key that the stack's Secrets hold; nothing where they may not be read."""
    instance, lacking = examination.instance, []
    settings = instance.settings
    wanted = settings.sdk_keys.environments
    try:
        with FlagsmithClient(url) as client:
            for environment in settings.admin.environments:
                held = settings.sdk_secret(environment)
                if instance.get("v1", "Secret", held.name) is not None:
                    yield from _refused(examination, client, environment, held)
                elif wanted is None or environment in wanted or environment in settings.declared_sdk_keys:
                    lacking.append(environment)
    except DeniedError:
        return
    yield from _missing(examination, lacking)


def _missing(examination: Examination, environments: list[str]) -> Iterator[DoctorFinding]:
    settings, stack = examination.instance.settings, examination.instance.stack.name
    for environment in environments:
        held = settings.sdk_secret(environment)
        yield DoctorFinding(
            "sdk-keys-missing",
            f"Applications find no keys of the environment {environment}.",
            (f"there is no Secret {held.name}",),
            f"ff keys adopt --stack {stack} && ff up --stack {stack}"
            if settings.foreign_sdk_secret(environment) is None
            else f"make the Secret {held.name} with {held.key_of(CLIENT)} and {held.key_of(SERVER)}, then "
            f"ff keys register --stack {stack}",
        )


def _refused(
    examination: Examination, client: FlagsmithClient, environment: str, secret: "NamedSecret"
) -> Iterator[DoctorFinding]:
    name, client_key, server_key = secret.name, secret.key_of(CLIENT), secret.key_of(SERVER)
    held, stack = examination.instance.secret(name), examination.instance.stack.name
    elsewhere = examination.instance.settings.foreign_sdk_secret(environment) is not None
    deleted = f"(was {environment} deleted in Flagsmith? Then take it out of admin.environments)"
    if seen := _answer(client, "/api/v1/flags/", held.get(client_key, "")):
        yield DoctorFinding(
            "client-key-refused",
            f"Flagsmith refuses the client key of {environment} that applications read in the Secret {name}.",
            (f"{client_key}: {seen}",),
            f"put its client key into the Secret {name}, then ff keys register --stack {stack}   {deleted}"
            if elsewhere
            else f"ff keys adopt --stack {stack} && ff up --stack {stack}   {deleted}",
        )
    if seen := _answer(client, "/api/v1/environment-document/", held.get(server_key, "")):
        yield DoctorFinding(
            "server-key-refused",
            f"Flagsmith refuses the server-side key of {environment} that applications read in the Secret {name}.",
            (f"{server_key}: {seen}",),
            f"ff keys register --stack {stack}   (writes it into Flagsmith, if the client key is right)",
        )


def edge_server_keys(examination: Examination, url: str) -> Iterator[DoctorFinding]:
    """Ask the Flagsmith at `url` with each server-side key of the edge: a proxy that runs says nothing of a key that
    was deleted before its log begins, and none of a key that only the next start reads."""
    instance = examination.instance
    if not instance.settings.edge.enabled:
        return
    try:
        found = pairs(edge_secret(instance), key_of(instance))
    except DeniedError:
        return
    with FlagsmithClient(url) as client:
        refused = tuple(
            f"pair {number}, with the client-side key {pair.client}: {seen}"
            for number, pair in enumerate(found, start=1)
            if (seen := _answer(client, "/api/v1/environment-document/", pair.server))
        )
    if refused:
        yield DoctorFinding(
            "edge-server-key-refused",
            f"Flagsmith refuses a server-side key in the Secret {secret_name(instance)}: no proxy of the edge that "
            "starts now gets ready.",
            refused,
            renewed(instance.settings, secret_name(instance), instance.stack.name),
        )


def _answer(client: FlagsmithClient, path: str, key: str) -> str | None:
    """How Flagsmith refuses a key; None for one that it takes, or a failure that is none of the key's."""
    if not USABLE.fullmatch(key):
        return "it is empty, or has a space, an end of a line or the like in it"
    try:
        client.get(path, key=key)
    except FlagsmithError as error:
        return f"GET {path}: status 403" if error.status == 403 else None
    return None
