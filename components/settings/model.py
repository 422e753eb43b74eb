"""The settings with everything resolved: what the components read."""

from typing import Any

from pydantic import PrivateAttr

from components.settings import releases
from components.settings.images import StackImage, full_name, parse_image, stack_image
from components.settings.lock import Lock, LockedImage
from components.settings.references import NamedSecret
from components.settings.sections.logs import AccessLog
from components.settings.sections.monitoring.exporters import PostgresExporter, RedisExporter
from components.settings.sections.secret_store import KEYS, SERVER_KEYS, own_name, sdk_keys
from components.settings.sized import SizedSettings
from components.settings.tls import TlsSource

# For a release that leaves the connections of its tasks open: seen on 2.265.0, 51 idle ones within 3 minutes.
LEFT_OPEN_SECONDS = 5


class Settings(SizedSettings):
    """The settings of one stack. `parse` checks them as a whole. Properties never return None unless they say so."""

    _lock: Lock = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any, /) -> None:
        """Take the lock file, which `parse` hands over beside the values."""
        self._lock = context or {}

    @property
    def release(self) -> releases.Release:
        """What the components have to know about the release of Flagsmith."""
        return releases.release(self.version, self.ip_family)

    @property
    def access_log(self) -> AccessLog | None:
        """Which requests are logged; None for a release whose log is as the release makes it."""
        return self.logs.access or "all" if self.release.json_access_log else None

    @property
    def task_idle_session_timeout(self) -> int:
        """After how many seconds PostgreSQL closes an idle connection of the task processor; 0 for never."""
        stated = self.task_processor.idle_session_timeout
        if stated is not None:
            return stated
        return 0 if self.release.closes_task_connections else LEFT_OPEN_SECONDS

    @property
    def resolved_cluster_identifier(self) -> str:
        """What tells the cluster from others."""
        return self.cluster_identifier or self.namespace.name

    @property
    def audit_enabled(self) -> bool:
        """Whether the audit log can be read: it is wanted, and there is a Secret to read it with."""
        return self.audit_wanted and self.audit_has_secret

    @property
    def audit_wanted(self) -> bool:
        """Whether the audit log is to be read, if it can be: by default, where people's work depends on the stack."""
        chosen = False if self.is_edge else self.audit.enabled
        return self.audit.export.enabled or (self.production if chosen is None else chosen)

    @property
    def audit_has_secret(self) -> bool:
        """Whether there is a Secret with the address of the role that reads the audit log."""
        return self.postgres.is_own or self.audit.existing_secret is not None

    @property
    def ships_audit(self) -> bool:
        """Whether entries of the audit log are shipped somewhere."""
        return self.audit_enabled and self.audit.export.enabled

    @property
    def flag_metrics_enabled(self) -> bool:
        """Whether the exporter of flag metrics runs: by default, if monitoring is on and a role to read with there."""
        metrics = self.monitoring.flag_metrics
        if self.is_edge:
            return False
        if metrics.enabled is not None:
            return metrics.enabled
        return self.monitoring_enabled and (self.postgres.is_own or metrics.existing_secret is not None)

    @property
    def dashboards_enabled(self) -> bool:
        """Whether there are dashboards."""
        enabled = False if self.is_edge else self.monitoring.dashboards.enabled
        return self.monitoring_enabled if enabled is None else enabled

    @property
    def postgres_exporter(self) -> PostgresExporter | None:
        """PostgreSQL's exporter: None without monitoring, and for an external server that it cannot log in to."""
        exporter = self.monitoring.postgres
        return exporter if self.watches_data and (self.postgres.is_own or exporter.existing_secret) else None

    @property
    def redis_exporter(self) -> RedisExporter | None:
        """Redis' exporter: None without monitoring or Redis, and for an external one that it cannot log in to."""
        exporter = self.monitoring.redis
        return exporter if self.watches_data and (self.redis.embedded or exporter.existing_secret) else None

    @property
    def admin_email(self) -> str:
        """The administrator's log-in."""
        return self.admin.email or f"admin@{self.host}"

    @property
    def smtp_sender(self) -> str:
        """The From address of e-mails."""
        return (self.smtp.sender if self.smtp else None) or f"flagsmith@{self.host}"

    @property
    def url(self) -> str:
        """Where people reach Flagsmith: as stated, else by the stack's own way in, else by somebody else's route."""
        if self.public_url is not None:
            return self.public_url
        return f"{'http' if self.tls_from == 'none' else 'https'}://{self.host}"

    @property
    def tls_from(self) -> TlsSource:
        """Where TLS ends on the way in. With both an Ingress and a Gateway, at the Ingress."""
        by_gateway = self.gateway.enabled and not self.ingress.enabled
        return self.gateway.tls.source or "upstream" if by_gateway else self.ingress.tls_from

    @property
    def tls_secret_name(self) -> str | None:
        """The Secret with the Ingress' certificate: an existing one, or the one that cert-manager fills, or None."""
        if self.ingress.issued:
            return "flagsmith-tls"
        return self.ingress.tls.secret_name if self.ingress.enabled else None

    @property
    def gateway_tls_secret_name(self) -> str | None:
        """The Secret with the certificate of the stack's own Gateway, or None.

        Not the Ingress': cert-manager fills a Secret for one object alone.
        """
        if self.gateway.issued:
            return "flagsmith-gateway-tls"
        return self.gateway.tls.secret_name if self.gateway.is_own else None

    @property
    def issued_certificates(self) -> tuple[str, ...]:
        """The names of the Certificates that cert-manager makes for the ways in."""
        found = (
            self.tls_secret_name if self.ingress.issued else None,
            self.gateway_tls_secret_name if self.gateway.issued else None,
        )
        return tuple(name for name in found if name is not None)

    @property
    def existing_secrets(self) -> dict[str, NamedSecret | None]:
        """The Secrets that exist already, by what they are for; None for one that does not."""
        return {
            "postgres": self.postgres.existing_secret,
            "redis": self.redis.existing_secret,
            "django": self.secret_key.existing_secret,
            "admin": self.admin.existing_secret,
        }

    def foreign_secret(self, purpose: str) -> NamedSecret | None:
        """The Secret that somebody else makes: one that exists, or one from the store; None for one to generate."""
        if self.secret_store is not None and purpose in self.secret_store.secrets.by_purpose:
            return NamedSecret(name=own_name(purpose))
        return self.existing_secrets[purpose]

    def foreign_sdk_secret(self, environment: str) -> NamedSecret | None:
        """The Secret with an environment's keys that somebody else makes; None for one to generate."""
        if self.secret_store is not None and environment in self.secret_store.secrets.sdk_keys:
            return NamedSecret(name=own_name(sdk_keys(environment)))
        return self.sdk_keys.existing_secrets.get(environment)

    def sdk_secret(self, environment: str) -> NamedSecret:
        """The Secret with an environment's keys, whoever makes it."""
        return self.foreign_sdk_secret(environment) or NamedSecret(name=own_name(sdk_keys(environment)))

    @property
    def declared_sdk_keys(self) -> frozenset[str]:
        """The environments whose client key is known from the settings, or from a Secret that they name."""
        stored = () if self.secret_store is None else self.secret_store.secrets.sdk_keys
        return frozenset([*self.sdk_keys.client_keys, *self.sdk_keys.existing_secrets, *stored])

    def secret_keys(self, purpose: str) -> tuple[str, ...]:
        """The keys that the program reads of a Secret which it does not generate."""
        is_server = (purpose == "postgres" and self.postgres.embedded) or (purpose == "redis" and self.redis.embedded)
        return (*SERVER_KEYS, *KEYS[purpose]) if is_server else KEYS[purpose]

    @property
    def images(self) -> dict[str, StackImage]:
        """Every image that the stack uses, by what it is for. One that is not here is in no container."""
        found = {}
        if not self.is_edge or self.edge_metrics_enabled:
            # That of the exporter's program too, which needs nothing else of it.
            found["flagsmith"] = self._image(("image",), self.image, self.version)
        if not self.is_edge:
            found["postgres"] = self._image(("postgres", "image"), self.postgres.image, self.postgres.version)
            for name, place, image, version in self.postgres.cluster_images(pooled=self.pooled):
                found[name] = self._image(place, image, version)
            if self.redis.embedded:
                found["redis"] = self._image(("redis", "image"), self.redis.image, self.redis.version)
        if self.edge.enabled:
            found["edge-proxy"] = self._image(("edge", "image"), self.edge.image, self.edge.version)
        exporters = {"postgres": self.postgres_exporter, "redis": self.redis_exporter}
        for name, exporter in exporters.items():
            if exporter is not None:
                found[f"{name}-exporter"] = self._image(("monitoring", name, "image"), exporter.image, exporter.version)
        return found

    def _image(self, path: tuple[str, ...], image: str, version: str) -> StackImage:
        locked = self._lock.get(full_name(parse_image(image).repository, version))
        digest = None if locked is None else locked.digest
        return stack_image(path, image, version, mirror=self.registry_mirror, locked=digest)

    def locked(self, image: StackImage) -> LockedImage | None:
        """What the lock file says about an image; None for nothing."""
        return self._lock.get(image.source)

    @property
    def image_reference(self) -> str:
        """The image of Flagsmith's containers, with mirror, tag and perhaps a digest."""
        return self.images["flagsmith"].reference

    @property
    def postgres_image(self) -> str:
        """The image with PostgreSQL's server and programs."""
        return self.images["postgres"].reference

    @property
    def redis_image(self) -> str:
        """The image of the embedded Redis; KeyError when there is none."""
        return self.images["redis"].reference

    @property
    def generates_edge_keys(self) -> bool:
        """Whether the program makes the keys of its own proxies, and their Secret."""
        return self.edge.enabled and self.edge.existing_secret is None and not self.is_edge

    @property
    def edge_image(self) -> str:
        """The image of the edge's proxies; KeyError when there are none."""
        return self.images["edge-proxy"].reference

    @property
    def isolated(self) -> bool:
        """Whether there are network policies: by default where people's work depends on the stack."""
        stated = self.network_policy.enabled
        return self.production if stated is None else stated
