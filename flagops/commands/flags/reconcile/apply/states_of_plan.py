"""Writes all states of a plan: each by one request where the server takes that, and the older way elsewhere."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from flagops.commands.flags.reconcile.apply.at_once import AtOnce
from flagops.commands.flags.reconcile.apply.states import States, is_one_request
from flagops.commands.flags.reconcile.apply.together import Telling, WriteStep, together
from flagops.commands.flags.reconcile.apply.versions import Versions
from flagops.commands.flags.reconcile.change import Change, FlagPlan, ObjectKind
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec
from flagops.flagsmith_api.client import FlagsmithClient


class Read(Protocol):
    """The server read again, and what is left to do."""

    @property
    def found(self) -> Snapshot:
        """What it has."""

    @property
    def plan(self) -> FlagPlan:
        """What is left."""


def write_states(
    client: FlagsmithClient,
    at_once: AtOnce,
    wanted: ProjectSpec,
    found: Snapshot,
    todo: FlagPlan,
    to: Telling,
    again: Callable[[], Read],
) -> Snapshot:
    """Write them, and tell of each; what is known of the server then."""
    if at_once.is_known:
        steps = [
            WriteStep(
                partial(at_once.write, found, wanted.flags[name], found.environments[environment], here),
                here,
                is_one_request=True,
            )
            for name, environment, here in _states(wanted, todo)
        ]
        if together(steps, to):
            return found
        # The server does not know the path, or it cannot say what is wanted: the older way needs all ids.
        read = again()
        found, todo = read.found, read.plan
    states, versions = States(client, found), Versions(client, found)
    for name, environment, changes in _states(wanted, todo):
        where, flag = found.environments[environment], wanted.flags[name]
        do = partial(versions.write, flag, where) if where.is_versioned else partial(states.write, flag, where, changes)
        # One after the other: what Flagsmith makes of two at a time is not known of older releases.
        step = WriteStep(do, changes, is_one_request=where.is_versioned or is_one_request(changes))
        together([step], to, threads=1)
    return found


def _states(wanted: ProjectSpec, todo: FlagPlan) -> Iterator[tuple[str, str, list[Change]]]:
    """Each flag and environment with the changes there."""
    for name, changes in todo.of(ObjectKind.FLAG).items():
        if name in wanted.flags:
            for environment in dict.fromkeys(change.environment for change in changes if change.environment):
                yield name, environment, [change for change in changes if change.environment == environment]
