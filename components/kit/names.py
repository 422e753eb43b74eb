"""Names and labels: a contract, since people's runbooks and dashboards select by them.

A selector is minimal and never changes, for a Deployment's is immutable; what varies (the version) is a label only.
"""

from typing import Final

from components.text.object_names import in_a_name

NAME: Final = "app.kubernetes.io/name"
COMPONENT: Final = "app.kubernetes.io/component"
VERSION: Final = "app.kubernetes.io/version"
INSTANCE: Final = "app.kubernetes.io/instance"
PART_OF: Final = "app.kubernetes.io/part-of"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
PLATFORM: Final = "feature-flags"
"""What all objects are a part of."""

API: Final = "flagsmith"
TASK_PROCESSOR: Final = "flagsmith-task-processor"
EDGE: Final = "flagsmith-edge"
EDGE_KEYS: Final = "flagsmith-edge-keys"
EDGE_PODS: Final = "flagsmith-edge-pods"
EDGE_METRICS: Final = "flagsmith-edge-metrics"
FLAG_METRICS: Final = "flagsmith-flag-metrics"
POSTGRES: Final = "flagsmith-postgres"
REDIS: Final = "flagsmith-redis"
POSTGRES_CLIENT: Final = "flagsmith-postgres-client"
POSTGRES_ACCESS: Final = "flagsmith-postgres-access"
DATABASE: Final = "flagsmith-database"
AUDIT: Final = "flagsmith-audit"
ANALYTICS: Final = "flagsmith-analytics"
METRICS: Final = "flagsmith-metrics"
GIVEN_UP: Final = "feature-flags/given-up-with"
"""The label of data that is a copy, and goes with what it was made for; of its protection policies ask nothing."""
CLUSTER_OWNER: Final = "flagsmith-pg-owner"
CLUSTER_BACKUPS: Final = "flagsmith-pg"
ROLES: Final = "flagsmith-roles"
GRANTS: Final = "flagsmith-grants"
RETIRE: Final = "flagsmith-retire"
MIGRATE: Final = "flagsmith-migrate"
BOOTSTRAP: Final = "flagsmith-bootstrap"
TOOLBOX: Final = "flagsmith-toolbox"
MOVE: Final = "flagsmith-move"
MOVE_SOURCE: Final = "flagsmith-move-source"
CLOSED: Final = "flagsmith-closed"
BACKUP: Final = "flagsmith-backup"
RESTORE: Final = "flagsmith-restore"
DRILL: Final = "flagsmith-drill"
BACKUPS: Final = "flagsmith-backups"
BACKUP_VOLUME: Final = "flagsmith-volume"
UNPUBLISHED: Final = "flagsmith-unpublished"
REDIRECT: Final = "flagsmith-redirect"
AUDIT_EXPORTER: Final = "flagsmith-audit-exporter"
ROLLOUTS: Final = "flagsmith-rollouts"
ROLLOUTS_LOGIN: Final = "flagsmith-rollouts-login"
POSTGRES_EXPORTER: Final = "flagsmith-postgres-exporter"
REDIS_EXPORTER: Final = "flagsmith-redis-exporter"
DEPLOYMENT: Final = "flagsmith-deployment"
DASHBOARD: Final = "flagsmith-dashboard"
ADMIN: Final = "flagsmith-admin"
SDK_KEYS: Final = "flagsmith-sdk-keys"
BOOTSTRAP_KEYS: Final = "flagsmith-bootstrap-keys"
DJANGO: Final = "flagsmith-django"
LOGS: Final = "flagsmith-logs"
API_POLICY: Final = "flagsmith-api"
DEFAULT_DENY: Final = "flagsmith-default-deny"
ACME_SOLVER: Final = "flagsmith-acme-solver"
POSTGRES_DATA: Final = f"{POSTGRES}-data"
BACKUP_DATA: Final = f"{BACKUP}-data"
# What `ff` makes beside them: Jobs, notes and leases.
MIGRATE_AGAIN: Final = "flagsmith-migrate-again"
BOOTSTRAP_AGAIN: Final = "flagsmith-bootstrap-again"
BOOTSTRAP_CHECK: Final = "flagsmith-bootstrap-check"
ROLL_BACK: Final = "flagsmith-roll-back"
UPGRADE_PLAN: Final = "flagsmith-upgrade-plan"
UPGRADES: Final = "flagsmith-upgrades"
ROTATIONS: Final = "flagsmith-rotations"
APPLIES: Final = "flagsmith-applies"
FLAGS: Final = "flagsmith-flags"
FLAGS_LEFT: Final = "flagsmith-flags-left"

API_PORT: Final = 8000
EDGE_PORT: Final = 8000
METRICS_PORT: Final = 9100
FLAG_METRICS_PORT: Final = 9102
POSTGRES_METRICS_PORT: Final = 9187
# Those of a server of CloudNativePG: its instance manager's, where the operator asks, and its exporter's; a pooler's.
INSTANCE_MANAGER_PORT: Final = 8000
CLUSTER_METRICS_PORT: Final = 9187
POOLER_METRICS_PORT: Final = 9127
REDIS_METRICS_PORT: Final = 9121
POSTGRES_PORT: Final = 5432
REDIS_PORT: Final = 6379
AUDIT_METRICS_PORT: Final = 9103
EDGE_METRICS_PORT: Final = 9104
ROLLOUTS_PORT: Final = 9105

DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"


def service_account(component: str) -> str:
    """The name of the service account of a component's pods."""
    return f"flagsmith-{component}"


def pooler(cluster: str) -> str:
    """The name of a Cluster's Pooler: one for each, since a Pooler never changes its Cluster."""
    return f"{cluster}-pooler"


def sdk_keys(environment: str) -> str:
    """The name of the Secret with the keys of an environment of Flagsmith's."""
    return f"{SDK_KEYS}-{in_a_name(environment)}"


def api_url(namespace: str) -> str:
    """The address of a stack's Flagsmith within its cluster, as SDKs take it."""
    return f"http://{API}.{namespace}.svc.cluster.local:{API_PORT}/api/v1/"


def selector(component: str) -> dict[str, str]:
    """The labels that pick out the pods of one component (`api`, `database`, `cache`, …), for ever the same."""
    return {NAME: "flagsmith", COMPONENT: component}


def labels(component: str, version: str | None = None) -> dict[str, str]:
    """The recommended labels of an object of `component`, with the version of what runs in it if something does."""
    common = {
        **selector(component),
        INSTANCE: "flagsmith",
        PART_OF: PLATFORM,
        MANAGED_BY: "pulumi",
    }
    return common if version is None else {**common, VERSION: version}


CNPG_API_VERSION: Final = "postgresql.cnpg.io/v1"
BARMAN_API_VERSION: Final = "barmancloud.cnpg.io/v1"
# The operator's own labels on the pods that it makes, and what makes it look at a Secret at once.
CNPG_CLUSTER: Final = "cnpg.io/cluster"
CNPG_POOLER: Final = "cnpg.io/poolerName"
CNPG_ROLE: Final = "cnpg.io/podRole"
CNPG_OPERATOR: Final = "cloudnative-pg"
CNPG_RELOAD: Final = "cnpg.io/reload"
# While it says `disabled`, the operator does nothing for a Cluster (ReconciliationLoopAnnotationName of 1.30.0).
CNPG_PAUSED: Final = "cnpg.io/reconciliationLoop"

GATEWAY_API_VERSION: Final = "gateway.networking.k8s.io/v1"
