"""Traces go nowhere unless an endpoint is named; then Flagsmith's own variables say where and how many."""

import pytest

from components.settings import warnings
from tests.components.settings.support import refusal, settings
from tests.recording import STACKS, environment, pod_templates, record, recorded

ENDPOINT = "http://collector.observability.svc:4318"


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_exported_unless_asked_for(stack: str) -> None:
    for name, template in pod_templates(recorded(stack)):
        containers = template["spec"]["containers"]
        names = {item["name"] for container in containers for item in container.get("env", [])}
        assert not [variable for variable in names if variable.startswith("OTEL_")], name


def test_servers_get_what_flagsmith_reads_and_jobs_get_nothing() -> None:
    tracing = {
        "endpoint": f"{ENDPOINT}/",
        "headers": {"name": "collector"},
        "samplingRatio": "0.25",
        "excludedPaths": ["health/liveness"],
        "serviceName": "flags",
    }
    recording = record("local", {"tracing": tracing})
    for deployment, service in (("flagsmith", "flags-api"), ("flagsmith-task-processor", "flags-task-processor")):
        env = environment(recording.one("Deployment", deployment)["spec"]["template"])
        assert {name: value for name, value in env.items() if name.startswith("OTEL_")} == {
            "OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_HEADERS": {"secretKeyRef": {"name": "collector", "key": "headers"}},
            "OTEL_SERVICE_NAME": service,
            "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=feature-flags",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "0.25",
            "OTEL_TRACING_EXCLUDED_URL_PATHS": "health/liveness",
            "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST": "X-Request-ID",
        }
    job = environment(recording.starting("Job", "flagsmith-migrate")["spec"]["template"])
    assert not [name for name in job if name.startswith("OTEL_")]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"tracing": {"endpoint": "collector:4318"}}, "must be a collector's address"),
        ({"tracing": {"samplingRatio": 1}}, "samplingRatio = 1: goes with tracing.endpoint"),
        ({"tracing": {"endpoint": ENDPOINT, "samplingRatio": 2}}, "tracing.samplingRatio"),
        ({"tracing": {"endpoint": ENDPOINT, "excludedPaths": ["a,b"]}}, "without a comma"),
        ({"tracing": {"endpoint": ENDPOINT, "excludedPaths": ["a("]}}, "must be a regular expression"),
        ({"tracing": {"endpoint": ENDPOINT}, "version": "2.226.0"}, "needs Flagsmith 2.227.0 or newer"),
        ({"tracing": {"endpoint": ENDPOINT, "protocol": "grpc"}, "version": "2.252.0"}, "set it to http/protobuf"),
        ({"logs": {"access": "all"}, "version": "2.224.0"}, "needs Flagsmith 2.225.0 or newer"),
        ({"env": {"OTEL_SERVICE_NAME": "x"}}, "use tracing in its place"),
        ({"env": {"ACCESS_LOG_LOCATION": "-"}}, "use logs.access in its place"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, object], says: str) -> None:
    (line,) = refusal(**values)
    assert says in line


def test_traces_come_with_a_warning_about_what_they_hold() -> None:
    assert not [text for text in warnings(settings()) if "tracing" in text]
    assert [text for text in warnings(settings(tracing={"endpoint": ENDPOINT})) if "http.target" in text]
