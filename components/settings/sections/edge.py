"""The edge: Flagsmith's Edge Proxy, which answers SDKs from memory, also while Flagsmith is away."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from components.settings import default_images
from components.settings.base import Section
from components.settings.images import Image, disagreement
from components.settings.networks import BESIDE, SERVICE, Cidrs
from components.settings.problems import Problem
from components.settings.references import CaReference, EdgeSecret
from components.settings.resources import Resources
from components.settings.sections.autoscaling import TargetCpu
from components.settings.sections.network_policy import Peer
from components.settings.sections.public_url import PublicUrl
from components.settings.types import Boolean, Kind, Seconds, Text, WholeNumber


def _tag(value: str) -> str:
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[a-z0-9.]+)?", value):
        raise ValueError(f"must be an image's tag with a version, such as {default_images.EDGE_PROXY_TAG}")
    return value


def _stack(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){2}", value):
        raise ValueError("must be organization/project/stack, such as organization/feature-flags/production")
    return value


StackName = Annotated[Text, AfterValidator(_stack), Kind("stack")]
EdgeVersion = Annotated[Text, AfterValidator(_tag), Kind("image tag")]
# One may go at any time, and a new one that starts while Flagsmith is away has nothing to answer with.
EdgePods = Annotated[WholeNumber, Field(ge=2), Kind("whole number, at least 2")]
EdgeSpread = Literal["required", "preferred"]
RANGE = frozenset({"min_replicas", "max_replicas", "target_cpu"})


class EdgeAutoscaling(Section):
    """A HorizontalPodAutoscaler in place of a fixed number of proxies."""

    enabled: Boolean = Field(
        default=False,
        description="Whether an autoscaler sets the number of proxies; `edge.replicas` must then be left out.",
    )
    min_replicas: EdgePods | None = Field(default=None, description="The fewest proxies. Default: by `size`.")
    max_replicas: EdgePods | None = Field(
        default=None, description="The most proxies; the quota is calculated with it. Default: by `size`."
    )
    target_cpu: TargetCpu = Field(
        default=60, description="The share of its CPU limit that a proxy should use on average."
    )

    def problems(self) -> Iterator[Problem]:
        """A range without an autoscaler."""
        if not self.enabled:
            yield from self.wrong_mode(
                section="edge.autoscaling", mode="false", owner="true", fields=RANGE, key="enabled"
            )


class EdgePrimary(Section):
    """The Flagsmith whose flags are served, where another stack has it."""

    url: PublicUrl = Field(
        description="Its address, as the proxies reach it. With `production: true`, `http://` is for addresses within "
        "the cluster only."
    )
    cidr: Cidrs = Field(default=(), description=f"Where it is. {BESIDE}")
    stack: StackName | None = Field(
        default=None,
        description="The Pulumi stack that deploys it, as `organization/project/stack`, in place of "
        "`edge.existingSecret`. Its output `edgeKeys` has the keys; set `sdkKeys.exported` there. Needs the Pulumi "
        "CLI. With a backend of your own the organization is `organization`.",
    )
    ca_secret: CaReference | None = Field(
        default=None,
        description="An existing Secret with the CA of its certificate, in place of those that the image trusts.",
    )


class EdgeSettings(Section):
    """Proxies that answer `/api/v1/flags/` and `/api/v1/identities/` from memory; see [edge.md](edge.md)."""

    enabled: Boolean = Field(
        default=False,
        description="Whether `/api/v1/flags/` and `/api/v1/identities/` of the public name lead to Flagsmith's Edge "
        "Proxy, which answers from memory.",
    )
    image: Image = Field(default=default_images.EDGE_PROXY, description="The proxy's image.")
    version: EdgeVersion = Field(default=default_images.EDGE_PROXY_TAG, description="The image's tag.")
    config_file: Boolean = Field(
        default=False,
        description="Whether the proxy reads all of its settings from a file, the key `config.json` of its Secret. The "
        "Rust one (`flagsmith/edge-proxy-rs`) reads no variables and needs it.",
    )
    existing_secret: EdgeSecret | None = Field(
        default=None,
        description="An existing Secret with the key `ENVIRONMENT_KEY_PAIRS`, a JSON list of "
        "`{server_side_key, client_side_key}`; with `configFile` the key `config.json`, the whole file. Without it the "
        "program makes one for `admin.environments`.",
    )
    primary: EdgePrimary | None = Field(
        default=None,
        description="The Flagsmith whose flags are served. Required with `role: edge`, and only for that; otherwise "
        "it is the stack's own.",
    )
    replicas: EdgePods | None = Field(
        default=None, description="Number of proxies. Default: by `size`. Not with `edge.autoscaling.enabled`."
    )
    autoscaling: EdgeAutoscaling = Field(
        default_factory=EdgeAutoscaling, description="An autoscaler in place of a fixed number of proxies."
    )
    spread: EdgeSpread | None = Field(
        default=None,
        description="`required`: the proxies are never all on one node while another node could take pods; rather, a "
        "proxy waits. A healthy node without room then limits how many the others take. `preferred`: they go to "
        "different nodes where there is room. Default: `required` for a fixed number with `production: true`; else "
        "`preferred`.",
    )
    resources: Resources | None = Field(default=None, description="Requests and limits of a proxy. Default: by `size`.")
    poll_seconds: Seconds = Field(
        default=10,
        description="Seconds between a proxy's requests for an environment's document; a change shows after this "
        "time at the latest.",
    )
    poll_timeout_seconds: Seconds = Field(default=5, description="How long it waits for a document.")
    clients: tuple[Peer, ...] = Field(
        default=(),
        description="For network policies: who within the cluster may call the proxies' Service itself. They can read "
        "whole environments with the public key. Default: nobody; everybody uses the public name.",
    )

    @property
    def keys_key(self) -> str:
        """The key of the proxies' Secret that they read."""
        return "config.json" if self.config_file else "ENVIRONMENT_KEY_PAIRS"

    @property
    def is_beside_primary(self) -> bool:
        """Whether the Flagsmith that is asked is in the same cluster: the stack's own, or a Service named in full."""
        return self.primary is None or SERVICE.fullmatch(urlsplit(self.primary.url).hostname or "") is not None

    def problems(self) -> Iterator[Problem]:
        """What goes with a proxy where there is none, and two numbers of pods or two versions."""
        if not self.enabled:
            others = frozenset(type(self).model_fields) - {"enabled"}
            yield from self.wrong_mode(section="edge", mode="false", owner="true", fields=others, key="enabled")
        text = disagreement(self.image, self.version, version_key="edge.version")
        if text is not None:
            yield Problem(path=("image",), text=text)
        yield from self._in_the_file()
        if self.autoscaling.enabled and self.replicas is not None:
            yield Problem(
                path=("replicas",),
                text="is set by the autoscaler, because edge.autoscaling.enabled is true: remove it "
                "(edge.autoscaling.minReplicas is the fewest), or set edge.autoscaling.enabled to false",
            )

    def _in_the_file(self) -> Iterator[Problem]:
        """What the whole file of a proxy says, where it is in a Secret that the program does not read."""
        if not self.config_file or self.existing_secret is None:
            return
        for field, name in {
            "poll_seconds": "api_poll_frequency_seconds",
            "poll_timeout_seconds": "api_poll_timeout_seconds",
        }.items():
            if field in self.model_fields_set:
                yield Problem(
                    path=(str(type(self).model_fields[field].alias),),
                    text="has no effect, because edge.configFile is true and edge.existingSecret has the whole file: "
                    f"remove it, and set {name} in the config.json of that Secret",
                )
