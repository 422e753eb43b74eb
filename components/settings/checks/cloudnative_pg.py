"""What a Cluster of CloudNativePG needs of other settings, and what its instances can hold."""

from collections.abc import Iterator
from typing import Final

from components.settings.beside import beside
from components.settings.model import Settings
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.quantities import format_memory, parse_memory
from components.settings.releases import FIRST_WITH_REPLICAS
from components.settings.tuning import parse_size, shared_buffers
from components.text.postgres_marks import knows_marks
from components.text.versions import dotted, parse_version

SECTION: Final = ("postgres", "cluster")
POOLER: Final = "-pooler"
_PLAIN: Final = (
    "encrypts only dumps: base backups and the archive of the write-ahead log, with the same data, would be in the "
    "same bucket without encryption"
)
_PLAIN_WAYS: Final = (
    ". Let the bucket encrypt what it stores, and remove backup.encryption, or set postgres.cluster.backup.enabled to "
    "false"
)
_REPLICA_VARIABLES: Final = ("REPLICA_DATABASE_URL", "REPLICA_READ_STRATEGY")


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield what does not fit together; nothing where there is no Cluster, neither live nor beside."""
    if not settings.postgres.clustered:
        other = beside(settings)
        if other is not None:
            yield from problems(other)
        return
    yield from _synchronous(settings)
    yield from _replicas(settings)
    yield from _memory(settings)
    yield from _pool(settings)
    yield from _network(settings)
    if settings.postgres.cluster.recovery is not None and not settings.postgres.cluster.backup.enabled:
        yield Problem(
            path=(*SECTION, "recovery"),
            value=NOT_SHOWN,
            text="goes with postgres.cluster.backup.enabled: it reads from that bucket what another Cluster archived",
        )
    yield from _log(settings)
    if _in_plain(settings) and settings.production:
        yield Problem(path=("backup", "encryption"), value=NOT_SHOWN, text=_PLAIN + _PLAIN_WAYS)
    if settings.postgres.cluster.backup.enabled and settings.backup.s3 is None:
        yield Problem(
            path=("backup", "s3"),
            value=NOT_SHOWN,
            text="is required with postgres.cluster.backup.enabled: base backups and the archive of the write-ahead "
            "log are kept in that bucket",
        )


def _synchronous(settings: Settings) -> Iterator[Problem]:
    stated = settings.postgres.cluster.synchronous
    if settings.synchronous and stated.number >= settings.instances:
        yield Problem(
            path=(*SECTION, "synchronous", "number" if settings.instances > 1 else "enabled"),
            text=f"needs more standbys than the {settings.instances - 1} beside the primary. Raise "
            "postgres.cluster.instances, or lower it",
        )


def _replicas(settings: Settings) -> Iterator[Problem]:
    if not settings.postgres.cluster.read_replicas:
        return
    path = (*SECTION, "readReplicas")
    if settings.instances < 2:
        yield Problem(
            path=path,
            text="needs two instances or more: with one there is no standby, and each read would wait for one. Raise "
            "postgres.cluster.instances",
        )
    if parse_version(settings.version) < FIRST_WITH_REPLICAS:
        yield Problem(
            path=path,
            text=f"needs version {dotted(FIRST_WITH_REPLICAS)} or newer: older releases fail to read flags, or read "
            f"from a standby what was written a moment ago. This one is {settings.version}",
        )
    for section, names in (("env", settings.env), ("envFromSecrets", settings.env_from_secrets)):
        for name in names:
            if name.startswith(_REPLICA_VARIABLES):
                yield Problem(
                    path=(section, name), text="is set by postgres.cluster.readReplicas: remove one of the two"
                )


def _memory(settings: Settings) -> Iterator[Problem]:
    resources = settings.postgres_resources
    needed = shared_buffers(parse_memory(resources.limits.memory))
    if (
        "shared_buffers" not in settings.postgres.cluster.parameters
        and parse_memory(resources.requests.memory) < needed
    ):
        yield Problem(
            path=("postgres", "resources", "requests", "memory"),
            value=resources.requests.memory,
            text=f"must be at least {format_memory(needed)}, PostgreSQL's shared buffers, a quarter of the limit: the "
            "operator refuses less. Raise it, or lower the limit",
        )


def _log(settings: Settings) -> Iterator[Problem]:
    """The write-ahead log's least size, which the operator wants below its most (validateWalSizeConfiguration)."""
    parameters, stated = settings.postgres_parameters, settings.postgres.cluster.parameters
    least, most = (parse_size(parameters[name]) for name in ("min_wal_size", "max_wal_size"))
    if least is not None and most is not None and least >= most:
        name = "max_wal_size" if "max_wal_size" in stated else "min_wal_size"
        yield Problem(
            path=(*SECTION, "parameters", name),
            text=f"does not fit: min_wal_size, {parameters['min_wal_size']}, must be below max_wal_size, "
            f"{parameters['max_wal_size']}, or the operator refuses the Cluster",
        )


def _in_plain(settings: Settings) -> bool:
    """Whether base backups lie in plain beside dumps that are encrypted."""
    return settings.archives and settings.backup.encryption is not None


def _network(settings: Settings) -> Iterator[Problem]:
    network, cluster = settings.network_policy, settings.postgres.cluster
    if settings.isolated and not network.api_server:
        yield Problem(
            path=("networkPolicy", "apiServer"),
            value=NOT_SHOWN,
            text="is required with network policies and a Cluster, whose servers ask the API server which of them is "
            "the primary: name all its addresses, those of `kubectl -n default get endpointslice,service kubernetes`",
        )
    if cluster.operator_namespace == settings.namespace.name and settings.isolated:
        yield Problem(
            path=(*SECTION, "operatorNamespace"),
            text="is the stack's own namespace, whose policies cut off every pod that is not of the stack: install the "
            "operator in another one",
        )
    if cluster.name.endswith(POOLER):
        yield Problem(
            path=(*SECTION, "name"), text=f"must not end with {POOLER}: names of poolers end so. Choose another one"
        )


def _pool(settings: Settings) -> Iterator[Problem]:
    pooler = settings.postgres.cluster.pooler
    stated = pooler.model_fields_set - {"enabled"}
    if not settings.pooled and pooler.enabled is None and stated:
        without = "a stack with readReplicas" if settings.reads_replicas else f"size {settings.size}"
        yield Problem(
            path=(*SECTION, "pooler"),
            value=NOT_SHOWN,
            text=f"has no effect, since {without} has no pooler by itself: set postgres.cluster.pooler.enabled to "
            "true, or remove it",
        )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what a Cluster does not survive as it is."""
    if not settings.postgres.clustered:
        return
    if settings.instances == 1:
        yield (
            "postgres.cluster.instances is 1: while its pod or its node is away, nothing can be written, and with its "
            "volume the data is lost. Set it to 2 or more"
        )
    elif not settings.synchronous:
        yield (
            "postgres.cluster.synchronous.enabled is false: the last writes before the primary fails are lost, "
            "although Flagsmith was told that they are done"
        )
    if settings.pooled and settings.reads_replicas:
        yield (
            "postgres.cluster.readReplicas and postgres.cluster.pooler.enabled are both true: through a pooler the API "
            "does not ask the standbys while the primary is away, and fails what its caches do not hold. Without a "
            "pooler it asks them"
        )
    postgres = settings.postgres
    if settings.backup.enabled and knows_marks(postgres.version) is False and knows_marks(postgres.cluster.version):
        yield (
            f"postgres.version {postgres.version} is older than the servers' {postgres.cluster.version}: its programs "
            "write pg_attver into the dumps, which older servers do not know, so each drill fails. Raise it"
        )
    if _in_plain(settings):
        yield f"backup.encryption {_PLAIN}"
    if settings.production and not settings.postgres.cluster.backup.enabled:
        yield (
            "postgres.cluster.backup.enabled is false: there are only the dumps of `backup`, and no way back to a "
            "moment between two of them"
        )
