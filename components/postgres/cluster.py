"""PostgreSQL as a Cluster of CloudNativePG: several servers, of which the operator makes one the primary."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names
from components.kit.capabilities import Capabilities
from components.kit.component import Component, name_of
from components.kit.given_up import mark
from components.kit.secret_refs import SecretReference
from components.postgres.cluster_spec import cluster_spec
from components.postgres.object_store import object_store_spec
from components.postgres.operated import OperatedArgs
from components.postgres.scheduled_backup import scheduled_backup_spec
from components.settings import Settings
from components.settings.beside import HELD
from components.settings.sections.postgres.move import MoveSettings

COMPONENT: Final = "database"
KIND: Final = "Cluster"
# Volumes, an image, a new database, and each standby after the one before.
TIMEOUT_SECONDS: Final = 1800
OLDEST_OPERATOR: Final = "1.30.0"
_PATIENT: Final = {"pulumi.com/timeoutSeconds": str(TIMEOUT_SECONDS)}


@dataclass(frozen=True, kw_only=True)
class DatabaseClusterArgs(OperatedArgs):
    """The Cluster.

    Attributes:
        move: what the settings say of the move, where it is beside the live database; None where it is live itself.
        source: the log-in of Flagsmith's at the embedded server, where it begins with what that one holds.
    """

    move: MoveSettings | None = None
    source: SecretReference | None = None


def require_operator(settings: Settings, capabilities: Capabilities) -> None:
    """Raise pulumi.RunError where the operator or its plugin is missing or too old: nothing would make the database."""
    version = names.CNPG_API_VERSION
    where = f"where --api-versions or apiVersions is given, add {version}"
    wanted = [KIND, *(["Pooler"] if settings.pooled else []), *(["ScheduledBackup"] if settings.archives else [])]
    missing = [kind for kind in wanted if not capabilities.serves(version, kind)]
    if missing:
        raise pulumi.RunError(
            f"feature-flags:postgres.mode: the cluster does not serve {' and '.join(missing)} ({version}), so that "
            f"there would be no database. Install CloudNativePG, {OLDEST_OPERATOR} or newer (cloudnative-pg.io), "
            f"or {where}."
        )
    if not capabilities.serves(version, "DatabaseRole"):
        raise pulumi.RunError(
            f"feature-flags:postgres.mode: the cluster serves no DatabaseRole ({version}), so its CloudNativePG is "
            f"older than {OLDEST_OPERATOR}, and everybody in the network can ask its operator without a password "
            f"(CVE-2026-55769). Upgrade it; {where}."
        )
    if settings.archives and not capabilities.serves(names.BARMAN_API_VERSION, "ObjectStore"):
        raise pulumi.RunError(
            "feature-flags:postgres.cluster.backup: the cluster does not serve ObjectStore "
            f"({names.BARMAN_API_VERSION}), so that no server would start. Install CloudNativePG's Barman Cloud plugin "
            "beside the operator (it needs cert-manager), or set postgres.cluster.backup.enabled to false. Where "
            f"--api-versions or apiVersions is given, add {names.BARMAN_API_VERSION}."
        )


class DatabaseCluster(Component):
    """The Cluster `flagsmith-pg`; where it is archived, the ObjectStore of that name and a ScheduledBackup.

    The operator makes all else of it, and deletes the volumes with it. So it stays in the cluster when Pulumi lets go
    of it, and another name is another resource beside it. Those of before that are kept stay as they are.

    Attributes:
        cluster: the Cluster's name.
    """

    cluster: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:DatabaseCluster", name, opts)
        settings = args.settings
        needed: list[pulumi.Resource] = []
        if settings.archives:
            store = CustomResource(
                f"{name}-object-store",
                api_version=names.BARMAN_API_VERSION,
                kind="ObjectStore",
                metadata=_meta(args, names.CLUSTER_BACKUPS),
                spec=object_store_spec(settings),
                opts=self.child(),
            )
            needed.append(store)
        # Beside the live database, it is imported into once, then stays as it is; one that was given up goes at once.
        holds = args.move is None or args.move.step in HELD
        kept = pulumi.ResourceOptions(
            retain_on_delete=holds,
            ignore_changes=None if args.move is None or args.move.step in ("prepared", "stopped") else ["spec"],
        )
        cluster = CustomResource(
            f"{name}-{settings.postgres.cluster.name}",
            api_version=names.CNPG_API_VERSION,
            kind=KIND,
            metadata=_live_meta(args),
            spec=cluster_spec(settings, args.annotations, args.source),
            opts=pulumi.ResourceOptions.merge(self.child(*needed, protect=settings.protect), kept),
        )
        if settings.archives and args.move is None:
            CustomResource(
                # Its Cluster cannot change: the schedule of another one is another resource. So is that of another
                # major version, whose archive recovers nothing before its first base backup, which a new one makes.
                f"{name}-backups-{_schedule(settings)}",
                api_version=names.CNPG_API_VERSION,
                kind="ScheduledBackup",
                metadata=_meta(args, _schedule(settings)),
                spec=scheduled_backup_spec(settings),
                opts=self.child(cluster),
            )
        for other in settings.postgres.cluster.kept:
            # As it is: what the settings say now is of its successor. Its data stays its own.
            stays = pulumi.ResourceOptions(retain_on_delete=True, ignore_changes=["spec"])
            CustomResource(
                f"{name}-{other}",
                api_version=names.CNPG_API_VERSION,
                kind=KIND,
                metadata=_meta(args, other),
                spec=cluster_spec(settings, args.annotations),
                opts=pulumi.ResourceOptions.merge(self.child(*needed, protect=settings.protect), stays),
            )
        self.cluster = name_of(cluster)
        self.register_outputs({"cluster": self.cluster})


def _schedule(settings: Settings) -> str:
    cluster = settings.postgres.cluster
    return f"{cluster.name}-{cluster.major}"


def _live_meta(args: DatabaseClusterArgs) -> ObjectMetaArgs:
    """That of the stack's own Cluster: beside the live database nobody waits for it but `ff db move`."""
    name = args.settings.postgres.cluster.name
    move = args.settings.postgres.move
    if args.move is None and (move is None or move.step != "switching"):
        return _meta(args, name, {"pulumi.com/waitFor": "condition=Ready", **_PATIENT})
    # Its import begins when the data no longer changes, and Flagsmith does not wait for standbys to write again.
    is_paused = args.source is not None and args.move is not None and args.move.step in ("prepared", "stopped")
    paused = {names.CNPG_PAUSED: "disabled"} if is_paused else {}
    return _meta(args, name, {"pulumi.com/skipAwait": "true", **paused}, mark(args.move))


def _meta(
    args: DatabaseClusterArgs,
    name: str,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> ObjectMetaArgs:
    labels = {**names.labels(COMPONENT, args.settings.postgres.cluster.version), **(labels or {})}
    return ObjectMetaArgs(name=name, namespace=args.namespace, labels=labels, annotations=annotations)
