"""What is to fit the stack as a whole: release, address, replicas, memory, connections, quota."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from components.settings import budget, pools, releases
from components.settings.images import disagreement
from components.settings.model import Settings
from components.settings.problems import Problem
from components.settings.quantities import MI, parse_cpu, parse_memory
from components.settings.reserved import refusal_of, reservation
from components.settings.sections.caches import PER_PROCESS, PROMISED_SECONDS
from components.settings.sections.redis import parse_redis_memory
from components.text.versions import dotted

# Above its data, Redis needs memory for its clients and for fragmentation.
REDIS_HEADROOM = 0.9


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield what does not fit."""
    yield from _version(settings)
    yield from _address(settings)
    yield from _environment(settings)
    yield from _caches(settings)
    yield from _replicas(settings)
    yield from _memory(settings)
    yield from _connections(settings)
    yield from _quota(settings)
    yield from _container_maximum(settings)
    for index, name in enumerate(settings.image_pull_secrets):
        if name in settings.image_pull_secrets[:index]:
            yield Problem(path=("imagePullSecrets", index), text="is given twice: remove one")


def _version(settings: Settings) -> Iterator[Problem]:
    text = releases.refusal(settings.version, settings.redis.mode)
    if text is not None:
        yield Problem(path=("version",), text=text)
    text = disagreement(settings.image, settings.version, version_key="version")
    if text is not None:
        yield Problem(path=("image",), text=text)


def _address(settings: Settings) -> Iterator[Problem]:
    stated = settings.public_url
    if stated is not None and urlsplit(stated).hostname != settings.host:
        yield Problem(
            path=("publicUrl",),
            text=f"must have the host {settings.host}: Flagsmith refuses requests for another. Correct it, or `host`",
        )


def _environment(settings: Settings) -> Iterator[Problem]:
    refused = {("env", name): refusal_of(name, value) for name, value in settings.env.items()}
    refused |= {("envFromSecrets", name): reservation(name) for name in settings.env_from_secrets}
    for path, text in refused.items():
        if text is not None:
            yield Problem(path=path, text=text)
    for name in sorted(settings.env.keys() & settings.env_from_secrets.keys()):
        yield Problem(path=("envFromSecrets", name), text=f"is also set in env ({name}): remove one of the two")


def _caches(settings: Settings) -> Iterator[Problem]:
    if settings.redis.enabled:
        return
    owner, fields = "embedded or external", frozenset(type(settings.caches).model_fields) - PER_PROCESS
    for problem in settings.caches.wrong_mode(section="redis", mode="none", owner=owner, fields=fields):
        yield replace(problem, path=("caches", *problem.path))


def _replicas(settings: Settings) -> Iterator[Problem]:
    if not settings.autoscaling.enabled:
        return
    if settings.replicas is not None:
        yield Problem(
            path=("replicas",),
            text="is set by the autoscaler, because autoscaling.enabled is true: remove it "
            "(autoscaling.minReplicas is the fewest), or set autoscaling.enabled to false",
        )
    fewest, most = settings.resolved_replicas, settings.most_replicas
    if fewest > most:
        stated = "maxReplicas" if settings.autoscaling.max_replicas is not None else "minReplicas"
        yield Problem(
            path=("autoscaling", stated),
            text=f"leaves no range: the fewest API pods are {fewest}, the most {most}. "
            "Lower autoscaling.minReplicas, or raise autoscaling.maxReplicas",
        )


def _memory(settings: Settings) -> Iterator[Problem]:
    if settings.redis.embedded and settings.redis.max_memory is not None:
        container = settings.redis_resources.limits.memory
        most = int(parse_memory(container) * REDIS_HEADROOM)
        if parse_redis_memory(settings.redis.max_memory) > most:
            yield Problem(
                path=("redis", "maxMemory"),
                text=f"must be at most {most // MI}mb, 90 % of the memory limit of Redis ({container}): "
                "lower it, or raise redis.resources.limits.memory",
            )


def _connections(settings: Settings) -> Iterator[Problem]:
    limit = settings.max_connections
    if limit is None:
        return
    for server in pools.servers(settings):
        if server.needed > limit:
            yield Problem(
                path=("postgres", "maxConnections"),
                value=limit,
                text=f"must be at least what {server.what}: {server.text}. Raise it, or lower {server.remedy}",
            )


def _quota(settings: Settings) -> Iterator[Problem]:
    quota = settings.namespace.quota
    if not quota.enabled:
        return
    stated = {
        "requests.cpu": ("requestsCpu", quota.requests_cpu and parse_cpu(quota.requests_cpu)),
        "requests.memory": ("requestsMemory", quota.requests_memory and parse_memory(quota.requests_memory)),
        "limits.cpu": ("limitsCpu", quota.limits_cpu and parse_cpu(quota.limits_cpu)),
        "limits.memory": ("limitsMemory", quota.limits_memory and parse_memory(quota.limits_memory)),
        "pods": ("pods", quota.pods),
        "persistentvolumeclaims": ("persistentVolumeClaims", quota.persistent_volume_claims),
    }
    for name, needed in budget.need(settings).items():
        key, amount = stated[name]
        if amount is not None and int(amount) < needed:
            yield Problem(
                path=("namespace", "quota", key),
                text=f"must be at least {budget.format_amount(name, needed)}, what the namespace must hold during "
                f"a rolling update ({budget.need_sum(settings, name)}): raise it, or leave the key out",
            )


def _container_maximum(settings: Settings) -> Iterator[Problem]:
    most = settings.namespace.limit_range.max
    if most is None:
        return
    for resource, parse in (("cpu", parse_cpu), ("memory", parse_memory)):
        allowed = getattr(most, resource)
        for demand in budget.demands(settings):
            limit = getattr(demand.resources.limits, resource)
            if parse(limit) > parse(allowed):
                yield Problem(
                    path=("namespace", "limitRange", "max", resource),
                    text=f"must be at least {limit}, the limit of a container of the stack ({demand.name}): raise it",
                )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what makes the stack weaker than it could be."""
    newer = releases.warning(settings.version)
    if newer is not None:
        yield newer
    if not settings.release.closes_task_connections:
        yield (
            f"version {settings.version} leaves a connection to the database open for every task that it did, until "
            "PostgreSQL closes it (taskProcessor.idleSessionTimeout). With a long queue these are more connections "
            f"than the check of postgres.maxConnections counts. {dotted(releases.FIRST_WITH_JSON_ACCESS_LOG)} and "
            "later leave none open"
        )
    if not settings.redis.enabled:
        yield (
            "redis.mode is none: every process caches for itself, so the database answers each request "
            f"{settings.resolved_replicas * settings.gunicorn_workers} times before the caches are filled"
        )
    if settings.postgres.resolved_sslmode in ("disable", "allow", "prefer"):
        yield (
            f"postgres.sslmode is {settings.postgres.resolved_sslmode}: the password and all data may "
            "cross the network unencrypted; set it to verify-full"
        )
    if settings.resolved_replicas < 2:
        key = "autoscaling.minReplicas" if settings.autoscaling.enabled else "replicas"
        yield f"{key} is 1: a drained node or a failed pod stops the service"
    if settings.redis.enabled:
        for text, seconds in settings.caches.worst_cases().items():
            if seconds > PROMISED_SECONDS:
                yield (
                    f"caches: a changed flag may show only after {seconds} s ({text}), "
                    f"which is more than {PROMISED_SECONDS} s: lower one of them"
                )
