"""What a stack that people's work depends on may not do without; no option and no missing tool skips these checks."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from components.settings.model import Settings
from components.settings.problems import Problem
from components.settings.sections.backup import S3

# One may be replaced and one may fail at the same moment, and flags are still served.
MIN_REPLICAS: Final = 3


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what production does not survive with one server of PostgreSQL."""
    if settings.production and settings.postgres.embedded and not settings.is_edge:
        yield (
            "postgres.mode is embedded: while its pod or its node is away, nothing can be written. If its volume is "
            "lost, everything since the last dump is lost. docs/data-tier.md says what a Cluster of CloudNativePG or "
            "a server of your own would survive, and what it costs"
        )
        if settings.backup.enabled and settings.backup.s3 is None:
            yield (
                "backup.s3 is not set: the backups are on a volume of the same cluster. If the cluster is lost, the "
                "database and its backups are lost. Set backup.s3 to a bucket elsewhere (docs/backups.md)"
            )
        elif settings.backup.enabled and _is_service(settings.backup.s3):
            yield (
                "backup.s3.endpoint is a Service of the same cluster. If the cluster is lost, the database and its "
                "backups are lost. Name a bucket elsewhere, or make sure that it is copied to one (docs/backups.md)"
            )


def _is_service(s3: S3 | None) -> bool:
    """Whether a bucket's address is one that only the cluster itself knows."""
    if s3 is None or s3.endpoint is None:
        return False
    host = urlsplit(s3.endpoint).hostname or ""
    return "." not in host or re.search(r"\.svc(\.|$)", host) is not None


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield what production lacks; nothing for a stack that is none."""
    if not settings.production:
        return
    if settings.resolved_replicas < MIN_REPLICAS:
        key = ("autoscaling", "minReplicas") if settings.autoscaling.enabled else ("replicas",)
        yield Problem(
            path=key,
            value=settings.resolved_replicas,
            text=f"must be at least {MIN_REPLICAS} when production is true: raise it, or set production to false",
        )
    if settings.ingress.tls_from == "none":
        yield Problem(
            path=("ingress", "tls", "from" if settings.ingress.tls.from_ is not None else "enabled"),
            text="must not mean plain HTTP when production is true, or passwords cross the network "
            "unencrypted: write `tls: {from: issuer, clusterIssuer: NAME}`, `{from: secret, secretName: "
            "NAME}`, `{from: controller}`, or `{from: upstream}` where TLS ends before the Ingress",
        )
    if settings.gateway.enabled and settings.gateway.tls.source == "none":
        yield Problem(
            path=("gateway", "tls", "from"),
            text="must not mean plain HTTP when production is true, or passwords cross the network unencrypted: write "
            "`tls: {from: issuer, clusterIssuer: NAME}`, `{from: secret, secretName: NAME}`, `{from: controller}`, or "
            "`{from: upstream}` where TLS ends before the Gateway",
        )
    if settings.public_url is not None and not settings.public_url.startswith("https://"):
        yield Problem(
            path=("publicUrl",),
            text="must be https:// when production is true, or passwords cross the network unencrypted",
        )
    if settings.service.node_port is not None:
        yield Problem(
            path=("service", "nodePort"),
            text="must be left out when production is true: it shows /metrics to anybody who reaches a node. Use "
            "an Ingress or a Gateway, which do not",
        )
    lost = "the edge" if settings.is_edge else "the database"
    if not settings.protect:
        yield Problem(
            path=("protect",),
            value=settings.protect,
            text=f"must be true when production is true, or one command deletes {lost}: set it to true, "
            "or production to false. To remove the stack, change nothing: `ff down --unprotect`",
        )
