"""Backups of the database: what makes, lists, restores and tries them. Their scripts are files in `in_pod/`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    EnvVarArgs,
    PersistentVolumeClaim,
    PodTemplateSpecArgs,
    VolumeArgs,
)

from components.backup import volume as backup_volume
from components.kit import names
from components.kit.bucket import bucket_environment, bucket_volumes, not_for
from components.kit.claims import volume_claim
from components.kit.component import Component, name_of
from components.kit.cron_jobs import job_template
from components.kit.database_client import database_environment, postgres_volumes
from components.kit.database_pods import DatabaseClientArgs
from components.kit.environment import from_secret, plain
from components.kit.jobs import run_once
from components.kit.pods import EmptyDir, pod_template, requirements
from components.kit.secret_refs import SecretReference
from components.kit.security import container_security_context
from components.kit.service_accounts import service_account
from components.postgres.server import USER
from components.settings.quantities import format_memory, parse_memory

COMPONENT: Final = "backup"
# The scripts of each container of PostgreSQL's image, one after the other.
DATABASE_URL: Final = "database-url.sh"  # read by those alone that connect to the database
DUMP: Final = (DATABASE_URL, "dump-database.sh")
UNPACK: Final = ("read-dump.sh", "unpack-dump.sh")
RESTORE: Final = (DATABASE_URL, "read-dump.sh", "restore-database.sh")
LIVE: Final = (DATABASE_URL, "read-dump.sh", "live-migrations.sh")
DRILL: Final = ("read-dump.sh", "drill-backup.sh")
SCRIPTS: Final = Path(__file__).parent / "in_pod"
WORK: Final = "/work"
# A large database on a slow disk; whoever needs more has outgrown dumps.
DEADLINE_SECONDS: Final = 4 * 3600
TMP: Final = EmptyDir(name="tmp", path="/tmp", size_limit="256Mi")  # noqa: S108 a mount of the pod's own


def _work(args: DatabaseClientArgs) -> EmptyDir:
    # A dump, and the database that a drill makes of it.
    return EmptyDir(name="work", path=WORK, size_limit=format_memory(2 * parse_memory(args.settings.backup_storage)))


def _passphrase(args: DatabaseClientArgs) -> list[EnvVarArgs]:
    reference = args.settings.backup.encryption
    if reference is None:
        return []
    return [from_secret("BACKUP_PASSPHRASE", reference)]


def store_environment(args: DatabaseClientArgs) -> list[EnvVarArgs]:
    """What store_backups.py has to know of the store."""
    s3 = args.settings.backup.s3
    options = {"WORK": WORK, "KEEP": str(args.settings.backup.keep), "HOME": TMP.path, "STACK": args.settings.host}
    options |= {"STORE": backup_volume.PATH}
    if s3 is None:
        return plain(options)
    options |= {"STORE": f"s3://{s3.bucket}/{s3.prefix}", **bucket_environment(s3)}
    if s3.existing_secret is None:
        return plain(options)
    secret = SecretReference.existing(s3.existing_secret)
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return [*plain(options), *(secret.env(k, k) for k in keys)]


def _store(args: DatabaseClientArgs, name: str, action: str) -> ContainerArgs:
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
        volume_mounts=[_work(args).mount(), TMP.mount(), *mounts],
    )


def _postgres(args: DatabaseClientArgs, name: str, *scripts: str, env: Sequence[EnvVarArgs] = ()) -> ContainerArgs:
    """A container of PostgreSQL's image that runs scripts on what lies in the work directory."""
    source = "\n".join((SCRIPTS / script).read_text(encoding="utf-8") for script in scripts)
    reaches_database = DATABASE_URL in scripts
    volumes = postgres_volumes(args.connections) if reaches_database else []
    return ContainerArgs(
        name=name,
        image=args.settings.postgres_image,
        command=["bash", "-c", source, name],
        env=[
            *(database_environment(args.connections) if reaches_database else []),
            EnvVarArgs(name="WORK", value=WORK),
            *env,
        ],
        resources=requirements(args.settings.backup.resources),
        security_context=container_security_context(),
        volume_mounts=[_work(args).mount(), TMP.mount(), *(mount for _, mount in volumes)],
    )


def backup_pod(args: DatabaseClientArgs, containers: Sequence[ContainerArgs]) -> PodTemplateSpecArgs:
    """A pod whose containers run one after the other."""
    s3 = args.settings.backup.s3
    volumes = [volume for volume, _ in bucket_volumes(s3)] if s3 else [backup_volume.volume()]
    if any(container.image == args.settings.postgres_image for container in containers):
        volumes += [volume for volume, _ in postgres_volumes(args.connections)]
    return _pod(args, containers, [_work(args).volume(), TMP.volume(), *volumes])


def volume_pod(args: DatabaseClientArgs) -> PodTemplateSpecArgs:
    """The pod that has the volume made, and says whether backups can be written to it."""
    container = backup_volume.trial(args.settings.postgres_image, requirements(args.settings.backup.resources))
    return _pod(args, [container], [backup_volume.volume()])


def _pod(
    args: DatabaseClientArgs, containers: Sequence[ContainerArgs], volumes: Sequence[VolumeArgs]
) -> PodTemplateSpecArgs:
    """The pod, on the node of the volume where there is one."""
    s3 = args.settings.backup.s3
    others = [str(item.name) for item in containers if item.image == args.settings.postgres_image]
    template = pod_template(
        component=COMPONENT,
        version=args.settings.version,
        settings=args.settings,
        user=USER,
        init_containers=containers[:-1],
        container=containers[-1],
        volumes=volumes,
        annotations=not_for(others) if s3 is not None and s3.by_identity and others else {},
        grace_period_seconds=30,
        restart_policy="Never",
    )
    if s3 is not None:
        template.metadata.labels = {**s3.identity.labels, **template.metadata.labels}
        return template
    return backup_volume.on_its_node(template, COMPONENT)


class Backups(Component):
    """The volume of the backups with the Job `flagsmith-volume-<hash>`, and the CronJobs.

    The Job is the volume's first pod: a storage class that waits for one would leave the claim unbound until the first
    night, GitOps controllers would wait for it, and nobody would know until then whether there can be such a volume.

    `flagsmith-backup` makes a backup on its schedule; from the others, which never run by themselves, `ff db` makes its
    Jobs: `flagsmith-backups` lists, `flagsmith-restore` restores, `flagsmith-drill` tries a backup.

    Attributes:
        cron_jobs: the names of the CronJobs.
        claim: the name of the volume claim; None where backups are in a bucket.
    """

    cron_jobs: list[pulumi.Output[str]]
    claim: pulumi.Output[str] | None

    def __init__(self, name: str, args: DatabaseClientArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Backups", name, opts)
        account = service_account(
            f"{name}-service-account",
            component=COMPONENT,
            namespace=args.namespace,
            annotations=args.settings.backup.s3.identity.annotations if args.settings.backup.s3 else None,
            opts=self.child(),
        )
        claim = [] if args.settings.backup.s3 else [self._volume(name, args, account)]
        self.claim = name_of(claim[0]) if claim else None
        self.cron_jobs = []
        schedule = None if args.settings.backup.suspend else args.settings.backup.schedule
        release = EnvVarArgs(name="RELEASE", value=args.settings.version)
        pods = {
            names.BACKUP: [
                _postgres(args, "dump", *DUMP, env=[release, *_passphrase(args)]),
                _store(args, "store", "put"),
            ],
            names.BACKUPS: [_store(args, "list", "list")],
            names.RESTORE: [
                _store(args, "fetch", "fetch"),
                _postgres(args, "unpack", *UNPACK, env=_passphrase(args)),
                _postgres(args, "restore", *RESTORE),
            ],
            names.DRILL: [
                _store(args, "fetch", "fetch"),
                _postgres(args, "unpack", *UNPACK, env=_passphrase(args)),
                _postgres(args, "live", *LIVE),
                # Last, and without a secret: it runs what the backup brings along.
                _postgres(args, "drill", *DRILL),
            ],
        }
        for cron_job, containers in pods.items():
            made = job_template(
                f"{name}-{cron_job.removeprefix('flagsmith-')}",
                name=cron_job,
                namespace=args.namespace,
                component=COMPONENT,
                version=args.settings.version,
                template=backup_pod(args, containers),
                deadline_seconds=DEADLINE_SECONDS,
                schedule=schedule if cron_job == names.BACKUP else None,
                # So that it is deleted before the claim, which its Jobs' pods hold as long as they are there.
                opts=self.child(account, *claim),
            )
            self.cron_jobs.append(name_of(made))
        self.register_outputs({"cronJobs": self.cron_jobs, "claim": self.claim})

    def _volume(self, name: str, args: DatabaseClientArgs, account: pulumi.Resource) -> PersistentVolumeClaim:
        claim = volume_claim(
            f"{name}-data",
            name=names.BACKUP_DATA,
            namespace=args.namespace,
            component=COMPONENT,
            size=args.settings.backup_storage,
            storage_class=args.settings.backup.storage.class_name,
            opts=self.child(protect=args.settings.protect),
        )
        run_once(
            f"{name}-volume",
            name=names.BACKUP_VOLUME,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.version,
            template=volume_pod(args),
            deadline_seconds=backup_volume.DEADLINE_SECONDS,
            opts=self.child(account, claim),
        )
        return claim
