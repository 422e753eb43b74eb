"""Where a Cluster's base backups and write-ahead log are kept, as the Barman Cloud plugin takes it."""

from typing import Any

from components.settings import Settings

# Of the Secret of `backup.s3`, which the stack's own backups read too.
KEYS = {"accessKeyId": "AWS_ACCESS_KEY_ID", "secretAccessKey": "AWS_SECRET_ACCESS_KEY"}


def object_store_spec(settings: Settings) -> dict[str, Any]:
    """The spec of the ObjectStore: the bucket of `backup.s3`, beside the dumps."""
    s3, backup = settings.backup.s3, settings.postgres.cluster.backup
    if s3 is None:
        raise ValueError("postgres.cluster.backup needs backup.s3, which the settings' checks demand")
    credentials = {
        name: {"name": s3.existing_secret.name, "key": s3.existing_secret.key_of(key)} for name, key in KEYS.items()
    }
    configuration: dict[str, Any] = {
        "destinationPath": f"s3://{s3.bucket}/{s3.prefix}/{settings.host}/cloudnative-pg",
        "s3Credentials": credentials,
        "wal": {"compression": "gzip"},
        "data": {"compression": "gzip"},
    }
    if s3.endpoint is not None:
        configuration["endpointURL"] = s3.endpoint
    sidecar: dict[str, Any] = {
        "resources": {"requests": backup.resources.requests.as_dict(), "limits": backup.resources.limits.as_dict()}
    }
    if s3.region is not None:
        # The credentials' own field takes it out of a Secret only.
        sidecar["env"] = [{"name": "AWS_DEFAULT_REGION", "value": s3.region}]
    return {
        "configuration": configuration,
        "retentionPolicy": backup.retention,
        "instanceSidecarConfiguration": sidecar,
    }
