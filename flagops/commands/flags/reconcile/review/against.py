"""What a change of the catalogue changes, in the place of a Flagsmith the catalogue of another commit."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.reconcile.change import FlagPlan
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.plan import plan
from flagops.commands.flags.reconcile.review.catalogues import as_server, of_commit
from flagops.commands.flags.reconcile.some import leave, of_some
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec

PEOPLE = "who may do what is said differently: `access` of the catalogue changes, which is not compared here"


def compared(
    declared: Catalogue, path: Path, commit: str, *, delete: bool, environments: Sequence[str] = ()
) -> tuple[FlagPlan, ProjectSpec, Snapshot]:
    """The plan for a server that has exactly the catalogue of a commit, with what both are."""
    older = of_commit(path, commit)
    wanted = of_some(replace(desired(declared), groups={}, access=None), environments, delete=delete)
    found = as_server(replace(desired(older), groups={}, access=None))
    made, _ = leave(plan(wanted, found, delete=delete), wanted, found)
    waiting = made.waiting if declared.access == older.access else (*made.waiting, PEOPLE)
    return replace(made, waiting=waiting), wanted, found
