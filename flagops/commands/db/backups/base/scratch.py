"""The Cluster that a drill recovers a base backup into: made, waited for, and removed again, with its volumes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any, Final

from components.kit import names
from components.kit.names import CNPG_API_VERSION
from flagops.commands.db.backups.base.archive import PLUGIN
from flagops.errors import FailedError, NotFoundError, OpsError, RefusedError
from flagops.kubernetes.awaiting import how_far
from flagops.kubernetes.diagnose import diagnose
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.postgres_cluster import Steady
from flagops.kubernetes.readiness import Phase
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

KIND: Final = "Cluster"
END: Final = "-drill"
COMPONENT: Final = "drill"
LONGEST_NAME: Final = 50
"""Of a Cluster, by the operator."""
ORIGIN: Final = "origin"
SECONDS: Final = 4 * 3600.0
"""How long a recovery may take: as long as that of a dump."""
GONE_SECONDS: Final = 600.0
# As the live one has it, so that it can hold what that one holds, and starts as that one would.
TAKEN_OVER: Final = (
    "imageName",
    "storage",
    "walStorage",
    "resources",
    "affinity",
    "priorityClassName",
    "imagePullSecrets",
    "smartShutdownTimeout",
)
OnLine = Callable[[str], None]


def name_of(cluster: str) -> str:
    """The name of a drill's Cluster, the same for each drill: what one has left, the next finds."""
    return f"{cluster[: LONGEST_NAME - len(END)].rstrip('-')}{END}"


def manifest(cluster: Manifest, parameters: dict[str, str], backup: str, lsn: str) -> dict[str, Any]:
    """The Cluster: one server as the live ones, which recovers `backup` up to a place in the log and archives nothing.

    Args:
        cluster: The live one.
        parameters: Where that one is archived.
        backup: The base backup, by its name in the archive.
        lsn: The place.
    """
    spec, metadata = cluster["spec"], cluster["metadata"]
    settings = {key: value for key, value in (spec.get("postgresql") or {}).items() if key != "synchronous"}
    # The owner gets the password that its Secret has now, as after a real recovery.
    owner = {
        key: value
        for source in (spec.get("bootstrap") or {}).values()
        for key, value in source.items()
        if key in ("database", "owner", "secret")
    }
    plugin = {"name": PLUGIN, "enabled": True, "isWALArchiver": False}
    return {
        "apiVersion": CNPG_API_VERSION,
        "kind": KIND,
        "metadata": {
            "name": name_of(metadata["name"]),
            "namespace": metadata["namespace"],
            "labels": {names.COMPONENT: COMPONENT},
        },
        "spec": {
            **{key: spec[key] for key in TAKEN_OVER if key in spec},
            "instances": 1,
            "enablePDB": False,
            "enableSuperuserAccess": False,
            "postgresql": settings,
            "managed": {"services": {"disabledDefaultServices": ["r", "ro"]}},
            "bootstrap": {
                "recovery": {**owner, "source": ORIGIN, "recoveryTarget": {"backupID": backup, "targetLSN": lsn}}
            },
            "externalClusters": [{"name": ORIGIN, "plugin": {**plugin, "parameters": parameters}}],
        },
    }


def is_scratch(item: Manifest) -> bool:
    """Whether a Cluster is a drill's, and nobody's data."""
    return (item["metadata"].get("labels") or {}).get(names.COMPONENT) == COMPONENT


def remove(instance: Instance, cluster: str, on_line: OnLine) -> bool:
    """Delete the Cluster of a drill of `cluster`, if there is one, and wait until its volumes are gone; whether it was.

    Raises OpsError when what has that name is not a drill's, or it does not go.
    """
    ref = Ref(CNPG_API_VERSION, KIND, instance.namespace, name_of(cluster))
    live = instance.client.get(ref)
    if live is not None:
        if not is_scratch(live):
            raise RefusedError(
                f"{ref} is not a drill's: it has no label {names.COMPONENT}={COMPONENT}.",
                hint="A drill makes a Cluster of that name. Give yours another name.",
            )
        on_line(f"Removing {ref.name} and its volumes…")
        instance.client.delete(ref, uid=live["metadata"]["uid"])
    selector = f"{names.CNPG_CLUSTER}={ref.name}"

    def gone() -> NotYet | None:
        if instance.client.get(ref) is not None:
            return NotYet(f"{ref} is being deleted")
        for kind in ("Pod", "PersistentVolumeClaim"):
            left = instance.items("v1", kind, labelSelector=selector)
            if left:
                return NotYet(f"{kind} {left[0]['metadata']['name']} is being deleted")
        return None

    until(
        gone,
        GONE_SECONDS,
        late=f"{ref} and its volumes are not gone",
        hint=f"See {instance.kubectl} get cluster,pods,pvc -l {selector}; the next `ff db drill --base` removes it.",
    )
    return live is not None


@contextmanager
def removed(instance: Instance, cluster: str, on_line: OnLine) -> Iterator[None]:
    """Remove the Cluster of a drill at the end, also when it is ended by hand; why it failed counts more than that."""
    try:
        yield
    except BaseException:
        try:
            remove(instance, cluster, on_line)
        except OpsError as error:
            on_line(f"{name_of(cluster)} is left: {error.message}")
        raise
    remove(instance, cluster, on_line)


def wait(instance: Instance, cluster: str, on_line: OnLine, stop: Event) -> None:
    """Wait until the recovered Cluster is well, each phase said. Raises OpsError when it does not get so far."""
    ref = Ref(CNPG_API_VERSION, KIND, instance.namespace, name_of(cluster))
    steady = Steady()

    def recovered() -> NotYet | None:
        live = instance.client.get(ref)
        if live is None:
            raise NotFoundError(f"{ref} is gone: somebody deleted it.")
        answer = steady(how_far(instance.client, live))
        if answer.phase is Phase.FAILED:
            raise FailedError(f"{ref} cannot be recovered: {answer.message}.\n{_explained(instance, ref)}".rstrip())
        return None if answer.phase is Phase.READY else NotYet(answer.message)

    until(
        recovered,
        SECONDS,
        late=f"{ref} is not recovered",
        explain=lambda: _explained(instance, ref),
        on_state=on_line,
        stop=stop,
    )


def _explained(instance: Instance, ref: Ref) -> str:
    live = instance.client.get(ref)
    return "" if live is None else diagnose(instance.client, live, instance.masker())


def authority(instance: Instance, cluster: str) -> str:
    """The certificate of the authority by which a Cluster's server shows who it is."""
    name = f"{cluster}-ca"
    try:
        return instance.secret(name)["ca.crt"]
    except KeyError:
        raise FailedError(f"The Secret {instance.namespace}/{name} has no ca.crt.") from None
