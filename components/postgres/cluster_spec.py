"""What the operator CloudNativePG is asked for: the spec of the stack's Cluster, by the settings."""

from collections.abc import Mapping
from typing import Any, Final

from components.kit import names
from components.kit.pods import NODE, ZONE
from components.kit.secret_refs import SecretReference
from components.postgres.cluster_roles import INITIAL_SQL
from components.secrets.addresses import ADMINISTRATOR, DATABASE, login
from components.settings import Settings
from components.settings.sections.backup import BucketIdentity

ORIGIN: Final = "origin"
EMBEDDED: Final = "embedded"
IMPORTED: Final[dict[str, Any]] = {
    "import": {
        "type": "microservice",
        "databases": [DATABASE],
        "source": {"externalCluster": EMBEDDED},
        # What the audit's exporter has noted down is of the old server's numbers, and is the administrator's.
        "pgDumpExtraOptions": ["--exclude-schema=feature_flags_audit", "--lock-wait-timeout=60s"],
    }
}
"""Of a new Cluster's database: it begins with the tables of the embedded one, as pg_dump and pg_restore bring them.

The owner and the rights that others have are not taken over: the Jobs of the roles give them, as they always do.
"""
BARMAN_PLUGIN: Final = "barman-cloud.cloudnative-pg.io"
# Read before the operator's own last rule, which takes a password by whatever way it comes.
HOST_RULES: Final = ("hostnossl all all all reject",)
# For ever, once there is a database. The operator's default is the locale C, in which UPPER and ILIKE leave letters as
# they are that are not English ones, so that searches of the dashboard miss them. This one is part of PostgreSQL 17
# and newer, whatever image runs it, and no upgrade of a library changes its order.
LOCALE: Final = {"localeProvider": "builtin", "builtinLocale": "C.UTF-8"}
RAISED_PARAMETERS: Final = {"password_encryption": "scram-sha-256"}


def cluster_spec(
    settings: Settings, annotations: Mapping[str, str], source: SecretReference | None = None
) -> dict[str, Any]:
    """The spec of the Cluster.

    Args:
        settings: the stack's.
        annotations: those by which Prometheus finds the servers where there is no PodMonitor.
        source: the log-in of Flagsmith's at the embedded server whose data it is to begin with; None for none.
    """
    cluster, resources = settings.postgres.cluster, settings.postgres_resources
    further = settings.metadata.pods.annotations
    spec: dict[str, Any] = {
        "instances": settings.instances,
        "imageName": settings.images["cluster"].reference,
        "primaryUpdateStrategy": "unsupervised",
        # With a standby there, the primary is the last to be replaced, and hands over before.
        "primaryUpdateMethod": "switchover" if settings.instances > 1 else "restart",
        "enableSuperuserAccess": False,
        # The operator first waits, by default 180 s, for everybody to leave, and lets nobody in: pooled connections
        # never leave. With 0 it asks them to go at once (TryShuttingDownSmartFast of 1.30.0).
        "smartShutdownTimeout": 0,
        # One server may not go; with its budget, its node could not be drained.
        "enablePDB": settings.instances > 1,
        "bootstrap": bootstrap(settings) if source is None else {"initdb": {**initial_database(), **IMPORTED}},
        "storage": _volume(settings.postgres.storage.size, settings.postgres.storage.class_name),
        "resources": {"requests": resources.requests.as_dict(), "limits": resources.limits.as_dict()},
        "postgresql": _postgresql(settings),
        # Poolers show the servers' certificate. One that is switched off is asked until the API's pods are replaced.
        "certificates": {"serverAltDNSNames": service_names(names.pooler(cluster.name), settings.namespace.name)},
        # Servers alone are asked for; whoever wants any of them, standby or not, has no use for it here.
        "managed": {"services": {"disabledDefaultServices": ["r"]}},
        "affinity": _affinity(settings),
        "topologySpreadConstraints": [_spread(cluster.name)],
    }
    if settings.wal_storage is not None:
        class_name = cluster.wal_storage.class_name or settings.postgres.storage.class_name
        spec["walStorage"] = _volume(settings.wal_storage, class_name)
    if settings.scheduling.priority_class_name is not None:
        spec["priorityClassName"] = settings.scheduling.priority_class_name
    if settings.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in settings.image_pull_secrets]
    identity = settings.backup.s3.identity if settings.archives and settings.backup.s3 is not None else BucketIdentity()
    if identity.annotations:
        spec["serviceAccountTemplate"] = {"metadata": {"annotations": dict(identity.annotations)}}
    inherited = {
        "labels": {**settings.metadata.pods.labels, **identity.labels},
        "annotations": {**further, **annotations},
    }
    if any(inherited.values()):
        spec["inheritedMetadata"] = {kind: values for kind, values in inherited.items() if values}
    if cluster.backup.enabled:
        spec["plugins"] = [archiver(settings)]
    if source is not None:
        spec["externalClusters"] = [embedded_server(settings, source)]
    elif cluster.recovery is not None:
        spec["externalClusters"] = [origin(cluster.recovery.cluster, cluster.major)]
    return spec


def bootstrap(settings: Settings) -> dict[str, Any]:
    """How a new Cluster comes into being; on one that is there the operator no longer looks at it."""
    wanted = settings.postgres.cluster.recovery
    return {"initdb": initial_database()} if wanted is None else {"recovery": recovered(wanted.target_time)}


def recovered(target_time: str | None) -> dict[str, Any]:
    """A database from an archive: up to a moment, or to the end.

    Its roles come with it; the operator sets the password of the owner, and the Jobs those of the others.
    """
    found: dict[str, Any] = {
        "source": ORIGIN,
        "database": DATABASE,
        "owner": ADMINISTRATOR,
        "secret": {"name": names.CLUSTER_OWNER},
    }
    return found if target_time is None else {**found, "recoveryTarget": {"targetTime": target_time}}


def origin(cluster: str, major: int) -> dict[str, Any]:
    """Where the archive of another Cluster is, in the same store."""
    parameters = {"barmanObjectName": names.CLUSTER_BACKUPS, "serverName": archive_name(cluster, major)}
    plugin = {"name": BARMAN_PLUGIN, "enabled": True, "isWALArchiver": False, "parameters": parameters}
    return {"name": ORIGIN, "plugin": plugin}


def archive_name(cluster: str, major: int) -> str:
    """The place of a Cluster's archive in its store: it belongs to one line of data, so to one major version."""
    return f"{cluster}-{major}"


def initial_database() -> dict[str, Any]:
    """How a new Cluster's database comes into being."""
    return {
        "database": DATABASE,
        "owner": ADMINISTRATOR,
        "secret": {"name": names.CLUSTER_OWNER},
        # The operator's default is to have none.
        "dataChecksums": True,
        "encoding": "UTF8",
        **LOCALE,
        "postInitSQL": list(INITIAL_SQL),
    }


def embedded_server(settings: Settings, source: SecretReference) -> dict[str, Any]:
    """The embedded server as a place to import from: as Flagsmith, which owns all that is to be read, and by TLS.

    The Secret with its certificate is made by `ff db move`, which has the server show one for that time.
    """
    return {
        "name": EMBEDDED,
        "connectionParameters": {
            "host": names.POSTGRES,
            "port": str(names.POSTGRES_PORT),
            "user": login(settings),
            "dbname": DATABASE,
            "sslmode": "verify-full",
        },
        "password": {"name": source.name, "key": "password"},
        "sslRootCert": {"name": names.MOVE_SOURCE, "key": "ca.crt"},
    }


def archiver(settings: Settings) -> dict[str, Any]:
    """The plugin that archives the write-ahead log."""
    cluster = settings.postgres.cluster
    place = archive_name(cluster.name, cluster.major)
    parameters = {"barmanObjectName": names.CLUSTER_BACKUPS, "serverName": place}
    return {"name": BARMAN_PLUGIN, "enabled": True, "isWALArchiver": True, "parameters": parameters}


def service_names(service: str, namespace: str) -> list[str]:
    """The names by which a Service is called within the cluster."""
    return [service, *(f"{service}.{namespace}{end}" for end in ("", ".svc", ".svc.cluster.local"))]


def _postgresql(settings: Settings) -> dict[str, Any]:
    stated = settings.postgres.cluster.synchronous
    found: dict[str, Any] = {
        "parameters": {**RAISED_PARAMETERS, **settings.postgres_parameters},
        "pg_hba": list(HOST_RULES),
    }
    if settings.synchronous:
        found["synchronous"] = {
            "method": stated.method,
            "number": stated.number,
            "dataDurability": settings.durability,
            # A standby is made the primary only where it surely has what Flagsmith was told is done.
            "failoverQuorum": settings.durability == "required",
        }
    return found


def _volume(size: str, class_name: str | None) -> dict[str, Any]:
    stated = {} if class_name is None else {"storageClass": class_name}
    return {"size": size, "resizeInUseVolumes": True, **stated}


def _affinity(settings: Settings) -> dict[str, Any]:
    scheduling = settings.scheduling
    found: dict[str, Any] = {
        "enablePodAntiAffinity": True,
        "podAntiAffinityType": settings.postgres.cluster.anti_affinity,
        "topologyKey": NODE,
    }
    if scheduling.node_selector:
        found["nodeSelector"] = dict(scheduling.node_selector)
    if scheduling.tolerations:
        found["tolerations"] = [item.model_dump(by_alias=True, exclude_none=True) for item in scheduling.tolerations]
    return found


def _spread(cluster: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {names.CNPG_CLUSTER: cluster, names.CNPG_ROLE: "instance"}},
    }
