"""The direct engine: `up`, `preview` and `down` of a stack, without the Pulumi CLI."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from threading import Lock as Mutex
from typing import TYPE_CHECKING

from components.deployment import recorded
from components.kit.capabilities import discover
from flagops.engines.direct.given_namespace import looked_at
from flagops.engines.direct.guard import (
    refuse_foreign,
    refuse_protected,
    refuse_protected_removals,
    renewed_namespaces,
)
from flagops.engines.direct.kept_data import refuse_empty, refuse_losses
from flagops.engines.direct.preview import preview
from flagops.engines.direct.removal import remove
from flagops.engines.direct.results import DirectResult, Preview
from flagops.engines.direct.rollout import ObjectDeployer
from flagops.engines.direct.schedule import WORKERS, GraphResult, run_graph
from flagops.engines.direct.state import StackRecord, Store
from flagops.engines.events import Event
from flagops.engines.events import ResourceState as Progress
from flagops.errors import FailedError, RefusedError
from flagops.evaluation.advisory import Advisory
from flagops.evaluation.evaluate import api_versions_key, evaluate
from flagops.evaluation.program import Program
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.lease import Lock, of_stack
from flagops.kubernetes.objects import Manifest, Ref
from flagops.stacks.files import Stack

if TYPE_CHECKING:
    # The settings' model takes a second to import.
    from components.settings import Settings

LEASE_LOST = "This run was stopped: another run took its Lease, which it did not renew in time."


def _ignore(_: Event) -> None:
    """Nobody watches."""


def _namespace_uids(client: Client, program: Program) -> dict[str, str]:
    """The uids of the program's namespaces as they are now, by name."""
    found = [client.get(item.ref) for item in program.objects if item.ref.kind == "Namespace"]
    return {item["metadata"]["name"]: item["metadata"]["uid"] for item in found if item is not None}


def _no_objection(_: Program) -> tuple[Advisory, ...]:
    """Nobody reviews."""
    return ()


class DirectEngine:
    """One stack on one cluster.

    `kubeconfig` None means the `KUBECONFIG` rules of kubectl; `context` is always explicit. `on_event` is called
    from several threads, one call at a time. `review` is shown every program before anything is written: it raises
    OpsError for one that must not be deployed, and returns what is to be warned about.
    """

    def __init__(
        self,
        root: Path,
        stack: Stack,
        kubeconfig: Path | None,
        context: str,
        on_event: Callable[[Event], None] = _ignore,
        review: Callable[[Program], tuple[Advisory, ...]] = _no_objection,
    ) -> None:
        self._root, self._stack = root, stack
        self._kubeconfig, self._context = kubeconfig, context
        self._on_event, self._review = on_event, review
        self._turn = Mutex()

    def has_made_stack(self) -> bool:
        """Whether this engine has a record of the stack in the cluster."""
        with self._client() as client:
            return self._store(client).load() is not None

    def namespaces(self) -> frozenset[str]:
        """The namespaces of what is on record; none without a record."""
        with self._client() as client:
            record = self._store(client).load()
        return record.in_namespaces if record else frozenset()

    def generated(self) -> dict[str, str]:
        """The generated values on record, secret; empty when this engine has not made the stack."""
        with self._client() as client:
            state = self._store(client).load()
        return dict(state.generated) if state else {}

    def preview(self) -> Preview:
        """What `up` would do. Changes nothing."""
        with self._client() as client:
            state = self._store(client).load() or StackRecord()
            program, live = self._plan(client, state)
            return preview(client, program, live, state)

    def up(self) -> DirectResult:
        """Bring the cluster to what the program wants.

        An interrupted or failed run is completed by the next: what it may have made was on record before.
        """
        started = time.monotonic()
        stop = Flag()
        with self._client() as client, self._lock(client, stop):
            store = self._store(client)
            recorded = store.load() or StackRecord()
            program, live = self._plan(client, recorded)
            union = store.save(recorded.before(program), recorded)
            rollout = ObjectDeployer(client, program, live, self._emit, stop)
            outcome = run_graph({item.ref: item.needs for item in program.objects}, rollout.deploy, stop)
            self.conclude(outcome, "deployed")
            leftovers = union.left_by(program)
            self.conclude(remove(client, leftovers, self._emit, stop), "deleted")
            store.save(union.after(program, _namespace_uids(client, program)), union)
        states = [(ref, rollout.done[ref]) for ref in (item.ref for item in program.objects)]
        return DirectResult(
            created=tuple(ref for ref, state in states if state is Progress.CREATED),
            updated=tuple(ref for ref, state in states if state is Progress.UPDATED),
            replaced=tuple(ref for ref, state in states if state is Progress.REPLACED),
            unchanged=tuple(ref for ref, state in states if state is Progress.UNCHANGED),
            deleted=tuple(entry.ref for entry in reversed(leftovers) if not entry.retain),
            outputs=program.shown_outputs,
            warnings=program.warnings,
            advisories=program.advisories,
            seconds=time.monotonic() - started,
        )

    def check_down(self, *, unprotect: bool = False) -> None:
        """Refuse, as `down` would, when anything of the stack is protected; changes nothing."""
        with self._client() as client:
            state = self._store(client).load()
        if state and not unprotect:
            refuse_protected(state.entries, self._stack.name)

    def down(self, *, unprotect: bool = False) -> DirectResult:
        """Delete all that `up` made, and then the record of it. Needs no program, only that record.

        What is protected is refused, without `unprotect`.
        """
        started = time.monotonic()
        stop = Flag()
        with self._client() as client, self._lock(client, stop):
            store = self._store(client)
            state = store.load()
            if state is None:
                return DirectResult(seconds=time.monotonic() - started)
            if not unprotect:
                refuse_protected(state.entries, self._stack.name)
            self.conclude(remove(client, state.entries, self._emit, stop), "deleted")
            store.remove()
        deleted = tuple(entry.ref for entry in reversed(state.entries) if not entry.retain)
        return DirectResult(deleted=deleted, seconds=time.monotonic() - started)

    def _plan(self, client: Client, state: StackRecord) -> tuple[Program, dict[Ref, Manifest | None]]:
        """The evaluated program and the live objects it is about, after all that is to be refused was refused."""
        stated = api_versions_key(self._stack) in self._stack.values
        served = () if stated else discover(client.fetch)
        settings = self._readable_settings()
        environments, warnings = self._environments(client, settings) if settings else (None, ())
        program = evaluate(self._root, self._stack, state.generated, served, environments)
        program = replace(program, advisories=self._review(program), warnings=(*program.warnings, *warnings))
        refuse_protected_removals(state, program)
        refs = [item.ref for item in program.objects]
        with ThreadPoolExecutor(WORKERS) as pool:
            live = dict(zip(refs, pool.map(client.get, refs), strict=True))
        refuse_foreign(program, live, state, client.get)
        refuse_losses(client, program, live, state)
        if settings:
            refuse_empty(client, settings)
        program = replace(program, warnings=(*program.warnings, *renewed_namespaces(state, live)))
        return program, live

    def _readable_settings(self) -> "Settings | None":
        """The stack's settings; None where they are refused: the program says so, or has others."""
        # The settings' model takes a second to import.
        from components.settings import SettingsError

        try:
            return self._stack.settings
        except SettingsError:
            return None

    def _environments(self, client: Client, settings: "Settings") -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """The environments whose keys are the stack's own, as its last deployment left it, and what to warn of."""
        # The settings' model takes a second to import.
        from components.deployment import edge_keys
        from components.deployment.role import other_role
        from components.secrets.sdk_keys import claimed, unclaimed_warning

        given = looked_at(client, settings, self._context)
        record = recorded.deployed(client.fetch, settings.namespace.name)
        problem = other_role(client.fetch, record, settings)
        if problem is not None:
            raise RefusedError(problem)
        if settings.is_edge:
            return (), given
        secrets = recorded.secrets(record)
        found = claimed(settings, lambda: secrets)
        left_out = [name for name in settings.admin.environments if name not in found]
        is_open = settings.sdk_keys.environments is None
        unclaimed = unclaimed_warning(left_out, self._stack.name) if left_out and is_open else None
        warnings = (unclaimed, edge_keys.ending(settings, secrets))
        return found, (*given, *(warning for warning in warnings if warning is not None))

    def conclude(self, outcome: GraphResult, verb: str) -> None:
        """Turn failures into one error: each failed object with its cause, then what was not started for it.

        A run that lost its Lease between two objects failed too: what it did not start must not count as done.
        """
        if not outcome.failures and not outcome.skipped:
            return
        messages = [error.message for _, error in sorted(outcome.failures.items())] or [LEASE_LOST]
        if outcome.skipped:
            messages.append(f"Not {verb} for that reason: {', '.join(str(ref) for ref in outcome.skipped)}.")
        hints = [error.hint for error in outcome.failures.values() if error.hint]
        hint = hints[0] if hints else "Correct the cause and run again: it goes on where this run ended."
        raise FailedError("\n".join(messages), hint=hint)

    def _emit(self, event: Event) -> None:
        with self._turn:
            self._on_event(event)

    def _store(self, client: Client) -> Store:
        return Store(client, self._stack.project, self._stack.name)

    def _lock(self, client: Client, stop: Flag) -> Lock:
        return of_stack(client, self._stack.project, self._stack.name, stop)

    @contextmanager
    def _client(self) -> Iterator[Client]:
        client = Client(connect(self._kubeconfig, self._context))
        try:
            yield client
        finally:
            client.close()
