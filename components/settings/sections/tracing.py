"""Where Flagsmith sends its traces, if anywhere."""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.alias_generators import to_camel

from components.settings.base import Section
from components.settings.networks import BESIDE, Cidrs, has_right_port
from components.settings.problems import Problem
from components.settings.references import SecretKeyReference
from components.settings.types import Kind, SecretDataKey, Text, decimal
from components.text.regular import look_at

LONGEST_URL: Final = 253 + 4094
"""Characters of what `excludedPaths` are looked for in: a host, and a path as long as gunicorn's limit_request_line."""
_ENDPOINT = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._/-]*)?")


def _endpoint(value: str) -> str:
    if not _ENDPOINT.fullmatch(value) or not has_right_port(value):
        raise ValueError("must be a collector's address for OTLP, such as http://collector.observability.svc:4318")
    return value.rstrip("/")


def _path(value: str) -> str:
    if "," in value or not value.isascii():
        raise ValueError("must be a regular expression for paths, without a comma, such as health/liveness")
    found = look_at(value, longest=LONGEST_URL, is_searched=True)
    if found.error is not None:
        raise ValueError(f"must be a regular expression for paths: it {found.error}")
    return value


OtlpEndpoint = Annotated[Text, AfterValidator(_endpoint), Kind("URL")]
PathPattern = Annotated[Text, AfterValidator(_path), Kind("regular expression")]
Ratio = Annotated[float, BeforeValidator(decimal), Field(ge=0, le=1), Kind("number, 0 to 1")]


class HeadersReference(SecretKeyReference):
    """The key of an existing Secret that holds headers."""

    key: SecretDataKey = Field(default="headers", description="The key in the Secret.")


class TracingSettings(Section):
    """Traces of Flagsmith's requests, queries and tasks, sent by OTLP; off without `endpoint`.

    Flagsmith does it from 2.227.0 on, by gRPC from 2.253.0 on.
    """

    endpoint: OtlpEndpoint | None = Field(
        default=None,
        description="The collector's address; for `http/protobuf`, `/v1/traces` and `/v1/logs` are added.",
    )
    cidr: Cidrs = Field(default=(), description=f"Where the collector is. {BESIDE}")
    protocol: Literal["http/protobuf", "grpc"] = Field(
        default="http/protobuf",
        description="The protocol for OTLP. With `http://`, `grpc` is unencrypted.",
    )
    headers: HeadersReference | None = Field(
        default=None,
        description="An existing Secret with headers for the collector, as `name=value,…`, values percent-encoded.",
    )
    sampling_ratio: Ratio = Field(
        default=0.1,
        description="The share of traces started here that are kept. If a caller has decided already, its "
        "decision counts.",
    )
    excluded_paths: tuple[PathPattern, ...] = Field(
        default=("health/liveness", "health/readiness"),
        description="Requests whose URL matches one of these are not traced.",
    )
    service_name: Text = Field(
        default="flagsmith", description="The services' name, with `-api` or `-task-processor` after it."
    )

    def problems(self) -> Iterator[Problem]:
        """Details of what is off."""
        if self.endpoint is None:
            for name in sorted(self.model_fields_set - {"endpoint"}):
                yield Problem(path=(to_camel(name),), text="goes with tracing.endpoint: set that too, or remove it")
