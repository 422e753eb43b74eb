"""What a project was made for: the answers to `ff init`, checked as the settings of a stack are."""

import datetime
import re
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from components.settings.networks import Cidr
from components.settings.sections.admin import Title
from components.settings.sections.host import HostName
from components.settings.types import ObjectName, Text
from components.text import quoting
from flagops.commands.init.choices import (
    BUCKETS,
    EXAMPLE_ISSUER,
    EXAMPLE_NAME,
    PULUMI_CLOUD,
    Cloud,
    Pipeline,
    Template,
)
from flagops.errors import BadInputError

PODS: Final = {
    "contour": "projectcontour",
    "haproxy": "haproxy-controller",
    "kong": "kong",
    "nginx": "nginx-ingress",
    "openshift-default": "openshift-ingress",
    "traefik": "traefik",
}
"""The namespaces in which the pods of a controller usually are, by its IngressClass."""
BALANCERS: Final = {
    "alb": (),
    "azure-application-gateway": (),
    "gce": ("35.191.0.0/16", "130.211.0.0/22"),
}
"""Controllers that are a cloud's load balancer, where TLS ends: its addresses, if they are known (docs/ingress.md)."""
NAMESPACE: Final = "feature-flags"
DAYS_TO_RELEASE: Final = 180
"""After which the example's release flag is reported as past its day."""


def _team(value: str) -> str:
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?", value):
        raise ValueError("must be at most 20 lower-case letters, digits and hyphens, a letter first")
    return value


def _context(value: str) -> str:
    if "$" in value:
        raise ValueError(
            "must have no $, which workflows take for a variable: `kubectl config rename-context` gives it another name"
        )
    return value


def _backend(value: str) -> str:
    if value != PULUMI_CLOUD and not re.fullmatch(rf"({'|'.join(BUCKETS)})[\w.-]+(/[\w./-]*)?(\?[\w.=&:/-]+)?", value):
        raise ValueError(
            f"must be {PULUMI_CLOUD}, or a bucket's address: {', '.join(f'{start}NAME' for start in BUCKETS)}"
        )
    return value


class Answers(BaseModel):
    """What a project was made for. It is on record there, and a newer release writes the project by it again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: Template = Template.MINIMAL
    name: Title = EXAMPLE_NAME
    team: Annotated[str, AfterValidator(_team)] | None = None
    host: HostName
    staging_host: HostName
    context: Annotated[Text, AfterValidator(_context)]
    staging_context: Annotated[Text, AfterValidator(_context)]
    controller: ObjectName
    controller_namespace: ObjectName | None = None
    controller_networks: tuple[Cidr, ...] = ()
    issuer: ObjectName = EXAMPLE_ISSUER
    ci: Pipeline = Pipeline.GITHUB
    backend: Annotated[str, AfterValidator(_backend)] = PULUMI_CLOUD
    cloud: Cloud = Cloud.NONE
    made: datetime.date = Field(description="The day, from which the example's dates count.")

    @model_validator(mode="after")
    def _are_together(self) -> Self:
        if self.host == self.staging_host:
            raise ValueError(f"--staging-host {quoting.value(self.staging_host)} must be another name than --host")
        if self.controller in BALANCERS and not self.networks:
            raise ValueError(
                f"--controller {self.controller} is a load balancer without pods: give the addresses that it sends "
                "from, --controller-networks 10.0.0.0/16"
            )
        return self

    @property
    def staging(self) -> str:
        """The name of the stack for trying releases."""
        return f"{self.team}-staging" if self.team else "staging"

    @property
    def production(self) -> str:
        """The name of the stack that applications use."""
        return f"{self.team}-production" if self.team else "production"

    @property
    def namespace(self) -> str:
        """The namespace of production: of a team its own, since instances can share a cluster."""
        return f"{NAMESPACE}-{self.team}" if self.team else NAMESPACE

    @property
    def staging_namespace(self) -> str:
        """The namespace of staging, another one where both are in one cluster."""
        return f"{self.namespace}-staging" if self.context == self.staging_context else self.namespace

    @property
    def networks(self) -> tuple[str, ...]:
        """The addresses that the controller sends from, if it has no pods."""
        return tuple(map(str, self.controller_networks)) or BALANCERS.get(self.controller, ())

    @property
    def pods(self) -> str | None:
        """The namespace of the controller's pods; None if it has none."""
        if self.networks and self.controller_namespace is None:
            return None
        return self.controller_namespace or PODS.get(self.controller, self.controller)

    @property
    def is_balancer(self) -> bool:
        """Whether TLS ends at a load balancer."""
        return self.controller in BALANCERS

    @property
    def is_bucket(self) -> bool:
        """Whether Pulumi's state is in a bucket."""
        return self.backend != PULUMI_CLOUD

    @property
    def expires(self) -> str:
        """The day of the example's release flag."""
        return (self.made + datetime.timedelta(days=DAYS_TO_RELEASE)).isoformat()


def staging_host(host: str) -> str:
    """The usual name of staging beside this one: `flags.staging.example.com` for `flags.example.com`."""
    first, _, rest = host.partition(".")
    return f"{first}.staging.{rest}" if "." in rest else f"staging.{host}"


def answers(given: dict[str, Any]) -> Answers:
    """Check what was given. Raises BadInputError, which names the first option that is wrong and what is allowed."""
    try:
        return Answers.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        text = str(first.get("ctx", {}).get("error", first["msg"]))
        if not first["loc"]:
            raise BadInputError(f"{text}.") from None
        option = f"--{str(first['loc'][0]).replace('_', '-')}"
        value = given.get(str(first["loc"][0]))
        shown = f" {quoting.value(first['input'])}" if value is not None else ""
        raise BadInputError(f"{option}{shown} {text}.") from None
