"""Backups of the database: what makes, lists, restores and tries them."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from components.backup.containers import (
    DRILL,
    DUMP,
    LIVE,
    RESTORE,
    SCRATCH,
    TMP,
    UNPACK,
    WORK,
    passphrase,
    postgres,
    store,
)
from components.kit import names
from components.kit.bucket import bucket_volumes, not_for
from components.kit.claims import scratch_volume, volume_claim
from components.kit.component import Component, name_of
from components.kit.cron_jobs import job_template
from components.kit.database_client import postgres_volumes
from components.kit.database_pods import DatabaseClientArgs
from components.kit.environment import plain
from components.kit.jobs import run_once
from components.kit.pods import Mounted, pod_template, requirements
from components.kit.service_accounts import service_account
from components.postgres.server import USER

COMPONENT: Final = "backup"
# A large database on a slow disk; whoever needs more has outgrown dumps.
DEADLINE_SECONDS: Final = 4 * 3600


@dataclass(frozen=True, kw_only=True)
class _Pod:
    """The containers of a Job.

    Attributes:
        beside: run at the same time, with pipes between them. The last one says what came of it all.
        first: run before, one after the other.
        volumes: those that no other Job has.
    """

    beside: Sequence[ContainerArgs]
    first: Sequence[ContainerArgs] = ()
    volumes: Sequence[VolumeArgs] = ()


def _backup_pod(args: DatabaseClientArgs, pod: _Pod) -> PodTemplateSpecArgs:
    s3 = args.settings.backup.s3
    volumes = [volume for volume, _ in bucket_volumes(s3)] if s3 else [backup_volume.volume()]
    if any(container.image == args.settings.postgres_image for container in pod.beside):
        volumes += [volume for volume, _ in postgres_volumes(args.connections)]
    return _template(args, pod, [WORK.volume(), TMP.volume(), *volumes, *pod.volumes])


def _volume_pod(args: DatabaseClientArgs) -> PodTemplateSpecArgs:
    """The pod that has the volume made, and says whether backups can be written to it."""
    container = backup_volume.trial(args.settings.postgres_image, requirements(args.settings.backup.resources))
    return _template(args, _Pod(beside=[container]), [backup_volume.volume()])


def _template(args: DatabaseClientArgs, pod: _Pod, volumes: Sequence[VolumeArgs]) -> PodTemplateSpecArgs:
    """The pod, on the node of the volume where there is one."""
    s3 = args.settings.backup.s3
    everything = [*pod.first, *pod.beside]
    others = [str(item.name) for item in everything if item.image == args.settings.postgres_image]
    template = pod_template(
        component=COMPONENT,
        version=args.settings.version,
        settings=args.settings,
        user=USER,
        init_containers=pod.first,
        container=pod.beside[-1],
        sidecars=pod.beside[:-1],
        volumes=volumes,
        annotations=not_for(others) if s3 is not None and s3.by_identity and others else {},
        grace_period_seconds=30,
        restart_policy="Never",
    )
    if s3 is not None:
        template.metadata.labels = {**s3.identity.labels, **template.metadata.labels}
        return template
    return backup_volume.on_its_node(template, COMPONENT)


def _fetched(args: DatabaseClientArgs) -> list[ContainerArgs]:
    """What brings a backup to who restores it.

    The names here and of `pg-dump` are others than those of the init containers of 0.1.0: a preview of Pulumi's keeps
    what was created there, and one pod cannot have a name twice.
    """
    return [store(args, "download", "fetch"), postgres(args, "extract", *UNPACK, env=passphrase(args))]


def _scratch(args: DatabaseClientArgs) -> Mounted:
    """Where a drill puts the database: a volume, for no node's own disk can be counted on to have room for it."""
    backup = args.settings.backup
    return scratch_volume(
        "scratch",
        path=SCRATCH,
        component=COMPONENT,
        size=args.settings.scratch_storage,
        storage_class=backup.scratch.class_name
        or backup.storage.class_name
        or args.settings.postgres.storage.class_name,
    )


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
        volume, mount = _scratch(args)
        # Without a secret: it runs what the backup brings along.
        drill = postgres(args, "drill", *DRILL, env=plain({"SCRATCH": SCRATCH}), mounts=[mount])
        pods = {
            names.BACKUP: _Pod(
                beside=[
                    postgres(args, "pg-dump", *DUMP, env=[release, *passphrase(args)]),
                    store(args, "store", "put"),
                ]
            ),
            names.BACKUPS: _Pod(beside=[store(args, "list", "list")]),
            names.RESTORE: _Pod(beside=[*_fetched(args), postgres(args, "restore", *RESTORE)]),
            names.DRILL: _Pod(
                first=[postgres(args, "live", *LIVE)],
                beside=[*_fetched(args), drill],
                volumes=[volume],
            ),
        }
        for cron_job, pod in pods.items():
            made = job_template(
                f"{name}-{cron_job.removeprefix('flagsmith-')}",
                name=cron_job,
                namespace=args.namespace,
                component=COMPONENT,
                version=args.settings.version,
                template=_backup_pod(args, pod),
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
            template=_volume_pod(args),
            deadline_seconds=backup_volume.DEADLINE_SECONDS,
            opts=self.child(account, claim),
        )
        return claim
