"""The audit log of a real PostgreSQL, for the command that shows it."""

from tests.components.audit.conftest import log, server

__all__ = ["log", "server"]
