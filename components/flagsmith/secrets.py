"""Which process of Flagsmith's uses which secret: each container gets these and no other.

Every process looks up most of these names as it starts, with a default for each; what counts here is who uses the value
afterwards. Read in Flagsmith's source at 2.265.0, where the entry names a file of its `api` directory; the names that a
running process looks up are on record too (tests/components/flagsmith/read.yaml). Seen on 2.265.0 as well: an empty
database was migrated, compared and set up without a key of Django's, which is looked up only as modules are imported,
and a task processor ran without the key of cookies.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from components.settings.references import VariableReference


class Process(StrEnum):
    """What runs in Flagsmith's image, by the value of the pods' label `app.kubernetes.io/component`."""

    API = "api"
    TASK_PROCESSOR = "task-processor"
    MIGRATION = "migration"
    BOOTSTRAP = "bootstrap"
    ROLLOUTS_LOGIN = "rollouts-login"


API: Final = frozenset({Process.API})
SERVERS: Final = frozenset({Process.API, Process.TASK_PROCESSOR})
ALL: Final = frozenset(Process)
READERS: Final[Mapping[str, frozenset[Process]]] = {
    # What the platform sets.
    "DATABASE_URL": ALL,
    "ADMIN_PASSWORD": frozenset({Process.BOOTSTRAP}),
    "ROLLOUTS_TOKEN": frozenset({Process.ROLLOUTS_LOGIN}),
    "REDIS_URL": SERVERS,
    # Signs links and addresses; a task reads what the API signed (integrations/launch_darkly/services.py).
    "DJANGO_SECRET_KEY": SERVERS,
    # Signs the cookie of a log-in; the task processor has no such address (app/urls.py, TASK_PROCESSOR_MODE).
    "COOKIE_AUTH_JWT_SIGNING_KEY": API,
    # A column is decrypted whenever a row is read, as tasks do (core/fields.py, experimentation/tasks.py). No migration
    # of this release reads one; one that did, without the key, would take the value for lost.
    "WAREHOUSE_CREDENTIALS_SECRET": SERVERS,
    "EMAIL_HOST_PASSWORD": SERVERS,
    "GITHUB_CLIENT_ID": API,
    "GITHUB_CLIENT_SECRET": API,
    "OTEL_EXPORTER_OTLP_HEADERS": SERVERS,
    # What `envFromSecrets` may add. Each database is migrated, or compared with the image before.
    "ANALYTICS_DATABASE_URL": ALL,
    "CLICKHOUSE_PASSWORD": ALL,
    "CLICKHOUSE_URL": ALL,
    "CROSS_REGION_REPLICA_DATABASE_URLS": ALL,
    "REPLICA_DATABASE_URLS": ALL,
    "TASK_PROCESSOR_DATABASE_PASSWORD": ALL,
    "TASK_PROCESSOR_DATABASE_URL": ALL,
    # Any process reports its errors.
    "SENTRY_SDK_DSN": ALL,
    # Views alone.
    "E2E_TEST_AUTH_TOKEN": API,
    "FEATURE_LIFECYCLE_GITHUB_PAT": API,
    "GITHUB_WEBHOOK_SECRET": API,
    "PYLON_IDENTITY_VERIFICATION_SECRET": API,
    "SLACK_CLIENT_ID": API,
    "SLACK_CLIENT_SECRET": API,
}
LOG_IN: Final = ("LDAP_", "OAUTH_", "OIDC_", "SAML_", "SOCIAL_AUTH_")
"""How the names begin of what people log in with, which the API alone does."""

SDK_KEYS: Final = "SDK_KEY_"
"""How the names begin of what the bootstrap writes into environments."""


def readers(name: str) -> frozenset[Process]:
    """Who gets the secret variable `name`; one that nobody here knows goes to the processes that go on running."""
    if name in READERS:
        return READERS[name]
    if name.startswith(SDK_KEYS):
        return frozenset({Process.BOOTSTRAP})
    return API if name.startswith(LOG_IN) else SERVERS


def given(process: Process, variables: Mapping[str, VariableReference]) -> dict[str, VariableReference]:
    """Those of the operator's variables out of Secrets that `process` gets."""
    return {name: reference for name, reference in variables.items() if _gets(process, name, reference)}


def _gets(process: Process, name: str, reference: VariableReference) -> bool:
    if reference.jobs is None or process in SERVERS:
        return process in readers(name)
    return reference.jobs
