"""Who is connected to the database."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from flagops.errors import FailedError
from flagops.pods.exec import run
from flagops.pods.pods import PodComponent, running
from flagops.pods.python_in_pod import run_python
from flagops.stacks.deployed import Instance

SCRIPT: Final = Path(__file__).with_name("in_pod") / "database_connections.py"

CHECK = ("python", "manage.py", "check", "--database", "default")
CHECK_SECONDS = 120.0  # Django's start alone takes ten on a busy node
WARN_SHARE = 0.7  # of what is left for Flagsmith; the alerts' threshold too


@dataclass(frozen=True)
class DatabaseConnections:
    """What the server says.

    Attributes:
        rows: Groups of connections: user, client, application, state, count and longest_seconds (in that state).
        used: Clients connected to the server, whichever their database.
        limit: How many it takes in all.
        reserved: How many of these are kept for superusers.
        version: The server's.
    """

    rows: list[dict[str, Any]]
    used: int
    limit: int
    reserved: int
    version: str

    @property
    def share(self) -> float:
        """How much of what ordinary users may have is used, 1 for all of it."""
        return self.used / max(1, self.limit - self.reserved)

    @property
    def is_fine(self) -> bool:
        """Whether there is room."""
        return self.share < WARN_SHARE


def connections(instance: Instance) -> DatabaseConnections:
    """Who is connected, asked from an API pod with its own connection settings."""
    answer = run_python(instance, SCRIPT, what="The database's connections cannot be listed")
    return DatabaseConnections(
        rows=answer["connections"],
        used=answer["used"],
        limit=answer["limit"],
        reserved=answer["reserved"],
        version=answer["version"],
    )


def check(instance: Instance) -> str:
    """Django's own check of the database and a query, in an API pod; what they say.

    Django's check alone looks at the models' fields and passes without a connection. Raises OpsError when either fails.
    """
    done = run(instance, running(instance, PodComponent.API), CHECK, seconds=CHECK_SECONDS)
    said = instance.masker()("\n".join(part.strip() for part in (done.out, done.err) if part.strip()))
    if done.code:
        tail = "\n".join(f"  {line}" for line in said.splitlines()[-5:])
        raise FailedError(
            f"`{' '.join(CHECK)}` failed in the API's pod:\n{tail}",
            hint=f"`ff doctor --stack {instance.stack.name}` looks at the database and the way to it.",
        )
    found = connections(instance)
    return f"{said}\nPostgreSQL {found.version} answers; {found.used} of {found.limit} connections are in use."
