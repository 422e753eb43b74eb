"""The stacks with a Cluster of CloudNativePG whose policies are tried."""

from collections.abc import Mapping
from typing import Final

from tests.components.network.edges import WAY_IN

ARCHIVED: Final = {"pooler": {"enabled": True}, "backup": {"enabled": True}}
S3: Final = {"bucket": "backups", "existingSecret": "bucket", "cidr": "203.0.113.8/32"}


def clustered(**cluster: object) -> dict[str, object]:
    """A Cluster on a cluster whose API server has these addresses."""
    return {
        "postgres": {"mode": "cloudnativepg", "cluster": cluster},
        "apiVersions": ["postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1"],
        "networkPolicy": {**WAY_IN, "apiServer": ["10.96.0.1/32", "10.100.0.2/32"]},
    }


CLUSTERS: Final[Mapping[str, Mapping[str, object]]] = {
    "with a Cluster, without poolers and monitoring": {
        **clustered(pooler={"enabled": False}),
        "monitoring": {"enabled": False},
    },
    "with a Cluster, poolers and its archive": {**clustered(**ARCHIVED), "backup": {"s3": S3}},
    "with a Cluster, poolers, reads from standbys, and its archive alone": {
        **clustered(**ARCHIVED, readReplicas=True),
        "backup": {"s3": S3, "enabled": False},
    },
}
