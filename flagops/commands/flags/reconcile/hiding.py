"""Whether flags that are off are left out of answers: what has to be changed of a project and its environments."""

from collections.abc import Iterator

from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec

HIDE: tuple[str, ...] = ("hide flags that are off",)
SETTINGS = "settings"


def compare_hiding(wanted: ProjectSpec, found: Snapshot) -> Iterator[Change]:
    """The changes; of an environment that is not there yet none, before it is made."""
    for place, hides in wanted.hides.items():
        if place is None and hides != found.hides_disabled:
            yield Change(Action.UPDATE, ObjectKind.PROJECT, SETTINGS, None, HIDE, found.hides_disabled, hides)
        there = found.environments.get(place) if place is not None else None
        if place is not None and there is not None and there.hides_disabled != hides:
            yield Change(
                Action.UPDATE, ObjectKind.ENVIRONMENT, place, None, HIDE, in_words(there.hides_disabled), hides
            )


def in_words(hides: bool | None) -> bool | str:  # noqa: FBT001 - what the server has
    """What an environment has, which may leave it to its project."""
    return "as the project" if hides is None else hides


def left_alone(wanted: ProjectSpec, found: Snapshot) -> Iterator[str]:
    """Where the server hides what the catalogue does not speak of."""
    said = (wanted.whole or wanted).hides
    if found.hides_disabled and None not in said:
        yield "project settings: hide flags that are off"
    for name in wanted.environments:
        there = found.environments.get(name)
        if there is not None and there.hides_disabled is not None and name not in said:
            yield f"environment {name}: {'hide' if there.hides_disabled else 'do not hide'} flags that are off"
