"""The catalogue: what can be said about flags, segments, rollouts and experiments."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from flagops.commands.flags.catalogue.base import CatalogueModel, Metadata, member_of
from flagops.commands.flags.catalogue.guards import CatalogueGuard, GuardName
from flagops.commands.flags.catalogue.hiding import Hiding, SomeHiding
from flagops.commands.flags.catalogue.limits import ServerLimits
from flagops.commands.flags.catalogue.naming import NameStyle
from flagops.commands.flags.catalogue.segment import Segment
from flagops.commands.flags.catalogue.steps import RolloutStep

Json = Mapping[str, Any] | list[Any]
"""A value of several parts; Flagsmith keeps its text."""
Value = bool | int | str | Json | None
Weight = Annotated[float, Field(ge=0, le=100)]
DNS_LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"


class Target(CatalogueModel):
    """What the users of a segment get. Of several segments that a user is in, the first one counts."""

    segment: str = Field(description="The segment's name.")
    enabled: bool = Field(description="Whether the flag is on for them.")
    value: Value = Field(default=None, description="Their value; the flag's own, or its variations, if left out.")
    weights: Mapping[str, Weight] | None = Field(default=None, description="Their weights of the variations, by name.")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | list[str])]


class Rollout(CatalogueModel):
    """For which share of the users a flag is on that is off; a user stays in it from request to request. With steps the
    share grows by itself, and stops when a guard is broken."""

    everyone: Weight = Field(default=0, description="Percent of those who are in none of the segments.")
    segments: Mapping[str, Weight] = Field(
        default_factory=dict,
        description="Percent of each segment's users, exactly; of several that a user is in, the first one counts.",
    )
    steps: tuple[RolloutStep, ...] = Field(
        default=(), strict=False, description="Shares that rise one after another, each with how long it stays."
    )
    start: str | None = Field(
        default=None,
        description="When the first step is, such as 2026-12-01 09:00 Asia/Jerusalem; left out, when somebody says "
        "`ff flags rollout start`.",
    )
    segment: str | None = Field(default=None, description="The segment whose users the steps are for, if not everyone.")
    only: Texts = Field(
        default=(), strict=False, description="When steps may be, such as Mon-Thu 09:00-16:00 Asia/Jerusalem."
    )
    freeze: Texts = Field(default=(), strict=False, description="Days without a step, such as 2026-12-20..2027-01-03.")
    guards: tuple[str, ...] = Field(default=(), strict=False, description="The guards that watch it, by name.")
    enabled: bool = Field(default=True, description="Whether the flag is on for the steps' users.")
    value: Value = Field(default=None, description="The value that the steps' users get, if another one.")


def _rollout(value: object) -> object:
    return {"everyone": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class Variation(CatalogueModel):
    """One of the values of an experiment."""

    name: str = Field(description="Its name, for weights.")
    value: bool | int | str | Json = Field(description="What users get who are in it.")
    weight: Weight = Field(description="Percent of the users; all weights of a flag are 100 together.")


class StateOwner(StrEnum):
    """Who switches a flag on and off."""

    CATALOGUE = "catalogue"
    UI = "ui"


SomeStateOwner = Annotated[StateOwner, member_of(StateOwner)]


class State(CatalogueModel):
    """What a flag is in an environment; what is left out is as the flag itself says."""

    enabled: bool | None = Field(default=None, description="Whether it is on.")
    value: Value = Field(default=None, description="Its value.")
    rollout: Annotated[Rollout | None, BeforeValidator(_rollout)] = Field(
        default=None, description="For which share of the users it is on: percent, or percent by segment."
    )
    targeting: tuple[Target, ...] | None = Field(
        default=None, strict=False, description="What segments get, in their order."
    )
    weights: Mapping[str, Weight] | None = Field(default=None, description="Other weights of the variations, by name.")
    state: SomeStateOwner | None = Field(
        default=None, description="Who switches it here, if not as the flag itself says."
    )


class FlagKind(StrEnum):
    """What a flag is for, and so how long it lives."""

    RELEASE = "release"
    EXPERIMENT = "experiment"
    OPS = "ops"
    PERMISSION = "permission"


class Flag(CatalogueModel):
    """A flag: who owns it, what it is for, and what it is in each environment."""

    description: str = Field(description="What it switches, for people.")
    owner: Annotated[str, Field(min_length=1)] = Field(description="The team that answers for it.")
    kind: Annotated[FlagKind, member_of(FlagKind)] = Field(
        description="release: new code, until it is everywhere. experiment: until it is decided. ops: to switch load "
        "off. permission: who may have what, for good."
    )
    version: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Of what is versioned; the name then has it too, as in model_v2_enabled."
    )
    tags: tuple[str, ...] = Field(default=(), strict=False, description="Words to find it by.")
    metadata: Metadata = Field(
        default_factory=dict, description="What Flagsmith's custom fields say, by their names; others stay as they are."
    )
    success: str | None = Field(default=None, description="When it has done its work; releases must say.")
    expires: date | None = Field(default=None, description="When it must be gone; releases and experiments must say.")
    server_side_only: bool | None = Field(
        default=None,
        description="Whether it is for server-side keys alone, so that no browser gets it; left out, it stays as "
        "it is, and new flags are for all.",
    )
    enabled: bool = Field(description="Whether it is on, where nothing else says so.")
    value: Value = Field(default=None, description="Its value; not with variations.")
    variations: tuple[Variation, ...] = Field(
        default=(), strict=False, description="The values of an experiment; the first is the control."
    )
    rollout: Annotated[Rollout | None, BeforeValidator(_rollout)] = Field(
        default=None, description="For which share of the users it is on: percent, or percent by segment."
    )
    targeting: tuple[Target, ...] = Field(default=(), strict=False, description="What segments get, in their order.")
    environments: Mapping[str, State] = Field(default_factory=dict, description="What is different, by environment.")
    state: SomeStateOwner = Field(
        default=StateOwner.CATALOGUE,
        description="Who switches it on and off: the catalogue, or people in Flagsmith's own pages (ui), whom no apply "
        "overrules.",
    )


class Role(StrEnum):
    """What the people of a group may do."""

    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


SomeRole = Annotated[Role, member_of(Role)]


class Group(CatalogueModel):
    """A group of people, and what they may do with the project's flags."""

    role: SomeRole = Field(
        description="admin: everything in the project. developer: switch flags and target segments. viewer: look. "
        "Whoever may look also reads the signing secrets of webhooks and the keys of integrations: that is Flagsmith's."
    )
    environments: Mapping[str, SomeRole] = Field(
        default_factory=dict, description="Another role in one environment: developer or viewer."
    )
    members: tuple[str, ...] | None = Field(
        default=None,
        strict=False,
        description="Who is in it, by e-mail address; who is in it by other ways stays if this is left out.",
    )


class Access(CatalogueModel):
    """Who may do what."""

    groups: Mapping[str, Group] = Field(default_factory=dict, description="Groups, by name.")
    strict: bool = Field(
        default=False,
        description="Whether `apply` takes rights away that no group here gives: those that somebody has personally, "
        "those of other groups, API keys, open invitations. Without it they are shown, and left.",
    )
    administrators: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Who may be an administrator of the organisation, by e-mail address, beside the stack's own. "
        "Nobody is made one by this.",
    )
    api_keys: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Which API keys the organisation may have, by the prefix that Flagsmith shows of each.",
    )


class Delivery(CatalogueModel):
    """The keys of an environment, as a Kubernetes Secret for an application."""

    environment: str = Field(description="The environment.")
    namespace: Annotated[str, Field(pattern=DNS_LABEL)] = Field(description="The application's namespace.")
    secret: Annotated[str, Field(pattern=DNS_LABEL)] = Field(
        default="flagsmith-keys", description="The Secret's name in it."
    )
    server_side: bool = Field(
        default=False, description="Whether a server-side key is in it too, for local evaluation; never in a browser's."
    )


class Catalogue(CatalogueModel):
    """All that is declared."""

    names: Annotated[NameStyle, member_of(NameStyle)] = Field(
        default=NameStyle.SNAKE, description="How the names of flags and segments are written."
    )
    project: str = Field(description="The project in Flagsmith.")
    environments: tuple[str, ...] = Field(strict=False, description="The project's environments.")
    hide_disabled: SomeHiding = Field(
        default_factory=Hiding,
        description="Whether clients get no flags that are off: true or false, or by environment. Left out, it stays.",
    )
    limits: ServerLimits = Field(
        default_factory=ServerLimits, description="What its Flagsmith takes, where that is not the default."
    )
    segments: Mapping[str, Segment] = Field(default_factory=dict, description="Groups of users, by name.")
    guards: Mapping[GuardName, CatalogueGuard] = Field(
        default_factory=dict, description="What watches rollouts, by name."
    )
    flags: Mapping[str, Flag] = Field(default_factory=dict, description="The flags, by name.")
    access: Access = Field(default_factory=Access, description="Who may do what with them.")
    keys: tuple[Delivery, ...] = Field(
        default=(), strict=False, description="Which applications get the keys of which environment."
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of a catalogue, for editors."""
    found = Catalogue.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Catalogue of feature flags"}
