"""The exporter of flag metrics in the stack: where it is, with which database, and what it counts for."""

import pytest

from components.flag_metrics.flag_metrics import scripts
from components.settings import budget, connections, warnings
from tests.components.settings.support import refusal, settings
from tests.recording import Recording, container, environment, record, recorded

ON = {"monitoring": {"enabled": True}}
EXTERNAL = {"mode": "external", "existingSecret": "rds", "sslmode": "verify-full", "caSecret": {"name": "ca"}}
READER = {"flagMetrics": {"existingSecret": "reader"}}


def deployments(recording: Recording) -> set[str]:
    return {item["metadata"]["name"] for item in recording.all("Deployment")}


def test_it_is_there_in_production_and_elsewhere_on_request() -> None:
    assert "flagsmith-flag-metrics" in deployments(recorded("production"))
    assert "flagsmith-flag-metrics" not in deployments(recorded("local"))
    assert "flagsmith-flag-metrics" in deployments(record("local", ON))
    off = {"monitoring": {"flagMetrics": {"enabled": False}}}
    assert "flagsmith-flag-metrics" not in deployments(record("production", off))


def test_it_reads_as_a_role_of_its_own_and_gets_no_other_secret() -> None:
    template = recorded("production").one("Deployment", "flagsmith-flag-metrics")["spec"]["template"]
    variables = environment(template)
    assert variables["DATABASE_URL"] == {"secretKeyRef": {"name": "flagsmith-analytics", "key": "DATABASE_URL"}}
    assert [name for name, value in variables.items() if isinstance(value, dict)] == ["DATABASE_URL"]
    assert "checksum/flagsmith-analytics" in template["metadata"]["annotations"]


def test_it_runs_what_its_config_map_holds_and_starts_anew_when_that_changes() -> None:
    recording = recorded("production")
    held = recording.starting("ConfigMap", "flagsmith-flag-metrics-")
    pod = recording.one("Deployment", "flagsmith-flag-metrics")["spec"]["template"]["spec"]
    assert held["data"] == scripts()
    assert held["immutable"]
    (volume,) = [item["configMap"]["name"] for item in pod["volumes"] if item["name"] == "scripts"]
    assert volume == held["metadata"]["name"]
    (mount,) = [item["mountPath"] for item in pod["containers"][0]["volumeMounts"] if item["name"] == "scripts"]
    command = pod["containers"][0]["command"]
    assert command == ["python", f"{mount}/flag_metrics.py"]
    assert set(held["data"]) >= {"flag_metrics.py", "flag_metrics_parts.py"}


def test_there_is_never_a_second_one_that_would_count_everything_again() -> None:
    spec = record("local", ON).one("Deployment", "flagsmith-flag-metrics")["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}


def test_prometheus_finds_it_by_its_port_or_by_what_it_says_of_itself() -> None:
    def said(api_versions: list[str]) -> dict[str, str]:
        recording = record("production", {"apiVersions": api_versions})
        template = recording.one("Deployment", "flagsmith-flag-metrics")["spec"]["template"]
        annotations = dict(template["metadata"]["annotations"])
        return {key: value for key, value in annotations.items() if key.startswith("prometheus.io/")}

    assert said([]) == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "9102",
        "prometheus.io/path": "/metrics",
    }
    assert said(["monitoring.coreos.com/v1"]) == {}


def test_its_port_probes_and_settings_agree() -> None:
    chosen = {"monitoring": {"flagMetrics": {"enabled": True, "interval": 30, "sample": 0}}}
    template = record("local", chosen).one("Deployment", "flagsmith-flag-metrics")["spec"]["template"]
    pod, variables = container(template), environment(template)
    assert pod["ports"] == [{"name": "metrics", "containerPort": 9102}]
    assert (variables["PORT"], variables["INTERVAL_SECONDS"], variables["SAMPLE"]) == ("9102", "30", "0")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert pod[probe]["httpGet"] == {"path": "/healthz", "port": "metrics", "scheme": "HTTP"}


def test_of_an_external_database_it_reads_as_the_named_role_and_checks_the_certificate() -> None:
    recording = record("production", {"postgres": EXTERNAL, "monitoring": READER})
    template = recording.one("Deployment", "flagsmith-flag-metrics")["spec"]["template"]
    variables = environment(template)
    assert variables["DATABASE_URL"] == {"secretKeyRef": {"name": "reader", "key": "DATABASE_URL"}}
    assert variables["PGSSLMODE"] == "verify-full"
    assert variables["PGSSLROOTCERT"].startswith("/etc/flagsmith/postgres-ca/")
    assert "ca" in [volume.get("secret", {}).get("secretName") for volume in template["spec"]["volumes"]]


def test_an_external_database_without_a_role_to_read_with_is_a_warning_or_a_refusal() -> None:
    without = settings(postgres=EXTERNAL, **ON)
    assert not without.flag_metrics_enabled
    (warning,) = [text for text in warnings(without) if text.startswith("monitoring.flagMetrics")]
    assert "name a Secret with the DATABASE_URL of a read-only role in monitoring.flagMetrics.existingSecret" in warning
    assert settings(postgres=EXTERNAL, monitoring={"enabled": True, **READER}).flag_metrics_enabled
    assert not [text for text in warnings(settings(postgres=EXTERNAL)) if text.startswith("monitoring")]
    (line,) = refusal(postgres=EXTERNAL, monitoring={"flagMetrics": {"enabled": True}})
    assert line.startswith("feature-flags:monitoring.flagMetrics.enabled = true: needs a role in the external database")


def test_its_pod_and_its_connection_are_counted() -> None:
    only = {"monitoring": {"flagMetrics": {"enabled": True}}}
    without, with_it = settings(), settings(**only)
    assert budget.need(with_it)["pods"] == budget.need(without)["pods"] + 1
    assert budget.need(with_it)["requests.memory"] - budget.need(without)["requests.memory"] == 64 * 1024**2
    # Of the embedded database as one of the roles that read, whether it is there or not.
    assert connections.connections(with_it) == connections.connections(without)
    outside = {"postgres": EXTERNAL, "monitoring": {"enabled": True}}
    reading = settings(postgres=EXTERNAL, monitoring={"enabled": True, **READER})
    assert connections.connections(reading) == connections.connections(settings(**outside)) + 1
    assert "+ 1 flag metrics +" in connections.connections_sum(reading)


@pytest.mark.parametrize(("key", "value"), [("interval", 0), ("interval", 3601), ("sample", -1), ("sample", 5001)])
def test_what_would_not_work_is_refused(key: str, value: int) -> None:
    (line,) = refusal(monitoring={"flagMetrics": {key: value}})
    assert f"monitoring.flagMetrics.{key}" in line
