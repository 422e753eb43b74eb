"""Keeps a catalogue of somebody else from choosing what is read of a server, where its plan is shown to others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from components.text import quoting
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.reconcile.review.catalogues import of_commit
from flagops.errors import BadInputError

TrustedOption = Annotated[
    str | None,
    typer.Option(
        "--trusted",
        metavar="COMMIT",
        help="Read only what this commit's catalogue names on the server: refuse another project, another `access`, "
        "and environments that this commit does not name.",
        show_default=False,
    ),
]


def require_trusted(declared: Catalogue, path: Path, commit: str) -> None:
    """Raise BadInputError where the catalogue names on the server what the commit's does not.

    The project, the environments and who has access decide what a plan reads, and so what its readers learn: of
    another project, of an environment that nobody showed them, of people and their addresses.
    """
    differing = list(_differing(declared, of_commit(path, commit)))
    if differing:
        raise BadInputError(
            f"The catalogue names things on the server that the catalogue of {quoting.value(commit)} does not: "
            f"{'; '.join(differing)}.",
            hint="Nothing was asked. Merge this part first, or plan by hand, as somebody who may see it.",
        )


def _differing(declared: Catalogue, trusted: Catalogue) -> Iterator[str]:
    if declared.project != trusted.project:
        yield (f"`project` is {quoting.value(declared.project)} in place of {quoting.value(trusted.project)}")
    more = [quoting.value(name) for name in declared.environments if name not in trusted.environments]
    if more:
        yield f"`environments` has {', '.join(more)} too"
    if declared.access != trusted.access:
        yield "`access` is another one"
