"""Asks before something is changed."""

import sys

import typer

from flagops.errors import NotConfirmedError


def require_terminal(what: str) -> None:
    """Raise NotConfirmedError where nobody can be asked; `what` is the change, such as `Emptying caches`."""
    if not is_terminal():
        raise NotConfirmedError(f"{what} needs a confirmation, and there is no terminal to ask on.", hint="Add --yes.")


def is_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def confirm(question: str) -> None:
    """Ask; raise NotConfirmedError unless the answer is yes."""
    if not typer.confirm(question, err=True):
        raise NotConfirmedError("Nothing was changed: it was not confirmed.")


def agree(what: str, question: str, *, yes: bool) -> None:
    """Ask before a change, unless `yes`; raise NotConfirmedError where nobody can be asked, or says no."""
    if not yes:
        require_terminal(what)
        confirm(question)


def answer(question: str, default: str | None = None) -> str:
    """What is typed, without the spaces around it; an empty line is the default, or is asked again without one."""
    return str(typer.prompt(question, default=default, err=True)).strip()


def type_name(prompt: str, name: str, *, called: str) -> None:
    """Ask for a name to be typed, as for what cannot be undone; raise NotConfirmedError for any other answer.

    `called` is what the name is, such as `the stack's name`.
    """
    if typer.prompt(prompt, err=True, default="", show_default=False) != name:
        raise NotConfirmedError(f"Nothing was changed: that is not {called}.")
