"""The keys of Flagsmith's environments, which the stack makes, and which applications find in its Secrets."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.references import SdkKeysSecret
from components.settings.sections.admin import Title
from components.settings.types import Boolean, Kind, Text, WholeNumber

SERVER_PREFIX = "ser."
MOST_HOURS = 8760


def _client_key(value: str) -> str:
    if value.startswith(SERVER_PREFIX):
        raise ValueError("must be the client key, which is public; this is a server-side key, which is secret")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", value):
        raise ValueError("must be an environment's client key: up to 100 letters, digits, '-' and '_'")
    return value


ClientKey = Annotated[Text, AfterValidator(_client_key), Kind("client key")]
OverlapHours = Annotated[WholeNumber, Field(ge=0, le=MOST_HOURS), Kind(f"hours, 0 to {MOST_HOURS}")]


class SdkKeysSettings(Section):
    """The keys of the environments of `admin.environments`, in a Secret for each: `flagsmith-sdk-keys-<environment>`.

    No deployment changes the client key of an environment that exists: users are drawn for rollouts by it.
    """

    environments: tuple[Title, ...] | None = Field(
        default=None,
        description="Which of `admin.environments` get a Secret. Default for a new stack: all; for an existing stack: "
        "those to which its last deployment gave one, and those named below.",
    )
    client_keys: dict[Title, ClientKey] = Field(
        default_factory=dict,
        description="The client keys (which are public) of environments that exist already, by name. "
        "`ff keys adopt` writes them.",
    )
    existing_secrets: dict[Title, SdkKeysSecret] = Field(
        default_factory=dict,
        description="Existing Secrets in place of generated ones, by the environment's name, with the keys "
        "`FLAGSMITH_ENVIRONMENT_KEY` and `FLAGSMITH_SERVER_KEY`.",
    )
    overlap_hours: OverlapHours = Field(
        default=24,
        description="How many hours, at least, an old server-side key still works after it was renewed or is no longer "
        "needed. After that the next `ff keys sync`, or run of the bootstrap Job, deletes it; Flagsmith itself deletes "
        "no key. 0: the deployment that renews a key deletes the old one.",
    )

    exported: Boolean = Field(
        default=False,
        description="Whether the stack has the secret output `edgeKeys`: each environment's client key, and a "
        "server-side key for proxies, for the stack of [an edge elsewhere](edge.md#another-region-another-cluster). "
        "Anybody who can read this stack's secret outputs has these keys.",
    )

    def problems(self) -> Iterator[Problem]:
        """An environment given twice, a client key for two, or in two places."""
        for index, name in enumerate(self.environments or ()):
            if name in (self.environments or ())[:index]:
                yield Problem(path=("environments", index), text="is given twice: remove one")
        keys = list(self.client_keys.values())
        for index, name in enumerate(self.client_keys):
            if keys[index] in keys[:index]:
                text = "is the client key of another environment here: each has its own"
                yield Problem(path=("clientKeys", name), text=text, value=NOT_SHOWN)
            if name in self.existing_secrets:
                text = f"is in the Secret that existingSecrets.{name} names: remove one of the two"
                yield Problem(path=("clientKeys", name), text=text, value=NOT_SHOWN)
