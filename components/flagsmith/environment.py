"""The environment of Flagsmith's containers, derived from one public host and the Secrets.

The names and their meaning were read in Flagsmith's settings at 2.265.0 and seen on a running server.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from pulumi_kubernetes.core.v1 import EnvVarArgs, EnvVarSourceArgs, ObjectFieldSelectorArgs

from components.flagsmith.cache_environment import cache_environment
from components.flagsmith.secrets import READERS, Process, given
from components.kit import names
from components.kit.database_client import Connections, database_environment
from components.kit.environment import from_secret, plain
from components.kit.secret_refs import SecretReference
from components.secrets.addresses import FALLBACK
from components.settings import Settings
from components.settings.reserved import LOG_LEVEL, is_ours
from components.settings.sections import retention
from components.settings.sections.smtp import SmtpSettings

MAX_AGE: Final = "DJANGO_DB_CONN_MAX_AGE"
# Who went to a standby meanwhile cannot write until the connection is made anew; Flagsmith's own is 60.
FALLBACK_SECONDS: Final = 10
PROMETHEUS_DIRECTORY: Final = "/tmp/prometheus"  # noqa: S108 a volume of the pod's own, mounted there


def allowed_hosts(hosts: Sequence[str], namespace: str, ip_family: str = "IPv4") -> list[str]:
    """The `Host` headers that Django answers: its hosts, the Service's names, port-forwards, the pod's own IP.

    An address of IPv6 stands in brackets there, and Django compares it with them (`split_domain_port` of 5.2).
    """
    service = names.API
    own = "[$(POD_IP)]" if ip_family == "IPv6" else "$(POD_IP)"
    in_cluster = [f"{service}{suffix}" for suffix in ("", f".{namespace}", f".{namespace}.svc")]
    return [*hosts, *in_cluster, f"{service}.{namespace}.svc.cluster.local", "localhost", "127.0.0.1", own]


def _origins(settings: Settings) -> list[str]:
    """The pages whose forms Django takes: the public one, those of further names, and that of a port-forward."""
    scheme = urlsplit(settings.url).scheme
    further = [f"{scheme}://{host}" for host in settings.additional_hosts]
    return [settings.url, *further, f"http://localhost:{names.API_PORT}"]


def _web(settings: Settings) -> list[EnvVarArgs]:
    pod_ip = EnvVarSourceArgs(field_ref=ObjectFieldSelectorArgs(field_path="status.podIP"))
    return [
        EnvVarArgs(name="POD_IP", value_from=pod_ip),
        *plain(
            {
                "DJANGO_ALLOWED_HOSTS": ",".join(
                    allowed_hosts(settings.hosts, settings.namespace.name, settings.ip_family)
                ),
                "DJANGO_CSRF_TRUSTED_ORIGINS": ",".join(_origins(settings)),
                "USE_X_FORWARDED_HOST": True,
                "FLAGSMITH_DOMAIN": urlsplit(settings.url).netloc,
                "FLAGSMITH_API_URL": settings.url,
                "FLAGSMITH_FRONTEND_URL": settings.url,
                # Relative, or a port-forwarded page would call the public host.
                "API_URL": "/api/v1/",
                # The log-in cookie of a page without TLS (a port-forward counts as localhost, which browsers trust).
                "USE_SECURE_COOKIES": settings.url.startswith("https://"),
                "COOKIE_SAME_SITE": "lax",
            }
        ),
    ]


def _mail(smtp: SmtpSettings | None, sender: str) -> list[EnvVarArgs]:
    if smtp is None:
        return []
    variables = plain(
        {
            "EMAIL_HOST": smtp.host,
            "EMAIL_PORT": smtp.port,
            "EMAIL_USE_TLS": smtp.security == "starttls",
            "SENDER_EMAIL": sender,
        }
    )
    if smtp.username is not None:
        variables += plain({"EMAIL_HOST_USER": smtp.username})
    if smtp.existing_secret is not None:
        variables.append(from_secret("EMAIL_HOST_PASSWORD", smtp.existing_secret))
    return variables


def _log_in(settings: Settings, process: Process) -> list[EnvVarArgs]:
    variables: list[EnvVarArgs] = []
    if settings.login.github is not None and process in READERS["GITHUB_CLIENT_SECRET"]:
        secret = SecretReference.existing(settings.login.github.existing_secret)
        variables += [secret.env("GITHUB_CLIENT_ID", "client-id"), secret.env("GITHUB_CLIENT_SECRET", "client-secret")]
    if settings.login.google:
        # Google's window must be able to answer the page that opened it.
        variables += plain({"DJANGO_SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin-allow-popups"})
    if settings.login.environment_key is not None:
        variables += plain(
            {
                "FLAGSMITH_ON_FLAGSMITH_API_KEY": settings.login.environment_key,
                "FLAGSMITH_ON_FLAGSMITH_API_URL": f"{settings.url}/api/v1/",
            }
        )
    return variables


def _essentials(settings: Settings, connections: Connections, process: Process) -> list[EnvVarArgs]:
    """What every process of Flagsmith needs, be it for a second, and the keys that this one uses."""
    django = connections.django
    keys = ("DJANGO_SECRET_KEY", "COOKIE_AUTH_JWT_SIGNING_KEY", "WAREHOUSE_CREDENTIALS_SECRET")
    return [
        # An existing Secret has the first alone, which is Flagsmith's own default for the others.
        *(django.env(key, key if django.is_generated else keys[0]) for key in keys if process in READERS[key]),
        *database_environment(connections),
        *plain(
            {
                # Off by default: with persistent connections, a restarted database would fail one request for each.
                "DJANGO_DB_CONN_HEALTH_CHECKS": True,
                # On by default, and sent by whoever migrates the database.
                "ENABLE_TELEMETRY": settings.telemetry,
                "ENVIRONMENT": "production",
                "TASK_RUN_METHOD": "TASK_PROCESSOR",
                "LOG_FORMAT": "json",
                LOG_LEVEL: settings.env.get(LOG_LEVEL, "INFO"),
                "PROMETHEUS_MULTIPROC_DIR": PROMETHEUS_DIRECTORY,
            }
        ),
    ]


def _standbys(settings: Settings, connections: Connections) -> list[EnvVarArgs]:
    """Where the API reads beside the primary, which takes over for a standby that is away."""
    if not connections.replicas:
        return []
    name = "REPLICA_DATABASE_URLS"
    found = [connections.postgres.env(name, name), *plain({"REPLICA_READ_STRATEGY": "DISTRIBUTED"})]
    if connections.key == FALLBACK and MAX_AGE not in settings.env:
        found += plain({MAX_AGE: FALLBACK_SECONDS})
    return found


def _retention(settings: Settings, process: Process) -> list[EnvVarArgs]:
    """What differs from Flagsmith's own; the API deletes nothing."""
    chosen = settings.retention
    if process is not Process.TASK_PROCESSOR:
        return []
    days = {
        "RAW_ANALYTICS_DATA_RETENTION_DAYS": (chosen.raw_analytics_days, retention.RAW_DAYS),
        "BUCKETED_ANALYTICS_DATA_RETENTION_DAYS": (chosen.bucketed_analytics_days, retention.BUCKETED_DAYS),
        "TASK_DELETE_RETENTION_DAYS": (chosen.task_days, retention.TASK_DAYS),
        "RECURRING_TASK_RUN_RETENTION_DAYS": (chosen.task_days, retention.TASK_DAYS),
    }
    return plain({name: stated for name, (stated, own) in days.items() if stated != own})


def _operators(settings: Settings, process: Process) -> list[EnvVarArgs]:
    found = given(process, settings.env_from_secrets)
    from_secrets = (from_secret(name, reference) for name, reference in found.items())
    # Each name once: what the program sets already may be said again, and changes nothing.
    further = {name: value for name, value in settings.env.items() if name != LOG_LEVEL and not is_ours(name, value)}
    return [*plain(dict(further)), *from_secrets]


def job_environment(settings: Settings, connections: Connections, process: Process) -> list[EnvVarArgs]:
    """The variables of a Job: no more than it needs, since each change of one is another run of the Job."""
    return [*_essentials(settings, connections, process), *_operators(settings, process)]


def server_environment(settings: Settings, connections: Connections, process: Process) -> list[EnvVarArgs]:
    """The variables of the API and the task processor, those that others refer to first."""
    # The task processor's one worker process only answers the probes: tasks are done by threads beside it.
    workers = settings.gunicorn_workers if process is Process.API else 1
    return [
        *_essentials(settings, connections, process),
        *_standbys(settings, connections),
        *cache_environment(connections.redis, settings.caches, settings.redis),
        *_web(settings),
        *plain(
            {
                "ALLOW_REGISTRATION_WITHOUT_INVITE": False,
                # Off by default: the administrator of an organisation of one's own makes links that let strangers in.
                "RESTRICT_ORG_CREATE_TO_SUPERUSERS": settings.restrict_org_create_to_superusers,
                # On by default: an anonymous visit of the initialisation page would make the superuser.
                "ALLOW_ADMIN_INITIATION_VIA_URL": False,
                "ENABLE_ADMIN_ACCESS_USER_PASS": True,
                "USE_POSTGRES_FOR_ANALYTICS": True,
                # Literally `true`: any other spelling leaves the metrics port closed.
                "PROMETHEUS_ENABLED": "true",
                "GUNICORN_WORKERS": workers,
                "GUNICORN_THREADS": settings.gunicorn_threads,
                "GUNICORN_TIMEOUT": settings.gunicorn.timeout,
            }
        ),
        *_mail(settings.smtp, settings.smtp_sender),
        *_log_in(settings, process),
        *_retention(settings, process),
        *_operators(settings, process),
    ]
