"""Flagsmith's pods, where a command that was killed has stopped them, such as `ff db upgrade` or `ff db restore`."""

from collections.abc import Iterator
from datetime import UTC, datetime

from components.kit import names
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.kubernetes.lease import is_abandoned, lease
from flagops.pods.writers import left_stopped


def left_without_pods(examination: Examination) -> Iterator[DoctorFinding]:
    """What nobody starts again by itself; nothing while the command that has stopped it lives."""
    instance = examination.instance
    if instance.settings.is_edge:
        return
    left = left_stopped(instance)
    held = instance.client.get(lease(instance.namespace, names.MOVE)) if left else None
    if not left or (held is not None and not is_abandoned(held["spec"], datetime.now(UTC))):
        return
    stack = instance.stack.name
    yield DoctorFinding(
        "left-stopped",
        "A command that was killed has stopped Flagsmith, and nothing starts it again.",
        tuple(f"{ref} has no pods, and is marked as stopped" for ref in left),
        f"run that command again (ff db upgrade, ff db restore, ff db move --abort), or ff up --stack {stack}, which "
        "starts it on the database as it is",
    )
