"""Refuses to deploy an older release than the one that serves: its program does not know the database's migrations."""

from typing import TYPE_CHECKING

from components.kit import names
from components.text.versions import parse_version
from flagops.errors import RefusedError
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.objects import Ref

if TYPE_CHECKING:
    from flagops.kubernetes.objects import Manifest
    from flagops.stacks.target import StackTarget

WORKLOADS = (names.API, names.TASK_PROCESSOR)


def refuse_older(target: "StackTarget") -> None:
    """Compare the settings' release with the cluster's.

    Raises OpsError when it is older, and NoAccessError when the cluster cannot be asked: what is not known is not well.
    """
    namespace = target.stack.settings.namespace.name
    client = Client(connect(target.kubeconfig, target.context))
    try:
        workloads = [client.get(Ref("apps/v1", "Deployment", namespace, name)) for name in WORKLOADS]
    finally:
        client.close()
    deployed = newest(workloads)
    wanted = target.stack.settings.version
    if deployed is not None and _numbers(wanted) < _numbers(deployed):
        raise RefusedError(
            f"Nothing was changed: {target.stack.path.name} says version {wanted}, and {deployed} is deployed, whose "
            f"migrations {wanted} does not know.",
            hint=f"The way back is `ff upgrade --back --stack {target.stack.name}`: migrations first, then the image. "
            f"Where they cannot be undone: with version {wanted} in the file, `ff db restore` a backup from before, "
            "then `ff up --older`; the migration still refuses a database that is ahead.",
        )


def newest(workloads: "list[Manifest | None]") -> str | None:
    """The newest release that the labels of these workloads name; None when none does."""
    labels = [(item or {}).get("metadata", {}).get("labels") or {} for item in workloads]
    return max(
        (label[names.VERSION] for label in labels if _numbers(label.get(names.VERSION, ""))), key=_numbers, default=None
    )


def _numbers(version: str) -> tuple[int, ...]:
    """A release to compare by; empty for a text that is none."""
    try:
        return parse_version(version)
    except ValueError:
        return ()
