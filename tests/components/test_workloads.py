"""The workloads: how they are spread, rolled, stopped and reached."""

import pytest

from components.settings.quantities import MI, parse_memory
from tests.recording import container, record, recorded


def test_replicas_are_spread_over_zones_and_nodes_counting_their_own_revision_only() -> None:
    pod = recorded("production").one("Deployment", "flagsmith")["spec"]["template"]
    constraints = pod["spec"]["topologySpreadConstraints"]
    assert [c["topologyKey"] for c in constraints] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    for constraint in constraints:
        assert constraint["matchLabelKeys"] == ["pod-template-hash"]
        assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
        assert constraint["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


def test_a_rolling_update_takes_no_replica_away() -> None:
    spec = recorded("production").one("Deployment", "flagsmith")["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": 0}
    assert recorded("production").one("PodDisruptionBudget", "flagsmith")["spec"]["maxUnavailable"] == 1


def test_a_pod_may_finish_its_longest_request_before_it_is_killed() -> None:
    for stack, timeout in ((recorded("production"), 30), (record("production", {"gunicorn": {"timeout": 90}}), 90)):
        spec = stack.one("Deployment", "flagsmith")["spec"]["template"]["spec"]
        pause = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert spec["terminationGracePeriodSeconds"] > pause + timeout


def test_a_worker_may_finish_all_that_it_has_taken_before_it_is_killed() -> None:
    most = record("production", {"taskProcessor": {"queuePopSize": 9}})
    for stack, taken in ((recorded("production"), 5), (most, 9)):
        spec = stack.one("Deployment", "flagsmith-task-processor")["spec"]["template"]["spec"]
        (worker,) = spec["containers"]
        assert worker["args"][-2:] == ["--queuepopsize", str(taken)]
        # Tasks of a minute, in turn, and gunicorn's own half a minute; what drains a node often waits for ten in all.
        pause = worker["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pause + 30 + taken * 60 < spec["terminationGracePeriodSeconds"] <= 600


@pytest.mark.parametrize(
    ("version", "mount", "data"),
    [
        ("17.11-bookworm", "/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata"),
        ("18.0-bookworm", "/var/lib/postgresql", "/var/lib/postgresql/18/docker"),
    ],
)
def test_the_data_directory_follows_the_major_version(version: str, mount: str, data: str) -> None:
    recording = record("local", {"postgres": {"version": version, "dataMajor": int(version.partition(".")[0])}})
    server = container(recording.one("StatefulSet", "flagsmith-postgres")["spec"]["template"])
    assert {"name": "PGDATA", "value": data} in server["env"]
    assert {"name": "data", "mountPath": mount} in server["volumeMounts"]


def test_the_volume_claim_is_no_part_of_the_stateful_set_so_that_it_can_grow() -> None:
    recording = record("local", {"postgres": {"storage": {"size": "50Gi", "className": "fast"}}})
    assert "volumeClaimTemplates" not in recording.one("StatefulSet", "flagsmith-postgres")["spec"]
    claim = recording.one("PersistentVolumeClaim", "flagsmith-postgres-data")["spec"]
    assert claim["resources"]["requests"] == {"storage": "50Gi"}
    assert claim["storageClassName"] == "fast"


def test_the_password_of_postgres_is_a_file_and_that_of_redis_no_argument() -> None:
    recording = recorded("local")
    postgres = container(recording.one("StatefulSet", "flagsmith-postgres")["spec"]["template"])
    assert {"name": "POSTGRES_PASSWORD_FILE", "value": "/run/secrets/postgres/password"} in postgres["env"]
    redis = container(recording.one("Deployment", "flagsmith-redis")["spec"]["template"])
    assert "--requirepass" not in redis["args"]
    assert [item["name"] for item in redis["env"]] == ["REDISCLI_AUTH", "METRICS_PASSWORD"]


def test_redis_is_a_bounded_cache_without_persistence() -> None:
    recording = record("local", {"redis": {"maxMemory": "64mb", "evictionPolicy": "allkeys-lfu"}})
    redis = recording.one("Deployment", "flagsmith-redis")
    arguments = container(redis["spec"]["template"])["args"]
    pairs = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert pairs["--maxmemory"] == str(64 * 1024 * 1024)
    assert pairs["--maxmemory-policy"] == "allkeys-lfu"
    assert (pairs["--save"], pairs["--appendonly"]) == ("", "no")
    assert redis["spec"]["strategy"] == {"type": "Recreate"}


def test_the_ingress_serves_the_host_with_tls_and_does_not_publish_metrics() -> None:
    ingress = recorded("production").one("Ingress", "flagsmith")
    assert ingress["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "letsencrypt"
    assert ingress["spec"]["tls"] == [{"hosts": ["flags.footanalytics.com"], "secretName": "flagsmith-tls"}]
    (rule,) = ingress["spec"]["rules"]
    api_container = container(recorded("production").one("Deployment", "flagsmith")["spec"]["template"])
    backends = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    assert rule["host"] == "flags.footanalytics.com"
    assert backends == {"/metrics": "flagsmith-unpublished", "/": "flagsmith"}
    unpublished = recorded("production").one("Service", "flagsmith-unpublished")["spec"]
    listening = {port["containerPort"] for port in api_container["ports"]}
    assert unpublished["ports"][0]["targetPort"] not in listening


@pytest.mark.parametrize(("awaited", "skip"), [(True, None), (False, "true")])
def test_the_ingress_address_is_awaited_only_when_asked_for(*, awaited: bool, skip: str | None) -> None:
    tls = {"from": "secret", "secretName": "my-certificate"}
    values = {"className": "traefik", "awaitAddress": awaited, "tls": tls}
    ingress = record("production", {"ingress": values}).one("Ingress", "flagsmith")
    assert ingress["metadata"]["annotations"].get("pulumi.com/skipAwait") == skip
    assert ingress["spec"]["tls"][0]["secretName"] == "my-certificate"


def test_placement_reaches_every_pod() -> None:
    recording = record(
        "production",
        {
            "registryMirror": "mirror.example.com/hub",
            "imagePullSecrets": ["pull"],
            "scheduling": {
                "nodeSelector": {"pool": "flags"},
                "tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}],
                "priorityClassName": "important",
            },
        },
    )
    pods = [m["spec"]["template"] for kind in ("Deployment", "StatefulSet", "Job") for m in recording.all(kind)]
    assert len(pods) == 11
    for pod in pods:
        assert container(pod)["image"].startswith("mirror.example.com/hub/")
        assert pod["spec"]["imagePullSecrets"] == [{"name": "pull"}]
        assert pod["spec"]["nodeSelector"] == {"pool": "flags"}
        assert pod["spec"]["tolerations"] == [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}]
        assert pod["spec"]["priorityClassName"] == "important"


def test_the_quota_can_be_switched_off_and_bounds_tuned() -> None:
    assert record("local", {"namespace": {"quota": {"enabled": False}}}).all("ResourceQuota") == []
    tuned = record("local", {"namespace": {"quota": {"pods": 40}}})
    assert tuned.one("ResourceQuota", "feature-flags")["spec"]["hard"]["pods"] == "40"


def test_a_failed_job_is_made_anew_and_none_is_reaped() -> None:
    for job in recorded("production").all("Job"):
        assert job["metadata"]["annotations"]["pulumi.com/replaceUnready"] == "true"
        assert "ttlSecondsAfterFinished" not in job["spec"]
        assert job["spec"]["activeDeadlineSeconds"] > 0


def test_a_task_processor_says_how_long_statements_take_and_idle_connections_live_unless_a_pooler_refuses_that() -> (
    None
):
    def options(**settings: object) -> list[str]:
        pod = record("local", settings).one("Deployment", "flagsmith-task-processor")["spec"]["template"]
        return [entry["value"] for entry in container(pod)["env"] if entry["name"] == "PGOPTIONS"]

    statements = "-c statement_timeout=1800s"
    # Closed for being idle, the connection of who waits for a task would lose what the task did.
    assert options() == [statements]
    assert options(version="2.224.0") == [f"-c idle_session_timeout=5s {statements}"]
    assert options(taskProcessor={"idleSessionTimeout": 30}) == [f"-c idle_session_timeout=30s {statements}"]
    assert options(taskProcessor={"idleSessionTimeout": 0}) == [statements]
    outside = {"mode": "external", "existingSecret": "database"}
    assert options(postgres=outside) == [statements]
    assert options(taskProcessor={"idleSessionTimeout": 0}, postgres=outside) == []
    api = record("local").one("Deployment", "flagsmith")["spec"]["template"]
    assert all(entry["name"] != "PGOPTIONS" for entry in container(api)["env"])


def test_a_container_may_fill_all_scratch_directories_of_its_pod_and_no_more_of_the_disk() -> None:
    template = recorded("production").one("Deployment", "flagsmith")["spec"]["template"]
    directories = [volume["emptyDir"] for volume in template["spec"]["volumes"] if "emptyDir" in volume]
    on_disk = sum(parse_memory(item["sizeLimit"]) for item in directories if item.get("medium") != "Memory")
    limits = container(template)["resources"]["limits"]
    assert on_disk > 0
    assert parse_memory(limits["ephemeral-storage"]) == on_disk + 512 * MI


def test_a_task_processor_of_several_pods_has_a_budget_and_a_single_one_none() -> None:
    several = record("local", {"taskProcessor": {"replicas": 2}, "postgres": {"maxConnections": 90}})
    budget = several.one("PodDisruptionBudget", "flagsmith-task-processor")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"]["app.kubernetes.io/component"] == "task-processor"
    single = record("local", {"taskProcessor": {"replicas": 1}})
    assert [item["metadata"]["name"] for item in single.all("PodDisruptionBudget")] == ["flagsmith"]
