"""The connections to the database that the stack opens at most."""

from components.settings.model import Settings
from components.settings.rollouts import surge

# A rolling update of a pod that is alone, or of poolers, runs one pod more than the replicas.
SURGE = 1
# Connections kept free for the Jobs, for pods on their way out, for people and for PostgreSQL's superuser reserve (3).
RESERVED_CONNECTIONS = 10
# Each thread of a task processor looks for tasks on one connection, and does each task in a thread with another, which
# flagsmith_tasks.py closes (seen with 800 tasks that wait: 11 for 5 threads, and 42 without it).
TASK_CONNECTIONS = 2
# Beside its tasks, a task processor asks the database for its health when it starts.
HEALTH_CONNECTIONS = 1
# gunicorn's master keeps the connection open on which Flagsmith looked at the database before the workers started, and
# what counts the use of the API writes it down from a thread of its own (seen with real containers: 6 for 2 x 2).
MASTER_CONNECTIONS = 2
# The roles that read metrics, the audit log and analytics, and what make-roles.sh lets each of them open.
READERS = 3
READER_CONNECTIONS = 3
# Those of an external database are the operator's; the exporter of flag metrics is counted, one pod at a time.
FLAG_METRICS_CONNECTIONS = 1


def _of_api_pod(settings: Settings) -> int:
    return settings.gunicorn_workers * settings.gunicorn_threads + MASTER_CONNECTIONS


def api_surge(settings: Settings) -> int:
    """Return how many pods of the API a rolling update adds: fewer where the database has no connections for more."""
    wanted, limit = surge(settings.most_replicas), settings.max_connections
    if limit is None or (settings.pooled and not settings.reads_replicas):
        return wanted
    if settings.pooled:
        return 1
    # A standby that becomes the primary has the connections of both.
    times = 2 if settings.reads_replicas else 1
    left = limit - task_connections(settings) - readers(settings) - RESERVED_CONNECTIONS
    return max(1, min(wanted, left // (times * _of_api_pod(settings)) - settings.most_replicas))


def api_connections(settings: Settings) -> int:
    """Return how many connections all pods of the API open, during a rolling update."""
    return (settings.most_replicas + api_surge(settings)) * _of_api_pod(settings)


def api_text(settings: Settings) -> str:
    """Spell out `api_connections`."""
    return (
        f"({settings.most_replicas} replicas + {api_surge(settings)} surge) "
        f"x ({settings.gunicorn_workers} workers x {settings.gunicorn_threads} threads + {MASTER_CONNECTIONS})"
    )


def _ending(settings: Settings) -> int:
    """How many task processors a rolling update leaves beside the new ones.

    A pod that ends does the tasks that it has taken, for minutes, and the update does not wait for it: in the end all
    old ones may be there.
    """
    return max(surge(settings.task_processor_replicas), settings.task_processor_replicas)


def task_connections(settings: Settings) -> int:
    """Return how many connections all task processors open, during a rolling update."""
    per_pod = settings.task_processor.threads * TASK_CONNECTIONS + HEALTH_CONNECTIONS
    return (settings.task_processor_replicas + _ending(settings)) * per_pod


def tasks_text(settings: Settings) -> str:
    """Spell out `task_connections`."""
    return (
        f"({settings.task_processor_replicas} task processors + {_ending(settings)} on their way out) "
        f"x ({settings.task_processor.threads} threads x {TASK_CONNECTIONS} + {HEALTH_CONNECTIONS})"
    )


def readers(settings: Settings) -> int:
    """Return how many connections the readers of metrics, of the audit log and of analytics open."""
    if settings.postgres.is_own:
        return READERS * READER_CONNECTIONS
    return FLAG_METRICS_CONNECTIONS if settings.flag_metrics_enabled else 0


def readers_text(settings: Settings) -> str:
    """Spell out `readers`; empty for none."""
    if settings.postgres.is_own:
        return f"+ {READERS} readers x {READER_CONNECTIONS} "
    return f"+ {FLAG_METRICS_CONNECTIONS} flag metrics " if settings.flag_metrics_enabled else ""


def connections(settings: Settings) -> int:
    """Return how many connections can be open at once, during a rolling update, readers and reserve included."""
    return api_connections(settings) + task_connections(settings) + readers(settings) + RESERVED_CONNECTIONS


def connections_sum(settings: Settings, *, others: str = "", number: int = 0) -> str:
    """Spell out the sum of `connections`, and of a number of others, whose words end with a space."""
    return (
        f"{api_text(settings)} + {tasks_text(settings)} "
        f"{readers_text(settings)}{others}+ {RESERVED_CONNECTIONS} reserved "
        f"= {connections(settings) + number}"
    )
