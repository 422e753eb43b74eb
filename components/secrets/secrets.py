"""The Secrets: generated once and kept in Pulumi's state, or named by the operator and left alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

import pulumi

from components.kit import names
from components.kit.component import Component
from components.kit.given_up import mark
from components.kit.secret_refs import SecretReference
from components.secrets.addresses import ADMINISTRATOR, further_ways, login, server_address
from components.secrets.external import ExternalSecrets, ExternalSecretsArgs
from components.secrets.generated import generated_value, secret_of
from components.settings import Settings
from components.settings.beside import beside
from components.settings.references import NamedSecret

# 32 characters of 62 letters and digits hold 190 bits; special characters would add trouble, not strength.
PASSWORD_LENGTH = 32
# Django's own generator makes secret keys of 50 characters.
SECRET_KEY_LENGTH = 50


@dataclass(frozen=True, kw_only=True)
class CredentialsArgs:
    """Which Secrets to make.

    Attributes:
        settings: the stack's, which name the Secrets that somebody else makes.
        namespace: where they live.
        store: the Secrets that come from a store; None without one.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    store: ExternalSecretsArgs | None


class Credentials(Component):
    """The Secrets `flagsmith-postgres`, `flagsmith-database`, `flagsmith-redis`, `flagsmith-django`, `flagsmith-admin`.

    And those of the database's readers, `flagsmith-audit` and `flagsmith-analytics`; for a Cluster `flagsmith-metrics`,
    and `flagsmith-pg-owner` in place of `flagsmith-postgres`. A generated value is made once: no
    setting changes it but its number in `rotations`.

    Attributes:
        postgres: the administrator of the stack's own PostgreSQL, key `password`; None for an external one.
        beside: the same of the one beside it, while the data moves and as long as the old one is kept.
        database: what Flagsmith logs in to its database with, key `DATABASE_URL`; by a Cluster's poolers with
            `POOLED_DATABASE_URL`, and to its standbys with `REPLICA_DATABASE_URLS`.
        audit: what the audit log is read with, key `DATABASE_URL`; None for an external database without such a Secret.
        analytics: the same for the flags' analytics.
        metrics: the same for the server's metrics; None but for a Cluster, whose exporter runs by itself.
        redis: the cache, key `REDIS_URL`; None without Redis.
        django: the keys that Flagsmith signs with.
        admin: the administrator of Flagsmith.
    """

    postgres: SecretReference | None
    beside: SecretReference | None
    database: SecretReference
    audit: SecretReference | None
    analytics: SecretReference | None
    metrics: SecretReference | None
    redis: SecretReference | None
    django: SecretReference
    admin: SecretReference

    def __init__(self, name: str, args: CredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Credentials", name, opts)
        settings = args.settings
        self._namespace = args.namespace
        self._settings = settings
        self._name = name
        self._protects = settings.protect
        self._rotations = settings.rotations
        if args.store is not None:
            ExternalSecrets(f"{name}-store", args.store, self.child())
        is_own, with_redis = settings.postgres.is_own, settings.redis.mode != "none"
        existing = self._existing(settings.foreign_secret("postgres"))
        self.postgres = (existing or self._postgres(settings)) if is_own else None
        other = beside(settings)
        self.beside = None if other is None else self._postgres(other)
        self.database = existing or self._database()
        audit, analytics = settings.audit.existing_secret, settings.monitoring.flag_metrics.existing_secret
        self.audit = self._reader(audit, names.AUDIT, "audit", is_made=is_own)
        self.analytics = self._reader(analytics, names.ANALYTICS, "analytics", is_made=is_own)
        self.metrics = self._metrics() if settings.postgres.clustered and settings.postgres_exporter else None
        self.redis = (self._existing(settings.foreign_secret("redis")) or self._redis()) if with_redis else None
        self.django = self._existing(settings.foreign_secret("django")) or self._django()
        self.admin = self._existing(settings.foreign_secret("admin")) or self._secret(
            names.ADMIN,
            "application",
            {"email": settings.admin_email, "password": self._value("admin", self._rotations.admin)},
        )
        self.register_outputs({secret: reference.name for secret, reference in self.references().items()})

    def references(self) -> dict[str, SecretReference]:
        """The Secrets by what they are for."""
        found = {
            "postgres": self.postgres,
            "database": self.database,
            "audit": self.audit,
            "analytics": self.analytics,
            "metrics": self.metrics,
            "redis": self.redis,
            "django": self.django,
            "admin": self.admin,
        }
        return {purpose: reference for purpose, reference in found.items() if reference is not None}

    @staticmethod
    def _existing(secret: NamedSecret | None) -> SecretReference | None:
        return None if secret is None else SecretReference.existing(secret)

    def _value(self, purpose: str, rotation: int = 0, *, length: int = PASSWORD_LENGTH) -> pulumi.Output[str]:
        return generated_value(
            f"{self._name}-{purpose}-password",
            rotation,
            length=length,
            # Never protected, since Pulumi would refuse to renew it; what must not be lost is in the protected Secret.
            opts=self.child(),
        )

    def _in_turn(self, purpose: str, rotation: int) -> tuple[pulumi.Output[str], pulumi.Output[str] | None]:
        """The value of a rotation, and the one before, which stays what it was.

        There are two, renewed in turn: so what still uses the one before works.
        """
        even = self._value(purpose, rotation // 2)
        if rotation == 0:
            return even, None
        odd = self._value(f"{purpose}-odd", (rotation + 1) // 2)
        return (odd, even) if rotation % 2 else (even, odd)

    def _postgres(self, settings: Settings) -> SecretReference:
        """The administrator of the database that is live by these settings; two databases have one password."""
        password, previous = self._administrator
        marked = {} if settings is self._settings else mark(self._settings.postgres.move)
        data: dict[str, pulumi.Input[str]] = {"password": password}
        if previous is not None:
            data["previous"] = previous
        if not settings.postgres.clustered:
            return self._secret(names.POSTGRES, "database", data, protect=settings.protect, labels=marked)
        # In the form that the operator takes, which notices a change of a Secret with this label at once.
        return secret_of(
            f"{self._name}-{names.CLUSTER_OWNER}",
            name=names.CLUSTER_OWNER,
            namespace=self._namespace,
            component="database",
            data={"username": ADMINISTRATOR, **data},
            type_="kubernetes.io/basic-auth",
            labels={names.CNPG_RELOAD: "true", **marked},
            opts=self.child(protect=settings.protect),
        )

    @cached_property
    def _administrator(self) -> tuple[pulumi.Output[str], pulumi.Output[str] | None]:
        return self._in_turn("postgres", self._rotations.postgres)

    def _database(self) -> SecretReference:
        rotation = self._rotations.database
        password, _ = self._in_turn("database", rotation)
        ways = further_ways(self._settings)
        return self._login(names.DATABASE, "application", login(self._settings), password, ways)

    def _login(
        self,
        name: str,
        component: str,
        role: str,
        password: pulumi.Output[str],
        ways: Mapping[str, str] | None = None,
    ) -> SecretReference:
        """The Secret of a role of the stack's own PostgreSQL, with the addresses of `ways` by their keys."""
        places = {"DATABASE_URL": server_address(self._settings), **(ways or {})}

        def url(place: str) -> pulumi.Output[str]:
            return password.apply(lambda value: f"postgresql://{role}:{quote(value, safe='')}@{place}")

        urls = {key: url(place) for key, place in places.items()}
        return self._secret(name, component, {"username": role, "password": password, **urls})

    def _django(self) -> SecretReference:
        """One value until a key is renewed, since it was one before there were three: no key may change by itself."""
        first = self._value("django", length=SECRET_KEY_LENGTH)
        rotations = {
            "DJANGO_SECRET_KEY": ("django-key", self._rotations.django),
            "COOKIE_AUTH_JWT_SIGNING_KEY": ("cookies", self._rotations.cookies),
            "WAREHOUSE_CREDENTIALS_SECRET": ("warehouse", self._rotations.warehouse),
        }
        data: dict[str, pulumi.Input[str]] = {
            key: self._value(purpose, rotation, length=SECRET_KEY_LENGTH) if rotation else first
            for key, (purpose, rotation) in rotations.items()
        }
        return self._secret(names.DJANGO, "application", data)

    def _reader(
        self, existing: NamedSecret | None, name: str, purpose: str, *, is_made: bool
    ) -> SecretReference | None:
        if existing is not None or not is_made:
            return self._existing(existing)
        password = self._value(purpose, getattr(self._rotations, purpose))
        return self._login(name, "database", f"flagsmith_{purpose}", password)

    def _metrics(self) -> SecretReference:
        # Renewed with the administrator, as that of Redis' exporter is with Redis.
        password = self._value("metrics", self._rotations.postgres)
        return self._login(names.METRICS, "database", "flagsmith_metrics", password)

    def _redis(self) -> SecretReference:
        password = self._value("redis", self._rotations.redis)
        host = f"{names.REDIS}:{names.REDIS_PORT}"
        url = password.apply(lambda value: f"redis://:{quote(value, safe='')}@{host}")
        metrics = self._value("redis-metrics", self._rotations.redis)
        return self._secret(names.REDIS, "cache", {"password": password, "REDIS_URL": url, "metrics-password": metrics})

    def _secret(
        self,
        name: str,
        component: str,
        data: dict[str, pulumi.Input[str]],
        *,
        protect: bool | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> SecretReference:
        return secret_of(
            f"{self._name}-{name}",
            name=name,
            namespace=self._namespace,
            component=component,
            data=data,
            labels=labels,
            opts=self.child(protect=self._protects if protect is None else protect),
        )
