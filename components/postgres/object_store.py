"""Where a Cluster's base backups and write-ahead log are kept, as the Barman Cloud plugin takes it."""

from typing import Any

from components.kit.bucket import proxy_environment
from components.settings import Settings
from components.settings.sections.backup import S3

# Which the plugin asks too; the address that every container finds in its environment.
API_SERVER = "$(KUBERNETES_SERVICE_HOST)"
# Of the Secret of `backup.s3`, which the stack's own backups read too.
KEYS = {"accessKeyId": "AWS_ACCESS_KEY_ID", "secretAccessKey": "AWS_SECRET_ACCESS_KEY"}


def object_store_spec(settings: Settings) -> dict[str, Any]:
    """The spec of the ObjectStore: the bucket of `backup.s3`, beside the dumps."""
    s3, backup = settings.backup.s3, settings.postgres.cluster.backup
    if s3 is None:
        raise ValueError("postgres.cluster.backup needs backup.s3, which the settings' checks demand")
    configuration: dict[str, Any] = {
        "destinationPath": f"s3://{s3.bucket}/{s3.prefix}/{settings.host}/cloudnative-pg",
        "s3Credentials": _credentials(s3),
        "wal": {"compression": "gzip"},
        "data": {"compression": "gzip"},
    }
    if s3.endpoint is not None:
        configuration["endpointURL"] = s3.endpoint
    if s3.ca_secret is not None:
        configuration["endpointCA"] = {"name": s3.ca_secret.name, "key": s3.ca_secret.key}
    sidecar: dict[str, Any] = {
        "resources": {"requests": backup.resources.requests.as_dict(), "limits": backup.resources.limits.as_dict()}
    }
    # The credentials' own field takes the region out of a Secret only.
    env = {} if s3.region is None else {"AWS_DEFAULT_REGION": s3.region}
    env |= proxy_environment(s3, API_SERVER)
    if env:
        sidecar["env"] = [{"name": name, "value": value} for name, value in env.items()]
    return {
        "configuration": configuration,
        "retentionPolicy": backup.retention,
        "instanceSidecarConfiguration": sidecar,
    }


def _credentials(s3: S3) -> dict[str, Any]:
    """The keys of the Secret; without one the identity of the servers' own service account."""
    secret = s3.existing_secret
    if secret is None:
        return {"inheritFromIAMRole": True}
    return {name: {"name": secret.name, "key": secret.key_of(key)} for name, key in KEYS.items()}
