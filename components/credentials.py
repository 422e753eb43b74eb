"""The Secrets: generated once and kept in Pulumi's state, or named by the operator and left alone."""

from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import quote

import pulumi
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_random import RandomPassword

from components import metadata
from components.component import Component
from components.external_secrets import ExternalSecrets, ExternalSecretsArgs
from components.hashing import digest
from components.references import SecretReference

# 32 characters of 62 letters and digits hold 190 bits; special characters would add trouble, not strength.
PASSWORD_LENGTH = 32
# Django's own generator makes secret keys of 50 characters.
SECRET_KEY_LENGTH = 50


@dataclass(frozen=True, kw_only=True)
class CredentialsArgs:
    """Which Secrets to make.

    Attributes:
        namespace: where they live.
        admin_email: the e-mail the administrator logs in with.
        embedded_postgres: whether the database is the stack's own.
        postgres: the name of an existing Secret with the keys `password` (embedded PostgreSQL only) and `DATABASE_URL`;
            None to generate those of the embedded PostgreSQL.
        audit: the name of an existing Secret with the key `DATABASE_URL` of who reads the audit log; None to generate
            one for the embedded PostgreSQL.
        analytics: the same of who reads the flags' analytics.
        redis: the name of an existing Secret with the keys `password` (embedded Redis only) and `REDIS_URL`; None to
            generate one for the embedded Redis.
        with_redis: False when the stack runs without Redis, which then needs no Secret.
        django: the name of an existing Secret with the key `DJANGO_SECRET_KEY`; None to generate one.
        admin: the name of an existing Secret with the key `password`; None to generate one.
        store: the Secrets that come from a store, which the names above then are; None without one.
        protect: whether Pulumi refuses to delete what is generated.
    """

    namespace: pulumi.Input[str]
    admin_email: str
    embedded_postgres: bool
    postgres: str | None
    audit: str | None
    analytics: str | None
    redis: str | None
    with_redis: bool
    django: str | None
    admin: str | None
    store: ExternalSecretsArgs | None
    protect: bool


class Credentials(Component):
    """The Secrets `flagsmith-postgres`, `flagsmith-database`, `flagsmith-redis`, `flagsmith-django`, `flagsmith-admin`.

    And those of the database's readers, `flagsmith-audit` and `flagsmith-analytics`. A generated value is made once: no
    setting changes it, and only replacing its RandomPassword renews it.

    Attributes:
        postgres: the administrator of the embedded PostgreSQL, key `password`; None for an external one.
        database: what Flagsmith logs in to its database with, key `DATABASE_URL`.
        audit: what the audit log is read with, key `DATABASE_URL`; None for an external database without such a Secret.
        analytics: the same for the flags' analytics.
        redis: the cache, key `REDIS_URL`; None without Redis.
        django: the keys that Flagsmith signs with.
        admin: the administrator of Flagsmith.
    """

    postgres: SecretReference | None
    database: SecretReference
    audit: SecretReference | None
    analytics: SecretReference | None
    redis: SecretReference | None
    django: SecretReference
    admin: SecretReference

    def __init__(self, name: str, args: CredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._namespace = args.namespace
        self._name = name
        self._protects = args.protect
        if args.store is not None:
            ExternalSecrets(f"{name}-store", args.store, self.child())
        existing = self._existing(args.postgres)
        self.postgres = (existing or self._postgres()) if args.embedded_postgres else None
        self.database = existing or self._login(metadata.DATABASE, "application", "flagsmith_a", "database")
        self.audit = self._reader(args, args.audit, metadata.AUDIT, "flagsmith_audit", "audit")
        self.analytics = self._reader(args, args.analytics, metadata.ANALYTICS, "flagsmith_analytics", "analytics")
        self.redis = (self._existing(args.redis) or self._redis()) if args.with_redis else None
        self.django = self._existing(args.django) or self._secret(
            "flagsmith-django", "application", {"DJANGO_SECRET_KEY": self._password("django", SECRET_KEY_LENGTH)}
        )
        self.admin = self._existing(args.admin) or self._secret(
            "flagsmith-admin", "application", {"email": args.admin_email, "password": self._password("admin")}
        )
        self.register_outputs({secret: reference.name for secret, reference in self.references().items()})

    def references(self) -> dict[str, SecretReference]:
        """The Secrets by what they are for."""
        found = {
            "postgres": self.postgres,
            "database": self.database,
            "audit": self.audit,
            "analytics": self.analytics,
            "redis": self.redis,
            "django": self.django,
            "admin": self.admin,
        }
        return {purpose: reference for purpose, reference in found.items() if reference is not None}

    @staticmethod
    def _existing(name: str | None) -> SecretReference | None:
        return None if name is None else SecretReference(name=name)

    def _password(self, purpose: str, length: int = PASSWORD_LENGTH) -> pulumi.Output[str]:
        password = RandomPassword(
            f"{self._name}-{purpose}-password",
            length=length,
            special=False,
            opts=self.child(protect=self._protects),
        )
        return pulumi.Output.secret(password.result)

    def _postgres(self) -> SecretReference:
        return self._secret(metadata.POSTGRES, "database", {"password": self._password("postgres")})

    def _login(self, name: str, component: str, role: str, purpose: str) -> SecretReference:
        """The Secret of a role of the embedded PostgreSQL."""
        password = self._password(purpose)
        host = f"{metadata.POSTGRES}:{metadata.POSTGRES_PORT}"
        url = password.apply(lambda value: f"postgresql://{role}:{quote(value, safe='')}@{host}/flagsmith")
        return self._secret(name, component, {"username": role, "password": password, "DATABASE_URL": url})

    def _reader(
        self, args: CredentialsArgs, existing: str | None, name: str, role: str, purpose: str
    ) -> SecretReference | None:
        if existing is not None or not args.embedded_postgres:
            return self._existing(existing)
        return self._login(name, "database", role, purpose)

    def _redis(self) -> SecretReference:
        password = self._password("redis")
        host = f"{metadata.REDIS}:{metadata.REDIS_PORT}"
        url = password.apply(lambda value: f"redis://:{quote(value, safe='')}@{host}")
        return self._secret(metadata.REDIS, "cache", {"password": password, "REDIS_URL": url})

    def _secret(self, name: str, component: str, data: dict[str, pulumi.Input[str]]) -> SecretReference:
        values = pulumi.Output.all(**data)
        Secret(
            f"{self._name}-{name}",
            metadata=ObjectMetaArgs(name=name, namespace=self._namespace, labels=metadata.labels(component)),
            type="Opaque",
            # Not string_data, which the API server stores elsewhere, so that nobody would own the stored values.
            data=values.apply(lambda plain: {key: b64encode(value.encode()).decode() for key, value in plain.items()}),
            opts=self.child(protect=self._protects),
        )
        # A digest of a value of 190 random bits gives nothing away, and must not hide the pod template that carries it.
        return SecretReference(name=name, digest=pulumi.Output.unsecret(values.apply(digest)))
