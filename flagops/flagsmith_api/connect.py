"""A connection to the project that flags live in: a stack's, through a port-forward, or any by its address."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from flagops.errors import BadInputError, LoginRefusedError, NotFoundError
from flagops.flagsmith_api.address import API_KEY, checked
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.deployed import Environment, environments_of, flagsmith, log_in
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

    At an address the organisation's key of the variable FLAGSMITH_API_KEY is used, or, where the stack is named as
    well, its administrator. `project` is wanted by name; by default the stack's own, or the only one there is. `option`
    is what people wrote the address behind, for messages.

    Raises OpsError when there is no way in, or no such project.
    """
    if url is None:
        with open_instance(stack or LOCAL, needs_containers=True) as instance, flagsmith(instance) as client:
            log_in(instance, client)
            name = f"the stack {instance.stack.name!r}"
            yield _found(client, project or instance.settings.admin.project, instance, name, _person(instance))
        return
    with FlagsmithClient(checked(url, option), longest_wait=LONGEST_WAIT) as client:
        if stack is not None:
            with open_instance(stack) as instance:
                log_in(instance, client)
                yield _found(
                    client,
                    project or instance.settings.admin.project,
                    instance,
                    checked(url, option),
                    _person(instance),
                )
            return
        key = os.environ.get(API_KEY)
        if not key:
            raise LoginRefusedError(
                f"There is no API key for the Flagsmith at {checked(url, option)}: the variable {API_KEY} is empty.",
                hint="Make an API key in the organisation's settings; or name the stack it belongs to.",
            )
        client.use_api_key(key)
        yield _found(client, project, None, checked(url, option), ("api-key", prefix_of(key)))


def prefix_of(key: str) -> str:
    """The part of an API key before its dot, which Flagsmith's pages show; empty for one without, all secret."""
    prefix, dot, _ = key.partition(".")
    return prefix if dot else ""


def _person(instance: Instance) -> tuple[str, str]:
    return "user", instance.settings.admin_email


def _found(
    client: FlagsmithClient, wanted: str | None, instance: Instance | None, label: str, actor: tuple[str, str]
) -> Connection:
    projects = list(client.pages("/api/v1/projects/"))
    names = ", ".join(item["name"] for item in projects) or "none"
    chosen = [item for item in projects if wanted in (None, item["name"])]
    if not chosen:
        spelt = [item["name"] for item in projects if str(item["name"]).casefold() == str(wanted).casefold()]
        if spelt:
            raise NotFoundError(
                f"There is no project {wanted!r} in {label}: it is called {spelt[0]!r} there.",
                hint=f"Write `project: {spelt[0]}` in the catalogue.",
            )
        raise NotFoundError(
            f"There is no project {wanted!r} in {label}; there are: {names}.",
            hint="The open-source edition has one project: name it in the catalogue, or rename it in the UI.",
        )
    if len(chosen) > 1:
        raise BadInputError(f"Which project of {label}? There are: {names}.")
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
