"""When each flag was changed last: by the audit log, which only the database shows, or by the flags' states."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flagops.commands.flags.history.database import last_changes
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.deployed import Environment
from flagops.stacks.deployed import Instance


@dataclass(frozen=True)
class LastChange:
    """The last change of a flag.

    Attributes:
        at: When.
        what: What the audit log says; empty where only the time is known.
        who: The e-mail address of a person, or the name of an organisation's key.
        environment: Where; None for the whole project.
    """

    at: datetime
    what: str = ""
    who: str | None = None
    environment: str | None = None


def of_audit_log(instance: Instance, project: int) -> dict[int, LastChange]:
    """By the audit log in the stack's database, asked through an API pod; by the flags' ids."""
    return {
        row["flag"]: LastChange(datetime.fromisoformat(row["at"]), row["what"], row["who"], row["environment"])
        for row in last_changes(instance, project, "flags")
    }


def of_states(client: FlagsmithClient, environments: Iterable[Environment]) -> dict[int, LastChange]:
    """By the newest state of each flag, overrides of segments included; by the flags' ids."""
    found: dict[int, LastChange] = {}
    for environment in environments:
        for row in client.pages("/api/v1/features/featurestates/", {"environment": environment.id}):
            change = LastChange(_changed(row), environment=environment.name)
            known = found.get(row["feature"])
            if known is None or change.at > known.at:
                found[row["feature"]] = change
    return found


def _changed(row: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(row["updated_at"])
