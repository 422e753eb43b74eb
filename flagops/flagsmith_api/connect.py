"""A connection to the project that flags live in: a stack's, through a port-forward, or any by its address."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from shlex import quote

from flagops.errors import BadInputError, LoginRefusedError, NotFoundError
from flagops.flagsmith_api import oidc
from flagops.flagsmith_api.address import API_KEY, checked
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.deployed import Environment, environments_of, flagsmith
from flagops.flagsmith_api.deployed import log_in as log_in_administrator
from flagops.project import LOCAL
from flagops.stacks.deployed import Instance, open_instance

LONGEST_WAIT = 60.0  # seconds, that a busy server may name: its limits are by the minute


@dataclass(frozen=True)
class Connection:
    """One project of a Flagsmith, with the rights of an administrator or of an organisation's key.

    Attributes:
        client: Logged in.
        project: The project's id.
        organisation: The id of the organisation it belongs to.
        name: The project's name.
        environments: Its environments, in the order of their making.
        instance: The stack, where one was named: there a Lease keeps two runs apart.
        label: What messages call this Flagsmith.
        actor: As whom: `user` and an e-mail address, or `api-key` and its prefix.
        rules: The project's own settings, as the API lists them, such as how its flags must be called.
    """

    client: FlagsmithClient
    project: int
    organisation: int
    name: str
    environments: tuple[Environment, ...]
    instance: Instance | None
    label: str
    actor: tuple[str, str]
    rules: Mapping[str, object] = field(default_factory=dict)

    def environment(self, name: str) -> Environment:
        """The environment called `name`. Raises OpsError naming those that there are."""
        for item in self.environments:
            if item.name == name:
                return item
        spelt = [item.name for item in self.environments if item.name.casefold() == name.casefold()]
        if spelt:
            raise NotFoundError(f"There is no environment {name!r}: it is called {spelt[0]!r}.")
        known = ", ".join(item.name for item in self.environments) or "none"
        raise NotFoundError(f"There is no environment {name!r}; there are: {known}.")


@contextmanager
def connect(
    *, stack: str | None, url: str | None, project: str | None = None, option: str = "--url"
) -> Iterator[Connection]:
    """The project of a stack (default: `local`, unless there is an address), or of the Flagsmith at `url`.

    Logs in with what the environment's variables name: the organisation's key in FLAGSMITH_API_KEY, or the ID token of
    a pipeline. Where they name nothing, a stack's administrator logs in, never in place of a key that somebody named:
    it may do more, and Flagsmith's log would have another name. `project` is wanted by name; by default the stack's
    own, or the only one there is. `option` is what people wrote the address behind, for messages.

    Raises OpsError when there is no way in, or no such project.
    """
    if url is None:
        with open_instance(stack or LOCAL, needs_containers=True) as instance, flagsmith(instance) as client:
            name = f"the stack {instance.stack.name!r}"
            actor = log_in(client, instance, name)
            yield _found(client, project or instance.settings.admin.project, instance, name, actor)
        return
    with FlagsmithClient(checked(url, option), longest_wait=LONGEST_WAIT) as client:
        if stack is not None:
            with open_instance(stack) as instance:
                label = checked(url, option)
                actor = log_in(client, instance, label)
                yield _found(client, project or instance.settings.admin.project, instance, label, actor)
            return
        actor = log_in_by_name(client, checked(url, option))
        yield _found(client, project, None, checked(url, option), actor)


def is_named() -> bool:
    """Whether the environment's variables name a way in: a key, or an ID token."""
    return bool(os.environ.get(API_KEY)) or oidc.is_asked_for()


def log_in(client: FlagsmithClient, instance: Instance, label: str) -> tuple[str, str]:
    """Log in with what is named, else as the stack's administrator; as whom."""
    if is_named():
        return log_in_by_name(client, label)
    log_in_administrator(instance, client)
    return "user", instance.settings.admin_email


def log_in_by_name(client: FlagsmithClient, label: str) -> tuple[str, str]:
    """Log in as the environment's variables say: with the key that is named, or for an ID token; as whom."""
    key = os.environ.get(API_KEY)
    if key and oidc.is_asked_for():
        raise BadInputError(
            f"There are two ways into {label}: {API_KEY}, and an ID token ({oidc.AUDIENCE}).",
            hint=f"Leave one of them out; an ID token needs no stored key. See {oidc.DOCS}",
        )
    if key:
        client.use_api_key(key)
        return "api-key", prefix_of(key)
    if not oidc.is_asked_for():
        raise LoginRefusedError(
            f"There is no API key for the Flagsmith at {label}: the variable {API_KEY} is empty.",
            hint="Make an API key in the organisation's settings; name the stack it belongs to; or use a pipeline's ID "
            f"token, which needs no stored key: {oidc.DOCS}",
        )
    return "api-key", oidc.log_in(client, label)


def prefix_of(key: str) -> str:
    """The part of an API key before its dot, which Flagsmith's pages show; empty for one without, all secret."""
    prefix, dot, _ = key.partition(".")
    return prefix if dot else ""


def _found(
    client: FlagsmithClient, wanted: str | None, instance: Instance | None, label: str, actor: tuple[str, str]
) -> Connection:
    projects = list(client.pages("/api/v1/projects/"))
    names = ", ".join(item["name"] for item in projects) or "none"
    chosen = [item for item in projects if wanted in (None, item["name"])]
    if not chosen:
        spelt = [item["name"] for item in projects if str(item["name"]).casefold() == str(wanted).casefold()]
        if spelt:
            name = str(spelt[0])
            raise NotFoundError(
                f"There is no project {wanted!r} in {label}: it is called {name!r} there.",
                hint=f"Write `project: {json.dumps(name, ensure_ascii=False)}` in the catalogue, or "
                f"--project {quote(name)} where the command has it.",
            )
        raise NotFoundError(
            f"There is no project {wanted!r} in {label}; there are: {names}.",
            hint="The open-source edition has one project: name it in the catalogue, or rename it in the UI.",
        )
    if len(chosen) > 1:
        raise BadInputError(
            f"Which project of {label}? There are: {names}.",
            hint="Name it: `project: NAME` in the catalogue (--catalogue), or --project where the command has it.",
        )
    found = chosen[0]
    return Connection(
        client=client,
        project=int(found["id"]),
        organisation=int(found["organisation"]),
        name=str(found["name"]),
        environments=tuple(environments_of(client, found["id"])),
        instance=instance,
        label=label,
        actor=actor,
        rules=found,
    )
