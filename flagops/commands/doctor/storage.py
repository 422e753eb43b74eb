"""Volumes that are not there."""

from collections.abc import Iterator

from flagops.commands.doctor.model import DoctorFinding, Examination


def claims(examination: Examination) -> Iterator[DoctorFinding]:
    """Claims that no volume is bound to, unless they wait for their first pod, which is as it should be."""
    instance = examination.instance
    for claim in instance.items("v1", "PersistentVolumeClaim"):
        if claim.get("status", {}).get("phase") == "Bound":
            continue
        name = claim["metadata"]["name"]
        said = [event for event in examination.events if event["involvedObject"].get("name") == name]
        if said and said[-1].get("reason") == "WaitForFirstConsumer":
            continue
        wanted = claim["spec"].get("storageClassName") or "the default one"
        messages = tuple(f"event {event.get('reason', '')}: {event.get('message', '')}" for event in said[-2:])
        yield DoctorFinding(
            "volume-pending",
            f"The volume claim {name} gets no volume.",
            (f"it is {claim.get('status', {}).get('phase', 'Pending')}; storage class: {wanted}", *messages),
            f"{instance.kubectl_anywhere} get storageclass   (then postgres.storage.className in the settings)",
        )
