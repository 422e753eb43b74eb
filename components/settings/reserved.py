"""The environment variables that the program sets itself, so that `env` and `envFromSecrets` may not."""

import re
from typing import Final

_BY_SETTING = {
    "telemetry": "ENABLE_TELEMETRY",
    "restrictOrgCreateToSuperusers": "RESTRICT_ORG_CREATE_TO_SUPERUSERS",
    "secretKey.existingSecret": "DJANGO_SECRET_KEY COOKIE_AUTH_JWT_SIGNING_KEY WAREHOUSE_CREDENTIALS_SECRET",
    "postgres.existingSecret": "DATABASE_URL DJANGO_DB_HOST DJANGO_DB_NAME DJANGO_DB_USER DJANGO_DB_PASSWORD "
    "DJANGO_DB_PORT",
    "postgres.sslmode": "PGSSLMODE",
    "postgres.caSecret": "PGSSLROOTCERT",
    "taskProcessor.idleSessionTimeout": "PGOPTIONS",
    "redis.existingSecret": "REDIS_URL",
    "caches.flags": "GET_FLAGS_ENDPOINT_CACHE_SECONDS",
    "caches.identities": "GET_IDENTITIES_ENDPOINT_CACHE_SECONDS",
    "caches.environment": "ENVIRONMENT_CACHE_SECONDS",
    "caches.environmentDocument": "CACHE_ENVIRONMENT_DOCUMENT_SECONDS",
    "caches.environmentSegments": "CACHE_ENVIRONMENT_SEGMENTS_SECONDS",
    "host": "DJANGO_ALLOWED_HOSTS DJANGO_CSRF_TRUSTED_ORIGINS FLAGSMITH_DOMAIN FLAGSMITH_API_URL "
    "FLAGSMITH_FRONTEND_URL",
    "gunicorn.workers": "GUNICORN_WORKERS",
    "gunicorn.threads": "GUNICORN_THREADS",
    "gunicorn.timeout": "GUNICORN_TIMEOUT",
    "taskProcessor.threads": "TASK_PROCESSOR_NUM_THREADS",
    "taskProcessor.queuePopSize": "TASK_PROCESSOR_QUEUE_POP_SIZE",
    "retention.rawAnalyticsDays": "RAW_ANALYTICS_DATA_RETENTION_DAYS",
    "retention.bucketedAnalyticsDays": "BUCKETED_ANALYTICS_DATA_RETENTION_DAYS",
    "retention.taskDays": "TASK_DELETE_RETENTION_DAYS RECURRING_TASK_RUN_RETENTION_DAYS",
    "admin.email": "ADMIN_EMAIL",
    "admin.organisation": "ORGANISATION_NAME",
    "admin.project": "PROJECT_NAME",
    "smtp": "EMAIL_HOST EMAIL_PORT EMAIL_USE_TLS EMAIL_HOST_USER EMAIL_HOST_PASSWORD SENDER_EMAIL",
    "logs.access": "ACCESS_LOG_FORMAT ACCESS_LOG_LOCATION LOGGING_CONFIGURATION_FILE",
    "tracing": "OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_HEADERS OTEL_EXPORTER_OTLP_PROTOCOL "
    "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST OTEL_RESOURCE_ATTRIBUTES OTEL_SERVICE_NAME "
    "OTEL_TRACES_SAMPLER OTEL_TRACES_SAMPLER_ARG OTEL_TRACING_EXCLUDED_URL_PATHS",
    "login.github": "GITHUB_CLIENT_ID GITHUB_CLIENT_SECRET",
    "login.environmentKey": "FLAGSMITH_ON_FLAGSMITH_API_KEY FLAGSMITH_ON_FLAGSMITH_API_URL",
}
_BY_SETTING_OF = {name: setting for setting, names in _BY_SETTING.items() for name in names.split()}

# Fixed by what the stack is: another value breaks it or makes it unsafe.
_FIXED = frozenset(
    [
        "ADMIN_PASSWORD",
        "ALLOW_ADMIN_INITIATION_VIA_CLI",
        "ALLOW_ADMIN_INITIATION_VIA_URL",
        "ALLOW_REGISTRATION_WITHOUT_INVITE",
        "API_URL",
        "BOOTSTRAP",
        # Caches of each process, which would add their time to those in Redis.
        "CACHE_FLAGS_SECONDS",
        "CACHE_PROJECT_SEGMENTS_SECONDS",
        "COOKIE_SAME_SITE",
        "DJANGO_DB_CONN_HEALTH_CHECKS",
        "DJANGO_REDIS_IGNORE_EXCEPTIONS",
        "DJANGO_SECURE_CROSS_ORIGIN_OPENER_POLICY",
        "ENABLE_ADMIN_ACCESS_USER_PASS",
        # Without it the table of tasks grows for ever.
        "ENABLE_CLEAN_UP_OLD_TASKS",
        "ENVIRONMENT",
        "GUNICORN_KEEP_ALIVE",
        "LOG_FORMAT",
        "LOG_LEVEL",
        "PGSERVICE",
        "PGSERVICEFILE",
        "POD_IP",
        "PROMETHEUS_ENABLED",
        "PROMETHEUS_MULTIPROC_DIR",
        "PYTHONPATH",
        "RUN_BY_PROCESSOR",
        "TASK_RUN_METHOD",
        "USE_POSTGRES_FOR_ANALYTICS",
        "USE_SECURE_COOKIES",
        "USE_X_FORWARDED_HOST",
        "WAIT_SECONDS",
    ]
)
# The caches; each has a backend, a location, a time to live and perhaps options.
_CACHES = re.compile(
    r"(GET_FLAGS_ENDPOINT_CACHE|GET_IDENTITIES_ENDPOINT_CACHE|ENVIRONMENT_CACHE|CACHE_ENVIRONMENT_DOCUMENT"
    r"|CACHE_ENVIRONMENT_SEGMENTS|ENVIRONMENT_SEGMENTS_CACHE|USER_THROTTLE_CACHE)_[A-Z_]+"
)
# The keys that the bootstrap writes into environments.
_SDK_KEYS = "SDK_KEY_"


# What those of them that are the same for every stack have anyway: to say so again changes nothing.
_OURS = {
    "ALLOW_ADMIN_INITIATION_VIA_URL": "False",
    "ALLOW_REGISTRATION_WITHOUT_INVITE": "False",
    "DJANGO_DB_CONN_HEALTH_CHECKS": "True",
    "ENABLE_ADMIN_ACCESS_USER_PASS": "True",
    "ENABLE_CLEAN_UP_OLD_TASKS": "True",
    "ENVIRONMENT": "production",
    "LOG_FORMAT": "json",
    "PROMETHEUS_ENABLED": "true",
    "TASK_RUN_METHOD": "TASK_PROCESSOR",
    "USE_POSTGRES_FOR_ANALYTICS": "True",
}
LOG_LEVEL: Final = "LOG_LEVEL"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_UNREAD = "INFLUXDB_"


def refusal_of(name: str, value: str) -> str | None:
    """Say why a variable cannot have this value, and what to use in its place; None when it can, or has it anyway."""
    if name == LOG_LEVEL:
        return None if value in _LEVELS else f"must be one of {', '.join(_LEVELS)}"
    return None if is_ours(name, value) else reservation(name)


def is_ours(name: str, value: str) -> bool:
    """Whether the program gives this value to the variable itself, whatever the settings are."""
    ours = _OURS.get(name)
    return ours is not None and (ours == value or (ours.lower() in ("true", "false") and ours.lower() == value.lower()))


def reservation(name: str) -> str | None:
    """Say why a variable cannot be set by the user, and what to use in its place; None when it can."""
    if name.startswith(_UNREAD):
        return (
            "has no effect here, because analytics are in PostgreSQL: remove the key. docs/flag-metrics.md says where "
            "the figures are"
        )
    if name in _BY_SETTING_OF:
        return f"is set by the program: use {_BY_SETTING_OF[name]} in its place"
    if name in _FIXED or name.startswith(_SDK_KEYS) or _CACHES.fullmatch(name):
        return "is set by the program and cannot be changed: remove the key"
    return None
