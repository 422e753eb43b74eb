"""The operator's import: it is let begin, and waited for as long as there is hope."""

from collections.abc import Callable
from typing import Final

from components.kit import names
from flagops.errors import ConflictError, FailedError, RefusedError
from flagops.kubernetes.base_backups import recovery_window
from flagops.kubernetes.diagnose import diagnose
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.readiness import condition
from flagops.kubernetes.refusals import ApiError, UnknownKindError
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

# The image may have to be pulled, and a volume be made. The operator begins within a second.
START_SECONDS: Final = 600.0
SECONDS: Final = 4 * 3600.0
LOG_LINES: Final = 20
OnState = Callable[[str], None]


def begin(instance: Instance) -> None:
    """Let the operator make the Cluster, and import into it."""
    if not waits(instance):
        raise ConflictError(
            f"There is no {cluster(instance)} that was made for this import: somebody deleted it, or it is another "
            "one's.",
            hint=f"`ff db move --abort --stack {instance.stack.name}`, then begin again.",
        )
    instance.client.merge(cluster(instance), {"metadata": {"annotations": {names.CNPG_PAUSED: None}}})


def waits(instance: Instance) -> bool:
    """Whether the stack's Cluster is there, and was made for an import. One that was ever live says so no more."""
    live = instance.client.get(cluster(instance))
    return live is not None and _is_imported(live)


def discard(instance: Instance, delete: Callable[[Ref], None], on_step: OnState) -> None:
    """Delete what was declared under another `postgres.cluster.name` before: the operator has made nothing of it."""
    try:
        found = instance.items(names.CNPG_API_VERSION, "Cluster")
    except UnknownKindError:
        return
    for live in found:
        ref = Ref(names.CNPG_API_VERSION, "Cluster", instance.namespace, str(live["metadata"]["name"]))
        is_paused = (live["metadata"].get("annotations") or {}).get(names.CNPG_PAUSED) == "disabled"
        is_empty = is_paused and not live.get("status", {}).get("currentPrimary")
        if ref.name != cluster(instance).name and is_empty and _is_imported(live):
            on_step(f"   Deleting the Cluster {ref.name}, which was declared for this move and holds nothing…")
            delete(ref)


def require_own(instance: Instance) -> None:
    """Raise RefusedError where the stack's Cluster was not made for an import: it may hold somebody's data."""
    if instance.client.get(cluster(instance)) is not None and not waits(instance):
        raise RefusedError(
            f"{cluster(instance)} was not made for this move, and nothing of it is touched: it may hold data.",
            hint=f"Set postgres.cluster.name in {instance.stack.path.name} to one that no Cluster has, then "
            f"`ff db move --abort --stack {instance.stack.name}`, or begin again.",
        )


def _is_imported(live: Manifest) -> bool:
    """Whether a Cluster is the stack's, and begins with what the embedded server holds (`IMPORTED` in its spec)."""
    labels = live["metadata"].get("labels") or {}
    initial = ((live.get("spec") or {}).get("bootstrap") or {}).get("initdb") or {}
    return labels.get(names.PART_OF) == names.PLATFORM and "import" in initial


def wait(instance: Instance, on_state: OnState) -> None:
    """Wait until the Cluster has a primary with the data.

    Raises:
        DeadlineError: The operator has not begun, or is not done within hours.
        FailedError: The import failed, with the last lines of its log.
    """
    until(
        lambda: _begun(instance),
        START_SECONDS,
        late=f"The import into {cluster(instance)} has not begun",
        explain=lambda: _explained(instance),
        hint="Does CloudNativePG's operator run, and has the cluster room for the Cluster's first server? "
        f"`{instance.kubectl} describe clusters.postgresql.cnpg.io {cluster(instance).name}` shows what it says.",
        on_state=on_state,
    )
    until(
        lambda: _done(instance),
        SECONDS,
        late=f"The import into {cluster(instance)} has not ended",
        explain=lambda: _explained(instance),
        on_state=on_state,
    )


def require_new_archive(instance: Instance) -> None:
    """Raise RefusedError where a Cluster of this name has been archived before.

    The plugin takes no file of the log in the place of another one's: nothing would be archived, and the log would fill
    its volume. Only base backups are on record: of an archive without one, nobody knows.
    """
    wanted = instance.settings.postgres.cluster
    if not wanted.backup.enabled:
        return
    store = instance.get(names.BARMAN_API_VERSION, "ObjectStore", names.CLUSTER_BACKUPS)
    backups = instance.items(names.CNPG_API_VERSION, "Backup")
    if recovery_window(store, backups, wanted.name, f"{wanted.name}-{wanted.major}") is not None:
        raise RefusedError(
            f"A Cluster {wanted.name} was archived before, and an archive begins empty: this one's log would not be "
            "archived, and fill its volume.",
            hint=f"Set another postgres.cluster.name in {instance.stack.path.name}, then run this again.",
        )


def cluster(instance: Instance) -> Ref:
    """The stack's Cluster."""
    return Ref(names.CNPG_API_VERSION, "Cluster", instance.namespace, instance.settings.postgres.cluster.name)


def _begun(instance: Instance) -> NotYet | None:
    """Whether a container of the import runs, or more."""
    if _primary(instance):
        return None
    pods = _pods(instance)
    _raise_failed(instance, pods)
    if any(pod.get("status", {}).get("phase") in ("Running", "Succeeded") for pod in pods):
        return None
    return NotYet(_said(instance))


def _done(instance: Instance) -> NotYet | None:
    if _primary(instance):
        return None
    _raise_failed(instance, _pods(instance))
    return NotYet(_said(instance))


def _primary(instance: Instance) -> bool:
    """Whether the Cluster has a primary that serves; its standbys come later."""
    live = instance.client.get(cluster(instance))
    if live is None:
        raise ConflictError(f"{cluster(instance)} is gone: somebody deleted it.")
    name = live.get("status", {}).get("currentPrimary")
    return any(
        pod["metadata"]["name"] == name and condition(pod, "Ready").get("status") == "True"
        for pod in _pods(instance)
        if name
    )


def _pods(instance: Instance) -> list[Manifest]:
    return instance.items("v1", "Pod", labelSelector=f"{names.CNPG_CLUSTER}={cluster(instance).name}")


def _raise_failed(instance: Instance, pods: list[Manifest]) -> None:
    """The operator tries a failed import again, onto what the first attempt left; nobody waits for that."""
    for pod in pods:
        if pod.get("status", {}).get("phase") != "Failed":
            continue
        name = pod["metadata"]["name"]
        container = pod["spec"]["containers"][0]["name"]
        try:
            found = instance.client.log(instance.namespace, name, container, lines=LOG_LINES)
        except ApiError as error:
            found = error.message
        mask = instance.masker()
        lines = "\n".join(f"  {mask(line)}" for line in found.strip().splitlines()) or "  (its log is empty)"
        raise FailedError(f"The import failed, in the pod {name}. Its last log lines:\n{lines}")


def _said(instance: Instance) -> str:
    status = (instance.client.get(cluster(instance)) or {}).get("status", {})
    said = ": ".join(str(status[key]) for key in ("phase", "phaseReason") if status.get(key))
    return said or "its operator says nothing of it"


def _explained(instance: Instance) -> str:
    pods = _pods(instance)
    return (
        diagnose(instance.client, {**pods[0], "apiVersion": "v1", "kind": "Pod"}, instance.masker())
        if pods
        else "The operator has made no pod for it."
    )
