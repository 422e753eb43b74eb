"""When each flag was changed last: by the audit log, which only the database shows, or by the flags' states."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.deployed import Environment
from flagops.pods.python_in_pod import run_python
from flagops.stacks.deployed import Instance

SCRIPT: Final = Path(__file__).with_name("in_pod") / "audit_changes.py"


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
    answer = run_python(instance, SCRIPT, [str(project)], what="The audit log cannot be read")
    return {
        row["flag"]: LastChange(datetime.fromisoformat(row["at"]), row["what"], row["who"], row["environment"])
        for row in answer["changes"]
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
