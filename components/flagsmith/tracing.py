"""The environment that makes Flagsmith export traces (read in flagsmith-common 3.12, seen on 2.265.0)."""

from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.kit.environment import from_secret, plain
from components.settings.sections.tracing import TracingSettings


def environment(tracing: TracingSettings, *, component: str, namespace: str) -> list[EnvVarArgs]:
    """The variables of a server of `component`; none without an endpoint."""
    if tracing.endpoint is None:
        return []
    values = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": tracing.endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": tracing.protocol,
        "OTEL_SERVICE_NAME": f"{tracing.service_name}-{component}",
        "OTEL_RESOURCE_ATTRIBUTES": f"service.namespace={namespace}",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": str(tracing.sampling_ratio),
        "OTEL_TRACING_EXCLUDED_URL_PATHS": ",".join(tracing.excluded_paths),
        # The same id as in the log, so that one is found from the other.
        "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST": "X-Request-ID",
    }
    variables = plain(values)
    if tracing.headers is not None:
        variables.append(from_secret("OTEL_EXPORTER_OTLP_HEADERS", tracing.headers))
    return variables
