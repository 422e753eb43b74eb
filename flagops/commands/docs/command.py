"""`ff docs`: write the generated pages of the documentation, or check that they are current."""

from typing import Annotated

import typer

from flagops import project
from flagops.commands.docs import cli_page
from flagops.console import progress
from flagops.errors import FailedError
from flagops.terminal.by_name import Words


def docs(
    context: typer.Context,
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a page is out of date.")] = False,
) -> None:
    """Write docs/cli.md from the commands, and docs/configuration.md and the package's arguments from the settings."""
    # The settings' model takes a second to import.
    from flagops.commands.docs import configuration_page, package_arguments

    root = context.find_root().command
    assert isinstance(root, Words)  # noqa: S101 - flagops/cli.py makes it
    pages = {cli_page.PAGE: cli_page.cli_page(root), configuration_page.PAGE: configuration_page.configuration_page()}
    # A project without the package's sources gets none: what it had of `components/` would look like its own code.
    if (project.root() / package_arguments.PAGE).parent.is_dir():
        pages[package_arguments.PAGE] = package_arguments.package_arguments()
    old = [name for name, page in pages.items() if _current(name) != page]
    if check and old:
        raise FailedError(f"Out of date: {', '.join(old)}.", hint="Run `ff docs` and commit what it writes.")
    for name in pages:
        if name in old:
            path = project.root() / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages[name], encoding="utf-8")
        progress().print(f"{name} {'was written' if name in old else 'is up to date'}.")


def _current(name: str) -> str | None:
    path = project.root() / name
    return path.read_text(encoding="utf-8") if path.exists() else None
