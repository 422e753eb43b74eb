"""The ends of connections: pods of the stack, and who is outside, by the settings."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from components import (
    audit,
    audit_exporter,
    backup,
    bootstrap,
    database_roles,
    external_exporters,
    flag_metrics,
    flagsmith,
    migration,
    postgres,
    redis,
    task_processor,
    toolbox,
)
from components.network_policies import Outside, Pods, component_pods, in_namespace
from components.settings.network import Peer

API: Final = component_pods(flagsmith.COMPONENT)
TASK_PROCESSOR: Final = component_pods(task_processor.COMPONENT)
MIGRATION: Final = component_pods(migration.COMPONENT)
BOOTSTRAP: Final = component_pods(bootstrap.COMPONENT)
DATABASE: Final = component_pods(postgres.COMPONENT)
ROLES: Final = component_pods(database_roles.COMPONENT)
CACHE: Final = component_pods(redis.COMPONENT)
BACKUP: Final = component_pods(backup.COMPONENT)
AUDIT: Final = component_pods(audit.COMPONENT)
AUDIT_EXPORTER: Final = component_pods(audit_exporter.COMPONENT)
FLAG_METRICS: Final = component_pods(flag_metrics.COMPONENT)
TOOLBOX: Final = component_pods(toolbox.COMPONENT)
POSTGRES_EXPORTER: Final = component_pods(external_exporters.POSTGRES_COMPONENT)
REDIS_EXPORTER: Final = component_pods(external_exporters.REDIS_COMPONENT)
# What cert-manager starts to answer a challenge of ACME, and its port (cert-manager 1.21, pkg/issuer/acme/http).
SOLVER: Final = Pods(name="flagsmith-acme-solver", labels={"acme.cert-manager.io/http01-solver": "true"})
SOLVER_PORT: Final = 8089

# Pods too, which not every network counts among the addresses of a block.
ANYWHERE: Final = (Outside(cidr="0.0.0.0/0"), Outside(cidr="::/0"), Outside())
# Without the networks of RFC 1918, 3927, 6598, 4193 and 4291: what is private, shared by carriers, or on the link.
INTERNET: Final = (
    Outside(
        cidr="0.0.0.0/0", except_=("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
    ),
    Outside(cidr="::/0", except_=("fc00::/7", "fe80::/10")),
)
_SERVICE: Final = re.compile(r"[a-z0-9-]+\.(?P<namespace>[a-z0-9-]+)\.svc(\.cluster\.local)?")


def outside(peers: Sequence[Peer]) -> list[Outside]:
    """Those whom the settings name."""
    return [
        in_namespace(peer.namespace, peer.pod_labels)
        if peer.namespace is not None
        else Outside(
            cidr=peer.cidr,
            except_=peer.except_,
            namespace_labels=peer.namespace_labels,
            pod_labels=peer.pod_labels,
        )
        for peer in peers
    ]


def addresses(networks: Sequence[str]) -> list[Outside]:
    """Hosts, by their networks."""
    return [Outside(cidr=network) for network in networks]


def behind(host: str) -> Sequence[Outside]:
    """Who may be behind a host's name: pods of a namespace for a Service's full name, else anybody."""
    service = _SERVICE.fullmatch(host)
    return ANYWHERE if service is None else [in_namespace(service["namespace"])]


def place(url: str, ports: dict[str, int]) -> tuple[str, int]:
    """The host and the port of an address; without a port, that of its scheme in `ports`."""
    parts = urlsplit(url)
    return str(parts.hostname), parts.port or ports[parts.scheme]
