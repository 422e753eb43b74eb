"""Asks before something is changed."""

import sys

import typer

from flagops.errors import NotConfirmedError


def require_terminal(what: str) -> None:
    """Raise OpsError where nobody can be asked."""
    if not is_terminal():
        raise NotConfirmedError(
            f"{what} needs a confirmation, and there is no terminal to ask on.", hint="Add `--yes`."
        )


def is_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def confirm(question: str) -> None:
    """Ask; raise OpsError unless the answer is yes."""
    if not typer.confirm(question, err=True):
        raise NotConfirmedError("Nothing was changed: it was not confirmed.")
