"""The settings with everything resolved: what the components read."""

from collections.abc import Iterator
from typing import Any

from pydantic import PrivateAttr

from components.settings import budget, checks, checks_audit, checks_production, releases
from components.settings.cache import parse_redis_memory
from components.settings.fields import SettingsFields
from components.settings.images import StackImage, full_name, parse_image, stack_image
from components.settings.lock import Lock, LockedImage
from components.settings.logs import AccessLog
from components.settings.monitoring import PostgresExporter, RedisExporter
from components.settings.problems import Problem
from components.settings.quantities import format_cpu, parse_cpu, parse_memory
from components.settings.secret_store import KEYS, SERVER_KEYS, own_name
from components.settings.sizes import SIZES, Size
from components.settings.tuning import postgres_parameters
from components.settings.workload import Resources

# More workers than cores cost tail latency, and fewer than two leave a pod deaf while one request is slow.
MIN_WORKERS = 2
# Redis needs room for its clients' buffers and for fragmentation above its data.
REDIS_DATA_SHARE = 0.75


class Settings(SettingsFields):
    """The settings of one stack, checked as a whole. Properties never return None unless they say so."""

    _lock: Lock = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any, /) -> None:
        """Take the lock file, which `parse` hands over beside the values."""
        self._lock = context or {}

    def problems(self) -> Iterator[Problem]:
        """Contradictions between sections."""
        yield from checks.problems(self)
        yield from checks_production.problems(self)

    @property
    def warnings(self) -> list[str]:
        """What is allowed and worth knowing, one sentence each."""
        return list(checks.warnings(self))

    @property
    def release(self) -> releases.Release:
        """What the components have to know about the release of Flagsmith."""
        return releases.release(self.version)

    @property
    def access_log(self) -> AccessLog | None:
        """Which requests are logged; None for a release whose log is as the release makes it."""
        return self.logs.access or "all" if self.release.json_access_log else None

    @property
    def size_defaults(self) -> Size:
        """The row of the table of sizes."""
        return SIZES[self.size]

    @property
    def resolved_cluster_identifier(self) -> str:
        """What tells the cluster from others."""
        return self.cluster_identifier or self.namespace.name

    @property
    def resolved_replicas(self) -> int:
        """Number of API pods; with an autoscaler, the fewest."""
        if self.autoscaling.enabled:
            return self.autoscaling.min_replicas or self.size_defaults.autoscaling[0]
        return self.replicas or self.size_defaults.replicas

    @property
    def most_replicas(self) -> int:
        """Number of API pods; with an autoscaler, the most."""
        if self.autoscaling.enabled:
            return self.autoscaling.max_replicas or self.size_defaults.autoscaling[1]
        return self.resolved_replicas

    @property
    def target_cpu(self) -> str:
        """The CPU that an API pod is to use on average: a share of its limit.

        The vendor means the share of a whole pod, of which only half is requested here.
        """
        return format_cpu(parse_cpu(self.api_resources.limits.cpu) * self.autoscaling.target_cpu // 100)

    @property
    def api_resources(self) -> Resources:
        """Requests and limits of an API container."""
        return self.resources or self.size_defaults.api

    @property
    def job_resources(self) -> Resources:
        """Requests and limits of the container of a migration or bootstrap Job: the API's, whose code it runs."""
        return self.api_resources

    @property
    def gunicorn_workers(self) -> int:
        """Worker processes of an API pod: by default the whole cores of its CPU limit, at least 2."""
        return self.gunicorn.workers or max(MIN_WORKERS, parse_cpu(self.api_resources.limits.cpu) // 1000)

    @property
    def gunicorn_threads(self) -> int:
        """Threads of a worker: by default 2, the fewest that work; more cost tail latency."""
        return self.gunicorn.threads or 2

    @property
    def task_processor_replicas(self) -> int:
        """Number of task processor pods."""
        return self.task_processor.replicas or self.size_defaults.task_processor_replicas

    @property
    def task_processor_resources(self) -> Resources:
        """Requests and limits of a task processor container."""
        return self.task_processor.resources or self.size_defaults.task_processor

    @property
    def postgres_resources(self) -> Resources:
        """Requests and limits of the embedded PostgreSQL."""
        return self.postgres.resources or self.size_defaults.postgres

    @property
    def max_connections(self) -> int | None:
        """Connections that PostgreSQL takes; None for an external one whose limit is not stated."""
        if self.postgres.embedded:
            return self.postgres.max_connections or self.size_defaults.max_connections
        return self.postgres.max_connections

    @property
    def postgres_parameters(self) -> dict[str, str]:
        """Parameters of the embedded PostgreSQL, derived from its memory and disk; empty for an external one."""
        connections = self.max_connections
        if not self.postgres.embedded or connections is None:
            return {}
        memory, storage = self.postgres_resources.limits.memory, self.postgres.storage.size
        return postgres_parameters(parse_memory(memory), connections, parse_memory(storage))

    @property
    def backup_storage(self) -> str:
        """Room for backups, and for one that is being made or restored."""
        return self.backup.storage.size or self.postgres.storage.size

    @property
    def audit_enabled(self) -> bool:
        """Whether the audit log can be read: it is wanted, and there is a Secret to read it with."""
        return checks_audit.wanted(self) and checks_audit.has_secret(self)

    @property
    def redis_resources(self) -> Resources:
        """Requests and limits of the embedded Redis."""
        return self.redis.resources or self.size_defaults.redis

    @property
    def redis_max_memory(self) -> str:
        """Bound on the data of the embedded Redis, in bytes: by default 75 % of its memory limit."""
        if self.redis.max_memory is not None:
            return str(parse_redis_memory(self.redis.max_memory))
        return str(int(parse_memory(self.redis_resources.limits.memory) * REDIS_DATA_SHARE))

    @property
    def monitoring_enabled(self) -> bool:
        """Whether the stack is monitored: by default, one that people's work depends on."""
        return self.production if self.monitoring.enabled is None else self.monitoring.enabled

    @property
    def flag_metrics_enabled(self) -> bool:
        """Whether the exporter of flag metrics runs: by default, if monitoring is on and a role to read with there."""
        metrics = self.monitoring.flag_metrics
        if metrics.enabled is not None:
            return metrics.enabled
        return self.monitoring_enabled and (self.postgres.embedded or metrics.existing_secret is not None)

    @property
    def dashboards_enabled(self) -> bool:
        """Whether there are dashboards."""
        enabled = self.monitoring.dashboards.enabled
        return self.monitoring_enabled if enabled is None else enabled

    @property
    def postgres_exporter(self) -> PostgresExporter | None:
        """PostgreSQL's exporter: None without monitoring, and for an external server that it cannot log in to."""
        exporter = self.monitoring.postgres
        return exporter if self.monitoring_enabled and (self.postgres.embedded or exporter.existing_secret) else None

    @property
    def redis_exporter(self) -> RedisExporter | None:
        """Redis' exporter: None without monitoring or Redis, and for an external one that it cannot log in to."""
        exporter = self.monitoring.redis
        return exporter if self.monitoring_enabled and (self.redis.embedded or exporter.existing_secret) else None

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
        """Where people reach Flagsmith; without an Ingress, where `kubectl port-forward` puts it."""
        if not self.ingress.enabled:
            return "http://localhost:8000"
        return f"{'https' if self.ingress.tls.enabled else 'http'}://{self.host}"

    @property
    def tls_secret_name(self) -> str:
        """The Secret with the Ingress' certificate: an existing one, or the one that cert-manager fills."""
        return self.ingress.tls.secret_name or "flagsmith-tls"

    @property
    def existing_secrets(self) -> dict[str, str | None]:
        """The Secrets that exist already, by what they are for; None for one that does not."""
        return {
            "postgres": self.postgres.existing_secret,
            "redis": self.redis.existing_secret,
            "django": self.secret_key.existing_secret,
            "admin": self.admin.existing_secret,
        }

    def secret_name(self, purpose: str) -> str | None:
        """The Secret that somebody else makes: one that exists, or one from the store; None for one to generate."""
        if self.secret_store is not None and purpose in self.secret_store.secrets.by_purpose:
            return own_name(purpose)
        return self.existing_secrets[purpose]

    def secret_keys(self, purpose: str) -> tuple[str, ...]:
        """The keys that the program reads of a Secret which it does not generate."""
        is_server = (purpose == "postgres" and self.postgres.embedded) or (purpose == "redis" and self.redis.embedded)
        return (*SERVER_KEYS, *KEYS[purpose]) if is_server else KEYS[purpose]

    @property
    def images(self) -> dict[str, StackImage]:
        """Every image that the stack uses, by what it is for. One that is not here is in no container."""
        found = {
            "flagsmith": self._image(("image",), self.image, self.version),
            "postgres": self._image(("postgres", "image"), self.postgres.image, self.postgres.version),
        }
        if self.redis.embedded:
            found["redis"] = self._image(("redis", "image"), self.redis.image, self.redis.version)
        exporters = {"postgres": self.postgres_exporter, "redis": self.redis_exporter}
        for name, exporter in exporters.items():
            if exporter is not None:
                path = ("monitoring", name, "image")
                found[f"{name}-exporter"] = self._image(path, exporter.image, exporter.version)
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
    def isolated(self) -> bool:
        """Whether there are network policies: by default where people's work depends on the stack."""
        stated = self.network_policy.enabled
        return self.production if stated is None else stated

    @property
    def quota(self) -> dict[str, str]:
        """The `hard` bounds of the ResourceQuota; empty when it is switched off."""
        return budget.quota(self) if self.namespace.quota.enabled else {}
