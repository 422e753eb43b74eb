"""What the commands of the database say while they are at work, and ask before."""

from flagops.console import progress
from flagops.terminal.confirm import require_terminal, type_name


def step(line: str) -> None:
    """Say what is done now."""
    progress().print(line, markup=False)


def confirm(what: str, stack: str) -> None:
    """Ask for the stack's name; raises OpsError where it is not given, or nobody can be asked."""
    require_terminal(what)
    type_name("Type the stack's name to go on", stack, called="the stack's name")
