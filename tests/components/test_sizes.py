"""What a size says is what the pods of the rendered stack ask for."""

from typing import Any

import pytest

from components.settings.quantities import GI, parse_cpu, parse_memory
from components.settings.resources import Resources
from components.settings.sections.size import SizeName
from components.settings.sizes import SIZES
from tests.recording import container, environment, record, recorded

WORKLOADS = ("Deployment", "StatefulSet")


def resources(manifest: dict[str, Any]) -> dict[str, Any]:
    """Requests and limits of what the table is about: disk is not."""
    found = container(manifest["spec"]["template"])["resources"]
    return {kind: {name: found[kind][name] for name in ("cpu", "memory")} for kind in ("requests", "limits")}


def as_rendered(wanted: Resources) -> dict[str, Any]:
    return {"requests": wanted.requests.as_dict(), "limits": wanted.limits.as_dict()}


@pytest.mark.parametrize("name", SIZES)
def test_pods_get_what_the_table_of_sizes_says(name: SizeName) -> None:
    size, recording = SIZES[name], record("production", {"size": name})
    api, worker = recording.one("Deployment", "flagsmith"), recording.one("Deployment", "flagsmith-task-processor")
    postgres = recording.one("StatefulSet", "flagsmith-postgres")

    assert (api["spec"]["replicas"], resources(api)) == (size.replicas, as_rendered(size.api))
    assert worker["spec"]["replicas"] == size.task_processor_replicas
    assert resources(worker) == as_rendered(size.task_processor)
    assert resources(postgres) == as_rendered(size.postgres)
    assert f"--max-connections={size.max_connections}" in container(postgres["spec"]["template"])["args"]
    assert resources(recording.one("Deployment", "flagsmith-redis")) == as_rendered(size.redis)
    for job in ("flagsmith-migrate-", "flagsmith-bootstrap-"):
        assert resources(recording.starting("Job", job)) == as_rendered(size.api)
    env = environment(api["spec"]["template"])
    assert int(env["GUNICORN_WORKERS"]) == max(2, parse_cpu(size.api.limits.cpu) // 1000)
    assert env["GUNICORN_THREADS"] == "2"


@pytest.mark.parametrize(("resource", "parse", "most"), [("cpu", parse_cpu, 1500), ("memory", parse_memory, 3 * GI)])
def test_local_fits_in_one_and_a_half_cores_and_three_gibibytes_at_every_step(
    resource: str, parse: Any, most: int
) -> None:
    recording = recorded("local")

    def request(manifest: dict[str, Any]) -> int:
        return int(parse(resources(manifest)["requests"][resource]))

    workloads = [manifest for kind in WORKLOADS for manifest in recording.all(kind)]
    steady = sum(manifest["spec"]["replicas"] * request(manifest) for manifest in workloads)
    # One at a time, since each waits for the one before it: a Job's pod, or the pod more of a rolling update.
    rolled = [m for m in workloads if m["spec"].get("strategy", {}).get("type") == "RollingUpdate"]
    surges = [m["spec"]["strategy"]["rollingUpdate"]["maxSurge"] * request(m) for m in rolled]
    passing = max(*surges, *(request(job) for job in recording.all("Job")))

    assert len(surges) == 2
    assert steady + passing <= most
