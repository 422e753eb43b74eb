"""Identities of pods that give no access to a bucket of S3's protocol: said at each preview."""

from collections.abc import Iterator
from typing import Final

from components.settings.model import Settings

# Whose token each is, by the annotation of the service account or the label of the pod that asks for it.
FOREIGN: Final = {
    "iam.gke.io/gcp-service-account": "Google's, whose storage accepts only HMAC keys by this protocol",
    "azure.workload.identity/client-id": "Azure's, whose storage does not speak this protocol",
}


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what a client of S3 cannot log in with."""
    if settings.backup.s3 is None or not settings.uses_s3:
        return
    identity = settings.backup.s3.identity
    for key, whose in FOREIGN.items():
        if key in identity.annotations and not any(name.startswith("eks.") for name in identity.annotations):
            yield (
                f"backup.s3.identity has {key}: the token that pods get with it is {whose}. Backups can use only "
                "identities of Amazon's kind. For a bucket elsewhere, put keys in a Secret, and name that in "
                "backup.s3.existingSecret (docs/backups.md)"
            )
