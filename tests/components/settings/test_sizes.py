"""Sizes, the sums over a stack, and the budgets that stop a preview."""

from typing import Any

import pytest

from components.settings import budget, connections, warnings
from components.settings.quantities import GI, KI, MI, parse_cpu, parse_memory
from components.settings.rollouts import surge
from components.settings.sizes import SIZES
from tests.components.settings.support import refusal, settings

SIZE_NAMES = tuple(SIZES)


def _resources(cpu: str, memory: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu, "memory": memory}}


@pytest.mark.parametrize("size", SIZE_NAMES)
def test_every_size_is_valid_and_has_three_replicas_or_more(size: str) -> None:
    found = settings(size=size)

    assert found.resolved_replicas >= 3
    assert found.gunicorn_workers >= 2
    assert found.gunicorn_threads == 2
    assert int(found.redis_max_memory) < parse_memory(found.redis_resources.limits.memory)


@pytest.mark.parametrize(
    ("size", "replicas"), [("local", 3), ("small", 3), ("medium", 5), ("large", 12), ("xlarge", 24)]
)
def test_replicas_follow_the_vendors_guide(size: str, replicas: int) -> None:
    assert settings(size=size).resolved_replicas == replicas


def test_local_fits_in_three_gibibytes_and_one_and_a_half_cores_even_while_an_api_pod_is_replaced() -> None:
    found = settings(size="local")
    api = found.resolved_replicas + surge(found.resolved_replicas)
    parts = [
        (api, found.api_resources),
        (1, found.task_processor_resources),
        (1, found.postgres_resources),
        (1, found.redis_resources),
    ]

    assert sum(count * parse_memory(part.requests.memory) for count, part in parts) <= 3 * GI
    assert sum(count * parse_cpu(part.requests.cpu) for count, part in parts) <= 1500


def test_each_value_of_a_size_can_be_overridden() -> None:
    found = settings(
        replicas=7,
        resources=_resources("4", "4Gi"),
        gunicorn={"threads": 2},
        taskProcessor={"replicas": 3, "resources": _resources("1", "1Gi")},
        postgres={"maxConnections": 170, "resources": _resources("2", "4Gi")},
        redis={"resources": _resources("1", "1Gi")},
    )

    assert (found.resolved_replicas, found.gunicorn_workers, found.gunicorn_threads) == (7, 4, 2)
    assert (found.task_processor_replicas, found.task_processor_resources.limits.memory) == (3, "1Gi")
    assert found.postgres_parameters["max_connections"] == "170"
    assert found.redis_resources.requests.cpu == "1"


def test_postgres_parameters_follow_from_its_memory_and_its_disk() -> None:
    assert settings(postgres={"resources": _resources("1", "4Gi"), "storage": {"size": "8Gi"}}).postgres_parameters == {
        "max_connections": "100",
        "shared_buffers": "1024MB",
        "effective_cache_size": "3072MB",
        "max_wal_size": "1024MB",
        "work_mem": "10485kB",
        "jit": "off",
        "maintenance_work_mem": "256MB",
    }


def test_the_connection_budget_spells_out_its_sum() -> None:
    (line,) = refusal(replicas=45)

    assert line.startswith("feature-flags:postgres.maxConnections = 100: ")
    for part in (
        "(45 replicas + 1 surge) x (2 workers x 2 threads + 2)",
        "+ (1 task processors + 1 on their way out) x (5 threads x 2 + 1)",
        "+ 3 readers x 3 + 10 reserved = 317",
    ):
        assert part in line


def test_a_release_whose_tasks_leave_connections_open_is_warned_about() -> None:
    (warning,) = warnings(settings(version="2.224.0", replicas=2))
    assert warning.startswith("version 2.224.0 leaves a connection to the database open for every task that it did")
    assert list(warnings(settings(version="2.225.0", replicas=2))) == []


def test_the_connection_budget_holds_to_the_last_connection() -> None:
    needed = connections.connections(settings())

    assert settings(postgres={"maxConnections": needed}).max_connections == needed
    assert refusal(postgres={"maxConnections": needed - 1})


def test_an_external_postgres_is_only_checked_against_a_stated_limit() -> None:
    external = {"mode": "external", "existingSecret": "db"}

    room = {"quota": {"pods": 700}}
    assert settings(replicas=500, namespace=room, postgres=external).max_connections is None
    assert "= 3038" in refusal(replicas=500, namespace=room, postgres={**external, "maxConnections": 400})[0]


def test_the_quota_is_the_same_for_every_size_so_that_no_change_of_size_runs_into_it() -> None:
    (quota,) = {tuple(budget.quota(settings(size=size)).items()) for size in SIZE_NAMES}

    assert dict(quota) == {
        "pods": "300",
        "persistentvolumeclaims": "10",
        "services.loadbalancers": "0",
    }


@pytest.mark.parametrize(("storage", "expected"), [("1Gi", "128MB"), ("20Gi", "2560MB"), ("1Ti", "4096MB")])
def test_the_write_ahead_log_leaves_room_on_the_volume(storage: str, expected: str) -> None:
    assert settings(postgres={"storage": {"size": storage}}).postgres_parameters["max_wal_size"] == expected


@pytest.mark.parametrize("size", SIZE_NAMES)
def test_the_memory_of_postgres_holds_its_buffers_and_the_work_of_all_connections(size: str) -> None:
    found = settings(size=size)
    parameters = {name: value.rstrip("kMB") for name, value in found.postgres_parameters.items()}
    opened = connections.connections(found)
    used = int(parameters["shared_buffers"]) * MI + opened * int(parameters["work_mem"]) * KI
    # Besides: three autovacuum workers, each with its maintenance memory.
    used += 3 * int(parameters["maintenance_work_mem"]) * MI

    assert used <= parse_memory(found.postgres_resources.limits.memory) * 0.9


def test_a_bound_that_is_set_is_taken_and_no_other_is_made_up() -> None:
    found = settings(namespace={"quota": {"requestsCpu": "32", "pods": "99"}})

    assert (budget.quota(found)["requests.cpu"], budget.quota(found)["pods"]) == ("32", "99")
    assert "requests.memory" not in budget.quota(found)


def test_a_quota_that_is_switched_off_is_empty() -> None:
    assert budget.quota(settings(namespace={"quota": {"enabled": False}})) == {}


@pytest.mark.parametrize(
    ("key", "value", "needed"),
    [
        ("requestsCpu", "4", "6320m"),
        ("requestsMemory", "8Gi", "19072Mi"),
        ("limitsCpu", "4", "22700m"),
        ("limitsMemory", "8Gi", "30848Mi"),
        ("pods", 5, "19"),
    ],
)
def test_a_quota_below_the_stacks_own_pods_is_refused_with_the_sum(key: str, value: object, needed: str) -> None:
    (line,) = refusal(namespace={"quota": {key: value}})

    assert f"feature-flags:namespace.quota.{key} = " in line
    assert f"must be at least {needed}, " in line
    assert "4 " in line
    assert "2 x " in line or "2 Jobs" in line


def test_parts_outside_the_cluster_do_not_count_towards_the_quota() -> None:
    external = {"mode": "external", "existingSecret": "db"}

    assert budget.need(settings(postgres=external, redis={"mode": "none"}))["pods"] == 17


def test_a_quota_without_room_for_the_claims_is_refused() -> None:
    (line,) = refusal(namespace={"quota": {"persistentVolumeClaims": 1}})
    assert line.startswith("feature-flags:namespace.quota.persistentVolumeClaims = 1: must be at least 3, ")
    assert "1 PostgreSQL + 1 backups + 1 drill" in line


def test_one_thread_a_worker_is_refused_since_workers_would_share_a_database_connection() -> None:
    (line,) = refusal(gunicorn={"threads": 1})

    assert line.startswith("feature-flags:gunicorn.threads = 1: must be at least 2")
