"""Secrets that do not come from the store which the settings name."""

from collections.abc import Iterator

from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.kubernetes.readiness import Phase, assess
from flagops.kubernetes.refusals import UnknownKindError

API_VERSION, KIND = "external-secrets.io/v1", "ExternalSecret"


def stored_secrets(examination: Examination) -> Iterator[DoctorFinding]:
    """Look at what the External Secrets Operator says of each Secret."""
    if examination.instance.settings.secret_store is None:
        return
    try:
        found = examination.instance.items(API_VERSION, KIND)
    except UnknownKindError as error:
        yield DoctorFinding(
            "secret-store-missing",
            "Secrets come from a store, and the External Secrets Operator is not installed any more: none is renewed.",
            (error.message,),
            "install it again: https://external-secrets.io",
        )
        return
    for item in found:
        state = assess(item)
        if state.phase is not Phase.READY:
            name = item["metadata"]["name"]
            yield DoctorFinding(
                "secret-not-synced",
                f"The Secret {name} does not come from the store, or is not renewed.",
                (examination.mask(state.message), *examination.said_of(name)),
                f"{examination.instance.kubectl} describe externalsecret {name}",
            )
