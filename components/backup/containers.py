"""The containers of the backups' Jobs. Their scripts are files in `in_pod/`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pulumi_kubernetes.core.v1 import ContainerArgs, EnvVarArgs, VolumeMountArgs

from components.backup import volume as backup_volume
from components.kit.bucket import bucket_environment, bucket_volumes
from components.kit.database_client import database_environment, postgres_volumes
from components.kit.database_pods import DatabaseClientArgs
from components.kit.environment import from_secret, plain
from components.kit.pods import EmptyDir, requirements
from components.kit.secret_refs import SecretReference
from components.kit.security import container_security_context

# The scripts of each container of PostgreSQL's image, one after the other.
DATABASE_URL: Final = "database-url.sh"  # read by those alone that connect to the database
PIPES: Final = "pipes.sh"
DUMP: Final = (DATABASE_URL, PIPES, "dump-database.sh")
UNPACK: Final = (PIPES, "read-dump.sh", "unpack-dump.sh")
RESTORE: Final = (DATABASE_URL, PIPES, "read-dump.sh", "restore-database.sh")
LIVE: Final = (DATABASE_URL, "read-dump.sh", "live-migrations.sh")
DRILL: Final = (PIPES, "read-dump.sh", "drill-backup.sh")
SCRIPTS: Final = Path(__file__).parent / "in_pod"
# Pipes between the containers, and what is known of the backup: no dump.
WORK: Final = EmptyDir(name="work", path="/work", size_limit="64Mi")
SCRATCH: Final = "/scratch"
TMP: Final = EmptyDir(name="tmp", path="/tmp", size_limit="256Mi")  # noqa: S108 a mount of the pod's own


def passphrase(args: DatabaseClientArgs) -> list[EnvVarArgs]:
    """The variable of what encrypts and decrypts; none where backups are plain."""
    reference = args.settings.backup.encryption
    if reference is None:
        return []
    return [from_secret("BACKUP_PASSPHRASE", reference)]


def store_environment(args: DatabaseClientArgs) -> list[EnvVarArgs]:
    """What store_backups.py has to know of the store."""
    s3 = args.settings.backup.s3
    options = {"WORK": WORK.path, "KEEP": str(args.settings.backup.keep), "HOME": TMP.path, "STACK": args.settings.host}
    options |= {"STORE": backup_volume.PATH}
    if s3 is None:
        return plain(options)
    options |= {"STORE": f"s3://{s3.bucket}/{s3.prefix}", **bucket_environment(s3)}
    if s3.existing_secret is None:
        return plain(options)
    secret = SecretReference.existing(s3.existing_secret)
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return [*plain(options), *(secret.env(k, k) for k in keys)]


def store(args: DatabaseClientArgs, name: str, action: str) -> ContainerArgs:
    """A container of Flagsmith's image that puts into the store, fetches from it, or lists it."""
    s3 = args.settings.backup.s3
    mounts = [mount for _, mount in bucket_volumes(s3)] if s3 else [backup_volume.mount()]
    return ContainerArgs(
        name=name,
        image=args.settings.image_reference,
        command=["python", "-c", (SCRIPTS / "store_backups.py").read_text(encoding="utf-8"), action],
        env=store_environment(args),
        resources=requirements(args.settings.backup.resources),
        security_context=container_security_context(),
        volume_mounts=[WORK.mount(), TMP.mount(), *mounts],
    )


def postgres(
    args: DatabaseClientArgs,
    name: str,
    *scripts: str,
    env: Sequence[EnvVarArgs] = (),
    mounts: Sequence[VolumeMountArgs] = (),
) -> ContainerArgs:
    """A container of PostgreSQL's image that runs scripts on what comes through the work directory."""
    source = "\n".join((SCRIPTS / script).read_text(encoding="utf-8") for script in scripts)
    reaches_database = DATABASE_URL in scripts
    volumes = postgres_volumes(args.connections) if reaches_database else []
    return ContainerArgs(
        name=name,
        image=args.settings.postgres_image,
        command=["bash", "-c", source, name],
        env=[
            *(database_environment(args.connections) if reaches_database else []),
            EnvVarArgs(name="WORK", value=WORK.path),
            *env,
        ],
        resources=requirements(args.settings.backup.resources),
        security_context=container_security_context(),
        volume_mounts=[WORK.mount(), TMP.mount(), *(mount for _, mount in volumes), *mounts],
    )
