"""Reads the audit log by a Job of the stack, which asks the database as a role that may do nothing else."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import components
from components.kit import names
from flagops.errors import AnswerError, BadInputError, UnsupportedError
from flagops.pods import jobs
from flagops.stacks.deployed import Instance
from flagops.terminal.duration import duration

TEMPLATE = names.AUDIT
ROLE = "flagsmith_audit"
SECONDS = 600.0
GRANTS = Path(components.__file__).parent / "postgres" / "in_pod" / "grants-audit.sql"
Entry = dict[str, Any]


@dataclass(frozen=True)
class EntryFilter:
    """Which entries: the newest `limit` of those that meet all that is given.

    Attributes:
        since: From when on.
        until: Before when.
        actor: A person's e-mail, an API key's name or prefix, or `server`.
        feature: A flag's name.
        environment: An environment's name.
        limit: How many at most.
    """

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    feature: str | None = None
    environment: str | None = None
    limit: int = 100

    def variables(self) -> Mapping[str, str]:
        """What the Job is told."""
        times = {"SINCE": self.since, "UNTIL": self.until}
        wanted = {"ACTOR": self.actor, "FEATURE": self.feature, "ENVIRONMENT": self.environment}
        return {
            "LIMIT": str(self.limit),
            **{name: moment.isoformat() for name, moment in times.items() if moment},
            **{name: value for name, value in wanted.items() if value},
        }


def moment(text: str, option: str) -> datetime:
    """A time, or how long ago: "2026-01-31", "2026-01-31T10:00+01:00", "24h". Raises OpsError naming the option."""
    if re.fullmatch(r"\d+[smhd]", text):
        return datetime.now(UTC) - duration(text, option)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInputError(
            f"{option} {text!r} must be a time such as 2026-01-31 or 2026-01-31T10:00, or how long ago, such as 24h."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def read(instance: Instance, wanted: EntryFilter) -> list[Entry]:
    """The entries, the newest last. Raises OpsError when nobody may read the log, or the Job fails."""
    require_audit(instance)
    name = jobs.start(instance, TEMPLATE, env=wanted.variables())
    pod = jobs.wait(instance, name, seconds=SECONDS)
    entries, said = _parsed(jobs.log(instance, pod, lines=wanted.limit + 1))
    if said != len(entries):
        raise AnswerError(
            f"The log of the Job {name} is not complete: {len(entries)} entries of {'?' if said is None else said}.",
            hint="The node cut it: ask for fewer with --limit, or for a shorter time with --since and --until.",
        )
    jobs.remove(instance, name)
    return entries


def _parsed(log: str) -> tuple[list[Entry], int | None]:
    entries: list[Entry] = []
    for line in log.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if set(found) == {"entries"}:
            return entries, int(found["entries"])
        entries.append(found)
    return entries, None


def require_audit(instance: Instance) -> None:
    """Raise OpsError when the stack has nothing that reads the log, with what to do."""
    settings, name = instance.settings, instance.stack.name
    if settings.audit_enabled:
        return
    if settings.audit.enabled is False or settings.postgres.is_own:
        raise UnsupportedError(
            "The audit log is not read in this stack.",
            hint=f"Set audit.enabled to true in Pulumi.{name}.yaml, then ff up --stack {name}.",
        )
    raise UnsupportedError(
        "The database is external, and audit.existingSecret names no Secret to read the audit log with.",
        hint=external_hint(instance),
    )


def external_hint(instance: Instance) -> str:
    """How to make the role and its Secret for an external database."""
    return (
        "Make the role in the database, as the owner of its tables:\n\n"
        f"  CREATE ROLE {ROLE} LOGIN CONNECTION LIMIT 3;\n"
        f"  \\password {ROLE}\n"
        f"  \\i {GRANTS}\n\n"
        "Then its Secret, with the database's address in a file that only you can read:\n\n"
        f"  {instance.kubectl} create secret generic {TEMPLATE} --from-file=DATABASE_URL=FILE\n\n"
        f"Set audit.enabled to true and audit.existingSecret to {TEMPLATE} in Pulumi.{instance.stack.name}.yaml, then "
        f"ff up --stack {instance.stack.name}. After an upgrade of Flagsmith run the last line of the SQL again."
    )
