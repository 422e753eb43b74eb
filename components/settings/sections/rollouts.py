"""What runs the rollouts of the catalogue, and whom their guards ask."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.networks import BESIDE, WEB_PORTS, Cidrs, has_right_port, place
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.references import CaReference
from components.settings.resources import Resources
from components.settings.sections.audit import TokenReference
from components.settings.types import Boolean, Kind, Seconds, Text, WholeNumber

ROLLOUTS_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "192Mi"}}
)
"""Measured on Python 3.13, with three guards each that a real Prometheus answers: 26 MB with one rollout, 36 MB (37 MB
at most) with 200 of them, whose scrape has 0.9 MB."""


def _prometheus_url(value: str) -> str:
    address = urlsplit(value if has_right_port(value) else "")
    if address.scheme not in ("http", "https") or not address.hostname or " " in value:
        raise ValueError("must be an address such as http://prometheus-operated.monitoring.svc:9090")
    if address.username is not None or address.query or address.fragment:
        raise ValueError("must not contain a user, password, query or fragment: a token belongs in tokenSecret")
    return value


PrometheusUrl = Annotated[Text, AfterValidator(_prometheus_url), Kind("address of a Prometheus")]


class RolloutsPrometheus(Section):
    """The Prometheus that guards ask, or what answers as it does, such as Thanos or Mimir."""

    url: PrometheusUrl | None = Field(
        default=None,
        description="Its address, without `/api/v1`. Default: none, and a rollout with guards never rises.",
    )
    cidr: Cidrs = Field(default=(), description=f"Where it is. {BESIDE}")
    token_secret: TokenReference | None = Field(
        default=None, description="An existing Secret with the bearer token that it asks for."
    )
    ca_secret: CaReference | None = Field(
        default=None,
        description="An existing Secret with the CA of its certificate. Default: the CAs that the image trusts.",
    )

    def problems(self) -> Iterator[Problem]:
        """What goes with an address, or with one that is encrypted."""
        stated = sorted(self.model_fields_set - {"url"})
        if self.url is None:
            for key in stated:
                yield Problem(
                    path=(key,), text="goes with rollouts.prometheus.url: set that, or remove it", value=NOT_SHOWN
                )
        elif urlsplit(self.url).scheme != "https":
            for key, found in (("tokenSecret", self.token_secret), ("caSecret", self.ca_secret)):
                if found is not None:
                    yield Problem(
                        path=(key,),
                        text="goes with an address that begins with https://: without it, everybody on the way could "
                        "read the token and answer in place of Prometheus",
                        value=NOT_SHOWN,
                    )


class RolloutsSettings(Section):
    """The pod that runs the rollouts of the catalogue (docs/rollouts.md)."""

    enabled: Boolean = Field(default=False, description="Whether rollouts run by themselves in this stack.")
    interval: Annotated[WholeNumber, Field(ge=1, le=1800), Kind("seconds, 1 to 1800")] = Field(
        default=60,
        description="Seconds between two checks; a broken guard is found within this time. A check asks about the hour "
        "before it, so half an hour is the most.",
    )
    max_silence: Seconds = Field(
        default=1800,
        description="Seconds without an answer from a guard after which the alert fires. If a guard's own "
        "`warn_after` is longer, that counts.",
    )
    prometheus: RolloutsPrometheus = Field(
        default_factory=RolloutsPrometheus, description="The Prometheus that guards ask."
    )
    resources: Resources = Field(default=ROLLOUTS_RESOURCES, description="Requests and limits.")

    @property
    def destination(self) -> tuple[str, int] | None:
        """The host and port of Prometheus, where one is asked; None for none."""
        url = self.prometheus.url if self.enabled else None
        return None if url is None else place(url, WEB_PORTS)
