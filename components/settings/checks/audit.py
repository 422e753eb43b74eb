"""What the audit log needs from other sections."""

from collections.abc import Iterator

from components.settings.model import Settings
from components.settings.problems import Problem


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield an exporter without a way into the database."""
    if settings.audit.export.enabled and not settings.audit_has_secret:
        yield Problem(
            path=("audit", "existingSecret"),
            text="is required because audit.export.sink is set and postgres.mode is external: docs/audit.md "
            "shows how to create the role and its Secret",
        )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield that nobody can read the log."""
    if settings.audit_wanted and not settings.audit_has_secret:
        yield (
            "audit: postgres.mode is external and audit.existingSecret is not set, so nobody can read the audit log; "
            "`ff audit` prints the SQL for the role that reads it, or set audit.enabled to false"
        )
