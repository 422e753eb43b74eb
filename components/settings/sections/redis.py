"""Redis: inside the cluster, an external one through an existing Secret, or none."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from components.settings import default_images
from components.settings.base import Section
from components.settings.images import Image, disagreement
from components.settings.networks import BESIDE, Cidrs
from components.settings.problems import Problem
from components.settings.quantities import KI, MI, parse_memory
from components.settings.references import CaReference, RedisSecret
from components.settings.resources import Resources
from components.settings.types import Boolean, Kind, Text

MIN_REDIS_MAJOR = 7
# An empty Redis takes about 1 MiB; with less than this a cache evicts what it has just stored.
MIN_MAX_MEMORY = 16 * MI
_REDIS_UNITS = {"": 1, "k": 1000, "kb": KI, "m": 1000**2, "mb": MI, "g": 1000**3, "gb": KI**3}

EvictionPolicy = Literal[
    "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"
]


def parse_redis_memory(text: str) -> int:
    """Return bytes from Redis' own notation (`192mb`) or a Kubernetes quantity (`192Mi`). ValueError if neither."""
    match = re.fullmatch(r"(\d+)([kmg]b?)?", text) or re.fullmatch(r"(\d+)([KMG]B)", text)
    if match is not None:
        return int(match[1]) * _REDIS_UNITS[(match[2] or "").lower()]
    return parse_memory(text)


def _max_memory(value: str) -> str:
    try:
        amount = parse_redis_memory(value)
    except ValueError:
        amount = -1
    if amount < MIN_MAX_MEMORY:
        raise ValueError("must be an amount of memory of at least 16Mi, such as 192mb or 192Mi")
    return value


def _redis_version(value: str) -> str:
    match = re.fullmatch(r"(\d+)(\.\d+){0,2}(-[a-z0-9.]+)?", value)
    if match is None or int(match[1]) < MIN_REDIS_MAJOR:
        raise ValueError(
            f"must be a tag of the redis image, {MIN_REDIS_MAJOR} or newer, such as {default_images.REDIS_TAG}"
        )
    return value


def _eviction_policy(value: object) -> object:
    if value == "noeviction":
        raise ValueError(
            "must be a policy that evicts, such as allkeys-lru: with noeviction a full cache refuses every write"
        )
    return value


RedisVersion = Annotated[Text, AfterValidator(_redis_version), Kind("image tag")]
RedisMemory = Annotated[Text, AfterValidator(_max_memory), Kind("memory")]

EMBEDDED_ONLY = frozenset({"version", "image", "max_memory", "eviction_policy", "resources"})
EXTERNAL_ONLY = frozenset({"cidr", "tls", "check_hostname", "ca_secret"})


class RedisSettings(Section):
    """The cache of Flagsmith."""

    mode: Literal["embedded", "external", "none"] = Field(
        default="embedded",
        description="`embedded`: the stack runs its own Redis; `external`: you have one; `none`: each process "
        "caches for itself.",
    )
    existing_secret: RedisSecret | None = Field(
        default=None,
        description="An existing Secret. External (required): key `REDIS_URL`, as "
        "`redis://user:password@host:port` (`rediss://` with TLS) without a database number. "
        "Embedded: keys `password`, `REDIS_URL` and, with monitoring, `metrics-password`; without it the program "
        "generates one.",
    )
    cidr: Cidrs = Field(default=(), description=f"External only. Where the server is. {BESIDE}")
    version: RedisVersion = Field(
        default=default_images.REDIS_TAG, description="Embedded only. The image's tag, 7 or newer."
    )
    image: Image = Field(default=default_images.REDIS, description="Embedded only. The image.")
    max_memory: RedisMemory | None = Field(
        default=None, description="Embedded only. Limit of the cached data. Default: 75 % of the memory limit."
    )
    eviction_policy: Annotated[EvictionPolicy, BeforeValidator(_eviction_policy)] = Field(
        default="allkeys-lru", description="Embedded only. What is dropped when the limit is reached."
    )
    resources: Resources | None = Field(
        default=None, description="Embedded only. Requests and limits. Default: by `size`."
    )
    tls: Boolean = Field(default=False, description="External only. Whether the URL is `rediss://`.")
    check_hostname: Boolean = Field(
        default=True,
        description="External only. Whether the server's certificate must be for the host of the URL. `false` accepts "
        "any certificate that the CA signed, also that of another server.",
    )
    ca_secret: CaReference | None = Field(
        default=None, description="External only. The CA that signed the server's certificate; needs `tls`."
    )

    @property
    def embedded(self) -> bool:
        """Whether the stack runs Redis itself."""
        return self.mode == "embedded"

    @property
    def enabled(self) -> bool:
        """Whether there is a Redis at all."""
        return self.mode != "none"

    def problems(self) -> Iterator[Problem]:
        """Settings of another mode, and what the mode needs."""
        if not self.embedded:
            yield from self.wrong_mode(section="redis", mode=self.mode, owner="embedded", fields=EMBEDDED_ONLY)
        if self.mode != "external":
            yield from self.wrong_mode(section="redis", mode=self.mode, owner="external", fields=EXTERNAL_ONLY)
        if self.mode == "none":
            owner = "embedded or external"
            yield from self.wrong_mode(
                section="redis", mode=self.mode, owner=owner, fields=frozenset({"existing_secret"})
            )
        if self.embedded:
            text = disagreement(self.image, self.version, version_key="redis.version")
            if text is not None:
                yield Problem(path=("image",), text=text)
        if self.mode == "external" and "check_hostname" in self.model_fields_set and not self.tls:
            yield Problem(path=("checkHostname",), text="goes with redis.tls true only: set that, or remove the key")
        if self.mode == "external" and self.ca_secret is not None and not self.tls:
            yield Problem(path=("caSecret",), text="goes with redis.tls true only: set that, or remove the key")
