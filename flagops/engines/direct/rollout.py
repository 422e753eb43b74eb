"""Applies one object and waits until it is rolled out."""

from collections.abc import Callable, Mapping
from threading import Event as Flag

from flagops.engines.direct.diff import field_changes
from flagops.engines.direct.ignored import without_ignored
from flagops.engines.direct.removal import delete_and_wait
from flagops.engines.events import Event, ResourceState
from flagops.errors import OpsError, RefusedError
from flagops.evaluation.program import KubeObject, Program
from flagops.kubernetes.awaiting import await_rollout
from flagops.kubernetes.client import Client
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.namespace_secrets import NamespaceMasker
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.readiness import job_has_failed, time_limit
from flagops.kubernetes.refusals import ApiError, ImmutableError

# Kinds that hold no data of their own: when a field cannot be changed in place, a new object may take their place.
REPLACEABLE = frozenset({"Job", "Deployment", "StatefulSet", "DaemonSet", "Service", "ConfigMap", "Secret"})
DELETE_SECONDS = 300.0


class ObjectDeployer:
    """Brings objects of a program into the cluster; `done` tells afterwards what became of each."""

    def __init__(
        self,
        client: Client,
        program: Program,
        live: Mapping[Ref, Manifest | None],
        emit: Callable[[Event], None],
        stop: Flag,
    ) -> None:
        self._client, self._program, self._live = client, program, live
        self._emit, self._stop = emit, stop
        namespaces = {item.ref.namespace for item in program.objects if item.ref.namespace}
        self._mask = NamespaceMasker(client, namespaces, program.secrets)
        self.done: dict[Ref, ResourceState] = {}

    def deploy(self, ref: Ref) -> None:
        """Apply the object and wait for it. Failures are an OpsError with what is known of their cause."""
        item = self._program.by_ref[ref]
        try:
            self.done[ref] = self._deploy(item)
        except OpsError as error:
            message = self._mask(error.message)
            self._say(ref, ResourceState.FAILED, message.splitlines()[0])
            raise error.reworded(message, hint=error.hint) from None
        self._say(ref, self.done[ref])

    def _deploy(self, item: KubeObject) -> ResourceState:
        before = self._live[item.ref]
        if before and before["metadata"].get("deletionTimestamp"):
            self._make_way(item.ref, before)
            before = None
        if before and item.ref.kind == "Job" and job_has_failed(before):
            return self._replace(item, before)
        if before is None:
            self._say(item.ref, ResourceState.CREATING)
        try:
            applied = self._client.apply(self._wanted(item, before), force=before is not None)
        except ApiError as error:
            if before and must_replace(error, item):
                return self._replace(item, before)
            raise
        if before is None or applied["metadata"]["uid"] != before["metadata"]["uid"]:
            state = ResourceState.CREATED
        elif self._differs(before, applied):
            self._say(item.ref, ResourceState.UPDATING)
            state = ResourceState.UPDATED
        else:
            state = ResourceState.UNCHANGED
        self._await(item, applied, is_changed=state is not ResourceState.UNCHANGED)
        return state

    def _differs(self, before: Manifest, applied: Manifest) -> bool:
        """Whether the object is another; its status, which controllers write at any time, does not count."""
        if applied["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]:
            return False
        return bool(field_changes(before, applied, Masker(())))

    def _wanted(self, item: KubeObject, before: Manifest | None) -> Manifest:
        if before is None or not item.ignored:
            return item.manifest
        # Looked at again: since the plan was made, an autoscaler may have set another value.
        return without_ignored(item.manifest, item.ignored, self._client.get(item.ref) or before)

    def _replace(self, item: KubeObject, before: Manifest) -> ResourceState:
        self._say(item.ref, ResourceState.REPLACING)
        self._make_way(item.ref, before)
        self._await(item, self._client.apply(item.manifest, force=False))
        return ResourceState.REPLACED

    def _make_way(self, ref: Ref, live: Manifest) -> None:
        delete_and_wait(self._client, ref, live, DELETE_SECONDS, self._stop)

    def _await(self, item: KubeObject, applied: Manifest, *, is_changed: bool = True) -> None:
        await_rollout(
            self._client,
            applied,
            self._mask,
            seconds=time_limit(applied, item.timeout),
            say=lambda message: self._say(item.ref, ResourceState.WAITING, message),
            is_changed=is_changed,
            stop=self._stop,
        )

    def _say(self, ref: Ref, state: ResourceState, message: str = "") -> None:
        self._emit(Event(ref.name, ref.kind, state, message))


def must_replace(error: ApiError, item: KubeObject) -> bool:
    """Whether the server refused to change a field in place and the object may be made anew for it."""
    if not isinstance(error, ImmutableError):
        return False
    if item.protect or item.ref.kind not in REPLACEABLE:
        why = "is protected" if item.protect else "holds data"
        raise RefusedError(
            f"{item.ref} would have to be deleted and created again, and it {why}: {error.detail}",
            hint="Change the field back, or move the data and delete the object by hand.",
        )
    return True
