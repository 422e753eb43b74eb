"""The ways to services outside of the stack: one for each setting that names such a service, and how wide it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_address, ip_network
from typing import Final

from components.settings.model import Settings
from components.settings.networks import HTTPS, SERVICE, WEB_PORTS, place
from components.settings.sections.backup import S3
from components.settings.sections.network_policy import Outgoing, Peer

POSTGRES: Final = 5432
REDIS: Final = 6379
# Of EKS, on each node: where a pod with an identity of EKS Pod Identity gets its credentials.
POD_IDENTITY_AGENT: Final = {"IPv4": "169.254.170.23/32", "IPv6": "fd00:ec2::23/128"}
POD_IDENTITY_PORT: Final = 80
# Without a port, gRPC takes the one of HTTPS, whatever the scheme.
GRPC_PORTS: Final = {"http": HTTPS, "https": HTTPS}


class Reach(Enum):
    """Where a way leads."""

    STATED = "where settings say"
    SERVICE = "the pods of the namespace of a Service that is named in full"
    ADDRESS = "the address that stands in place of a name, or pods: it can be a Service's, which leads to them"
    INTERNET = "the internet"
    ANYWHERE = "any address"


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way out of the stack, to one service.

    Attributes:
        service: its key in `networkPolicy.egress`; `telemetry` is not one, and cannot be said to be elsewhere.
        setting: what opens it.
        default_port: the service's, unless `networkPolicy.egress` has another.
        host: where it is, by name or by address; None where no setting says so.
        public: whether it is on the internet, where nobody says where it is.
        beside: the setting beside the name that takes its networks; None where there is no name.
        networks: those.
        egress: what `networkPolicy.egress` says about it.
    """

    service: str
    setting: str
    default_port: int
    host: str | None = None
    public: bool = False
    beside: str | None = None
    networks: tuple[str, ...] = ()
    egress: Outgoing = field(default_factory=Outgoing)

    @property
    def port(self) -> int:
        """The port that the service's hosts or pods listen on."""
        return self.egress.port or self.default_port

    @property
    def to(self) -> tuple[Peer, ...]:
        """Who it is, as far as settings say so: only one of the two places may."""
        return self.egress.to or tuple(Peer(cidr=network) for network in self.networks)

    @property
    def reach(self) -> Reach:
        """Where it leads."""
        if self.to:
            return Reach.STATED
        if self.namespace is not None:
            return Reach.SERVICE
        if self.address is not None:
            return Reach.ADDRESS
        return Reach.INTERNET if self.public else Reach.ANYWHERE

    @property
    def namespace(self) -> str | None:
        """The namespace of the Service that the host's name is; None where it is none in full."""
        found = SERVICE.fullmatch(self.host or "")
        return None if found is None else found["namespace"]

    @property
    def address(self) -> str | None:
        """The network of the host alone, where it is an address and no name."""
        try:
            return str(ip_network(ip_address(self.host or "")))
        except ValueError:
            return None


def ways(settings: Settings) -> Iterator[Way]:
    """Yield the way to each service that the stack uses and does not run."""
    if settings.is_edge:
        yield from _primary(settings)
        return
    egress, tracing = settings.network_policy.egress, settings.tracing
    if not settings.postgres.is_own:
        yield Way(
            service="postgres",
            setting="postgres.mode external",
            default_port=POSTGRES,
            beside="postgres.cidr",
            networks=settings.postgres.cidr,
            egress=egress.postgres,
        )
    if settings.redis.mode == "external":
        yield Way(
            service="redis",
            setting="redis.mode external",
            default_port=REDIS,
            beside="redis.cidr",
            networks=settings.redis.cidr,
            egress=egress.redis,
        )
    if settings.smtp is not None:
        yield Way(
            service="smtp",
            setting="smtp.host",
            default_port=settings.smtp.port,
            host=settings.smtp.host,
            beside="smtp.cidr",
            networks=settings.smtp.cidr,
            egress=egress.smtp,
        )
    if tracing.endpoint is not None:
        host, port = place(tracing.endpoint, GRPC_PORTS if tracing.protocol == "grpc" else WEB_PORTS)
        yield Way(
            service="tracing",
            setting="tracing.endpoint",
            default_port=port,
            host=host,
            beside="tracing.cidr",
            networks=tracing.cidr,
            egress=egress.tracing,
        )
    yield from _public(settings)
    yield from _optional(settings)


def _primary(settings: Settings) -> Iterator[Way]:
    """All that an edge alone calls."""
    primary = settings.edge.primary
    if primary is not None:
        host, port = place(primary.url, WEB_PORTS)
        yield Way(
            service="primary",
            setting="edge.primary.url",
            default_port=port,
            host=host,
            beside="edge.primary.cidr",
            networks=primary.cidr,
            egress=settings.network_policy.egress.primary,
        )


def _public(settings: Settings) -> Iterator[Way]:
    """Services on the internet, which have more addresses than anybody lists."""
    login = settings.login
    if login.google or login.github is not None:
        yield Way(
            service="login",
            setting="login.google" if login.google else "login.github",
            default_port=HTTPS,
            public=True,
            egress=settings.network_policy.egress.login,
        )
    if settings.telemetry:
        yield Way(service="telemetry", setting="telemetry", default_port=HTTPS, public=True)


def _bucket(settings: Settings, s3: S3) -> Iterator[Way]:
    """The bucket, or the proxy before it, and where its callers get their credentials."""
    address = s3.proxy or s3.endpoint
    host, port = (None, HTTPS) if address is None else place(address, WEB_PORTS)
    key = "backup.s3" if address is None else "backup.s3.proxy" if s3.proxy else "backup.s3.endpoint"
    yield Way(
        service="s3",
        setting=key,
        default_port=port,
        host=host,
        public=host is None,
        beside="backup.s3.cidr",
        networks=s3.cidr,
        egress=settings.network_policy.egress.s3,
    )
    if s3.by_identity:
        yield Way(
            service="s3",
            setting="backup.s3 without existingSecret",
            default_port=POD_IDENTITY_PORT,
            networks=(POD_IDENTITY_AGENT[settings.ip_family],),
        )


def _optional(settings: Settings) -> Iterator[Way]:
    """What backups, the audit log's exporter and rollouts call."""
    export, egress = settings.audit.export, settings.network_policy.egress
    if settings.uses_s3 and settings.backup.s3 is not None:
        yield from _bucket(settings, settings.backup.s3)
    if settings.ships_audit and export.destination is not None:
        host, port = export.destination
        yield Way(
            service="audit",
            setting="audit.export.url",
            default_port=port,
            host=host,
            beside="audit.export.cidr",
            networks=export.cidr,
            egress=egress.audit,
        )
    if settings.rollouts.destination is not None:
        host, port = settings.rollouts.destination
        yield Way(
            service="prometheus",
            setting="rollouts.prometheus.url",
            default_port=port,
            host=host,
            beside="rollouts.prometheus.cidr",
            networks=settings.rollouts.prometheus.cidr,
            egress=egress.prometheus,
        )
