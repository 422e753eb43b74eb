"""The Flagsmith of a deployed stack, over a port-forward of its own: no ingress and no DNS is needed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from components.kit import names
from flagops.errors import ConflictError, LoginRefusedError, NotFoundError
from flagops.flagsmith_api.administrator import password
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.custom_fields import CustomFields, custom_fields
from flagops.pods.pods import PodComponent
from flagops.pods.port_forward import forward
from flagops.stacks.deployed import Instance

REFUSALS = frozenset([400, 401, 403])
NO_SUCH_PATH = frozenset([200, 404])  # the unified image answers 200 with its page to what it does not know


@dataclass(frozen=True)
class Environment:
    """An environment of the platform's project.

    Attributes:
        id: Its number.
        name: Its name.
        key: Its client-side key, which is also its name in the API's paths.
        is_versioned: Whether it keeps versions of its flags (v2 feature versioning), which are then changed as a whole.
        hides_disabled: Whether it leaves out flags that are off; None, as its project says.
        fields: Its custom fields.
        is_creating: Whether Flagsmith is still making it, as a copy of another one: some of its flags are missing.
    """

    id: int
    name: str
    key: str
    is_versioned: bool = False
    hides_disabled: bool | None = None
    fields: CustomFields = ()
    is_creating: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Environment":
        """The environment in the API's words."""
        return cls(
            row["id"],
            row["name"],
            row["api_key"],
            bool(row.get("use_v2_feature_versioning")),
            row.get("hide_disabled_flags"),
            custom_fields(row),
            bool(row.get("is_creating")),
        )


def require_made(environment: Environment) -> None:
    """Raise ConflictError for an environment that Flagsmith has not finished making."""
    if environment.is_creating:
        raise ConflictError(
            f"Flagsmith has not finished making the environment {environment.name}, a copy of another one: some of its "
            "flags are not there.",
            hint="Run it again in a minute. If it stays so, its making failed: delete the environment in the UI, and "
            "make it again.",
        )


@contextmanager
def flagsmith(instance: Instance) -> Iterator[FlagsmithClient]:
    """A client of the stack's Flagsmith, not logged in."""
    problems: list[str] = []
    with (
        forward(instance, PodComponent.API, names.API_PORT, on_problem=problems.append) as port,
        FlagsmithClient(f"http://127.0.0.1:{port}") as client,
    ):
        try:
            yield client
        except FlagsmithError as error:
            if error.status or not problems:
                raise
            raise FlagsmithError(f"{error.message} ({problems[-1]})", hint=error.hint) from None


def log_in(instance: Instance, client: FlagsmithClient) -> None:
    """Log in as the administrator, with the password of the Secret."""
    try:
        client.log_in(instance.settings.admin_email, password(instance))
    except FlagsmithError as error:
        if error.status not in REFUSALS:
            raise
        raise LoginRefusedError(
            f"The administrator's log-in is refused: {error.message}",
            hint="Was the password changed in the UI? `ff admin password --reset` sets it back to the Secret's.",
        ) from None


def environments(instance: Instance, client: FlagsmithClient) -> list[Environment]:
    """The environments of the platform's project; the client must be logged in."""
    wanted = instance.settings.admin.project
    projects = {item["name"]: item["id"] for item in client.pages("/api/v1/projects/")}
    if wanted not in projects:
        raise NotFoundError(f"There is no project {wanted!r} in Flagsmith; there are: {', '.join(projects) or 'none'}.")
    return environments_of(client, projects[wanted])


def environments_of(client: FlagsmithClient, project: int) -> list[Environment]:
    """The environments of the project with this id, in the order of their making."""
    return [Environment.of(row) for row in client.pages("/api/v1/environments/", {"project": project})]
