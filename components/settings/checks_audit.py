"""What the audit log needs from other sections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.settings.problems import Problem

if TYPE_CHECKING:
    from components.settings.model import Settings


def wanted(settings: Settings) -> bool:
    """Whether the log is to be read, if it can be."""
    chosen = settings.audit.enabled
    return settings.audit.export.enabled or (settings.production if chosen is None else chosen)


def has_secret(settings: Settings) -> bool:
    """Whether there is a Secret with the address of the role that reads the log."""
    return settings.postgres.embedded or settings.audit.existing_secret is not None


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield an exporter without a way into the database."""
    if settings.audit.export.enabled and not has_secret(settings):
        yield Problem(
            path=("audit", "existingSecret"),
            text="must be given, since audit.export.sink is set and postgres.mode is external: docs/audit.md says how "
            "to make the role and its Secret",
        )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield that nobody can read the log."""
    if wanted(settings) and not has_secret(settings):
        yield (
            "audit: postgres.mode is external and audit.existingSecret is not set, so nobody can read the audit log; "
            "`ff audit` prints the SQL for the role that reads it, or set audit.enabled to false"
        )
