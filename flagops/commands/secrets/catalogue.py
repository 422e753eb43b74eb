"""What generated secrets there are: what each is for, who reads it, and what renewing it costs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.kit import names
from flagops.errors import NotFoundError

if TYPE_CHECKING:
    from components.settings import Settings


@dataclass(frozen=True)
class Generated:
    """One generated secret.

    Attributes:
        name: Its name in `rotations`.
        secret: The Secret that holds it.
        use: What it is for.
        readers: Who reads it.
        cost: What renewing it costs.
        meanwhile: What holds while a rotation is not finished.
        loses: What is lost for good, if anything: then it is asked for, in these words.
    """

    name: str
    secret: str
    use: str
    readers: str
    cost: str
    meanwhile: str
    loses: str = ""


MIXED = "Pods that are not replaced yet go on with the value before."
GENERATED = (
    Generated(
        "postgres",
        names.POSTGRES,
        "The administrator of the stack's own PostgreSQL.",
        "the Jobs of the database's roles",
        "nothing: the server takes it over as it runs",
        "Nobody but the Jobs uses it; they know the password before too.",
    ),
    Generated(
        "database",
        names.DATABASE,
        "Flagsmith's log-in to the stack's own PostgreSQL; two roles in turn.",
        "API, task processor, backups",
        "nothing: both roles log in until all pods are replaced, and a minute more",
        "Both roles log in; the one before stops when the last Job has run.",
    ),
    Generated(
        "audit",
        names.AUDIT,
        "The log-in of the audit log's reader.",
        "audit exporter, `ff audit`",
        "the exporter pauses for its restart, and catches up",
        "The exporter may be refused until it is replaced; it loses no entry.",
    ),
    Generated(
        "analytics",
        names.ANALYTICS,
        "The log-in of the analytics' reader.",
        "flag metrics",
        "a gap of some seconds in the flags' metrics",
        "The metrics of flags may be missing until their exporter is replaced.",
    ),
    Generated(
        "rollouts",
        names.ROLLOUTS,
        "The token with which rollouts are run.",
        "the pod that runs rollouts",
        "nothing: a refused look is done again",
        "The pod may be refused until it has the new token; no step is lost.",
    ),
    Generated(
        "redis",
        names.REDIS,
        "The password of the embedded Redis.",
        "Redis, API, task processor",
        "the caches start empty; the database answers meanwhile",
        "Pods with another password than Redis' work without it: slower, and each counts log-ins for itself.",
    ),
    Generated(
        "django",
        names.DJANGO,
        "DJANGO_SECRET_KEY: signs links, one-time tokens and the addresses of feature-health webhooks.",
        "API, task processor",
        "links to reset a password and sessions of /admin/ end; feature-health webhooks need their new address",
        MIXED,
    ),
    Generated(
        "cookies",
        names.DJANGO,
        "Signs the cookie of everybody who is logged in.",
        "API, task processor",
        "logs everybody out",
        MIXED,
        loses="This logs everybody out of the UI. SDKs and API keys go on.",
    ),
    Generated(
        "warehouse",
        names.DJANGO,
        "Encrypts the credentials of data warehouses in the database.",
        "API, task processor",
        "the credentials of data warehouses must be entered again",
        MIXED,
        loses="Flagsmith cannot read the stored credentials of data warehouses any more: they must be entered again.",
    ),
    Generated(
        "admin",
        names.ADMIN,
        "The administrator's password.",
        "people, `ff`",
        "nothing: who is logged in stays so",
        "The Secret may hold a password that Flagsmith does not have yet.",
    ),
    Generated(
        "sdk",
        names.BOOTSTRAP_KEYS,
        "The server-side keys of the environments, in the Secrets flagsmith-sdk-keys-….",
        "applications",
        "nothing, if you restart the applications that read the Secrets within sdkKeys.overlapHours",
        "Flagsmith takes the keys before and, once its Job has run, the new ones.",
    ),
)


def find(name: str) -> Generated:
    """The secret called `name`. Raises OpsError when there is none."""
    for item in GENERATED:
        if item.name == name:
            return item
    raise NotFoundError(f"There is no secret {name!r}; there are: {', '.join(item.name for item in GENERATED)}.")


def secret_of(item: Generated, settings: "Settings") -> str:
    """The Secret that holds it in this stack: the administrator of a Cluster has one that its operator takes."""
    is_clusters = item.name == "postgres" and settings.postgres.clustered
    return names.CLUSTER_OWNER if is_clusters else item.secret


def restarted(item: Generated, settings: "Settings") -> str:
    """Whom the deployment that renews it restarts, one by one. Applications are never restarted by it."""
    servers = ("API", "task processor")
    audits = settings.audit_enabled and settings.audit.export.enabled
    found: dict[str, tuple[str, ...]] = {
        # Its log-in is renewed with the administrator's.
        "postgres": ("PostgreSQL exporter",) if settings.postgres.clustered and settings.postgres_exporter else (),
        "database": servers,
        "audit": ("audit exporter",) if audits else (),
        "analytics": ("flag metrics",) if settings.flag_metrics_enabled else (),
        "rollouts": ("rollouts",) if settings.rollouts.enabled else (),
        "redis": ("Redis", *servers),
        "django": servers,
        "cookies": servers,
        "warehouse": servers,
        "sdk": ("the edge's proxies",) if settings.generates_edge_keys else (),
    }
    return ", ".join(found.get(item.name, ())) or "nobody"


def cost(item: Generated, settings: "Settings") -> str:
    """What renewing it costs in this stack."""
    if item.name != "sdk":
        return item.cost
    if settings.sdk_keys.overlap_hours == 0:
        found = (
            "the keys before are deleted at once (sdkKeys.overlapHours is 0): until you restart them, the applications "
            "that read the Secrets are refused"
        )
        elsewhere = "until you deploy their stacks (`ff up`), edges elsewhere with keys of the output edgeKeys are too"
    else:
        found = item.cost
        elsewhere = (
            "within that time run `ff up` with the stack of each edge elsewhere that has keys of this one's output"
        )
    return f"{found}; {elsewhere}" if settings.sdk_keys.exported else found
