"""`ff docs`: write the generated page of the documentation, or check that it is current."""

from pathlib import Path
from typing import Annotated

import typer

from ops.console import progress
from ops.errors import OpsError

ROOT = Path(__file__).resolve().parents[2]


def docs(
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if the page is out of date.")] = False,
) -> None:
    """Write docs/configuration.md from the settings' model."""
    from ops.docs import PAGE, configuration_page

    path = ROOT / PAGE
    page = configuration_page()
    current = path.read_text(encoding="utf-8") if path.exists() else None
    if current == page:
        progress().print(f"{PAGE} is up to date.")
        return
    if check:
        raise OpsError(f"{PAGE} does not match the settings' model.", hint="Run `ff docs` and commit the page.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    progress().print(f"{PAGE} was written.")
