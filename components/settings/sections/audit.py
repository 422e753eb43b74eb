"""The audit log: whether it can be read, and where it is shipped to."""

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.networks import BESIDE, WEB_PORTS, Cidrs, has_right_port, place
from components.settings.problems import Problem
from components.settings.references import CaReference, DatabaseUrlSecret, SecretKeyReference
from components.settings.resources import Resources
from components.settings.types import Boolean, Kind, Seconds, SecretDataKey, Text, WholeNumber

# Measured: 36 MiB at rest, 80 MiB with a batch of 1000 of the longest values (20,000 letters, old and new), which are
# 40 MB twice over as the body of a request.
AUDIT_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "50m", "memory": "96Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}
)


def _https(value: str) -> str:
    address = urlsplit(value if has_right_port(value) else "")
    if address.scheme != "https" or not address.hostname or " " in value:
        raise ValueError("must be an https address such as https://audit.example.com/api/v1/events")
    if address.username is not None or address.query or address.fragment:
        raise ValueError("must not contain a user, password, query or fragment: a token belongs in tokenSecret")
    return value


HttpsUrl = Annotated[Text, AfterValidator(_https), Kind("https address")]
Batch = Annotated[WholeNumber, Field(ge=1, le=1000), Kind("whole number, 1 to 1000")]


class TokenReference(SecretKeyReference):
    """The key of an existing Secret with a bearer token."""

    key: SecretDataKey = Field(default="token", description="The key in the Secret.")


class AuditExport(Section):
    """The exporter, which ships each entry at least once."""

    sink: Literal["stdout", "https"] | None = Field(
        default=None, description="Where entries go: the exporter's own log, or an endpoint. Default: no exporter."
    )
    url: HttpsUrl | None = Field(default=None, description="The endpoint, which takes JSON lines by POST.")
    cidr: Cidrs = Field(default=(), description=f"Where the endpoint is. {BESIDE}")
    token_secret: TokenReference | None = Field(
        default=None, description="An existing Secret with the bearer token that the endpoint asks for."
    )
    ca_secret: CaReference | None = Field(
        default=None,
        description="An existing Secret with the CA of the endpoint. Default: the CAs that the image trusts.",
    )
    interval: Seconds = Field(default=10, description="Seconds between two reads of the log.")
    batch: Batch = Field(default=100, description="How many entries are sent at once.")

    @property
    def enabled(self) -> bool:
        """Whether there is an exporter."""
        return self.sink is not None

    @property
    def destination(self) -> tuple[str, int] | None:
        """The host and port that the exporter connects to; None without an endpoint."""
        return None if self.url is None else place(self.url, WEB_PORTS)

    def problems(self) -> Iterator[Problem]:
        """An endpoint without its sink, and the sink without its endpoint."""
        if self.sink == "https":
            if self.url is None:
                yield Problem(path=("url",), text="must be given: audit.export.sink is https")
            return
        yield from self.wrong_mode(
            section="audit.export",
            mode=self.sink or "not set",
            owner="https",
            fields=frozenset(["url", "cidr", "token_secret", "ca_secret"]),
            key="sink",
        )


class AuditSettings(Section):
    """Who changed which flag: the open-source edition keeps a log of it, but does not show it."""

    enabled: Boolean | None = Field(
        default=None, description="Whether `ff audit` can read the log. Default: the value of `production`."
    )
    existing_secret: DatabaseUrlSecret | None = Field(
        default=None,
        description="An existing Secret with the key `DATABASE_URL` of the role `flagsmith_audit`; an external "
        "database needs it. Default: the one that is made for the embedded database.",
    )
    export: AuditExport = Field(default_factory=AuditExport, description="The exporter.")
    resources: Resources = Field(default=AUDIT_RESOURCES, description="Requests and limits of reader and exporter.")

    def problems(self) -> Iterator[Problem]:
        """An exporter of a log that is switched off."""
        if self.enabled is False and self.export.enabled:
            yield Problem(
                path=("export", "sink"), text="needs audit.enabled, which is false: remove it, or set it to true"
            )
