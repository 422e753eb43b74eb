"""What a server has: its flags with the ids that changing them needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from components.flag_metrics.in_pod.flag_metrics_tag import day_of
from components.rollouts.in_pod.declared import Declared
from components.rollouts.in_pod.states import Memory
from flagops.commands.flags.catalogue.values import Plain
from flagops.commands.flags.spec import TAG, Grant
from flagops.commands.flags.who import Rules

if TYPE_CHECKING:  # a client of HTTP, which `ff flags serve` does without
    from flagops.flagsmith_api.custom_fields import CustomFields, KnownFields
    from flagops.flagsmith_api.deployed import Environment


@dataclass(frozen=True)
class RemoteSegment:
    """A segment; `description` is without `ff`'s mark and what it says of a rollout, `feature` the id of the flag it is
    for alone. `unreadable` is why what it says of a rollout cannot be read."""

    id: int
    name: str
    description: str
    rules: Rules | None
    feature: int | None
    is_managed: bool
    fields: "CustomFields" = ()
    rollout: Declared | None = None
    memory: Memory | None = None
    unreadable: str = ""


@dataclass(frozen=True)
class RemoteOption:
    """A variation of a flag beside its control."""

    id: int
    key: str | None
    value: Plain
    weight: float


@dataclass(frozen=True)
class Variant:
    """The weight of a variation in a state, which has an id of its own."""

    id: int
    option: int
    weight: float


@dataclass(frozen=True)
class RemoteOverride:
    """A segment's override.

    Attributes:
        id: The feature state's.
        link: The feature segment's, which has the priority.
        segment: The segment's name.
        segment_id: The segment's id.
        priority: The lowest one counts.
        enabled: Whether the flag is on.
        value: The value, the control's of a multivariate flag.
        variants: The weights.
        is_touched: Whether it may have been changed since it was made.
        changed: When it was changed last, as the server says it.
    """

    id: int
    link: int
    segment: str
    segment_id: int
    priority: int
    enabled: bool
    value: Plain
    variants: tuple[Variant, ...]
    is_touched: bool = True
    changed: str = ""


@dataclass(frozen=True)
class RemoteState:
    """A flag in an environment; its overrides are in the order in which they count.

    `is_touched` is whether it may have been changed since it was made; `changed` when that was, as the server says it;
    `users` are the overrides of single users: whether each is on.
    """

    id: int
    enabled: bool
    value: Plain
    variants: tuple[Variant, ...]
    overrides: tuple[RemoteOverride, ...]
    is_touched: bool = True
    changed: str = ""
    users: tuple[bool, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class RemoteFlag:
    """A flag; `is_made_on` is whether it may have been on in its environments when it was made."""

    id: int
    name: str
    description: str
    tags: frozenset[str]
    is_archived: bool
    options: tuple[RemoteOption, ...]
    states: Mapping[str, RemoteState]
    server_side_only: bool = False
    fields: "CustomFields" = ()
    is_made_on: bool = True

    @property
    def is_managed(self) -> bool:
        """Whether `ff` made or adopted it."""
        return TAG in self.tags

    @property
    def expires(self) -> date | None:
        """Until when it may stay, by its tags; of several the earliest day."""
        days = [day for day in map(day_of, self.tags) if day is not None]
        return min(days, default=None)


@dataclass(frozen=True)
class RemoteGrant:
    """A group's permissions, which have an id of their own."""

    id: int
    grant: Grant


@dataclass(frozen=True)
class RemoteGroup:
    """A group of people: its permissions in the project and, by name, in environments; its members' ids by address."""

    id: int
    name: str
    project: RemoteGrant | None
    environments: Mapping[str, RemoteGrant]
    members: Mapping[str, int]


class Holder(StrEnum):
    """Who has a right, or may get it."""

    PERSON = ""
    GROUP = "group"
    API_KEY = "API key"
    TRUST = "trust relationship"
    INVITATION = "invitation of"
    LINK = "invite link"


@dataclass(frozen=True)
class RemoteRight:
    """A right that is not one of a group in the project.

    Attributes:
        holder: Whose it is.
        name: An address in small letters, a group's name, a key's prefix, a link's number.
        environment: The environment it is for, by name; None for what is wider.
        field: What of: the project, permissions in the environment, the organisation.
        said: What it is.
        path: What is deleted, or posted to, to take it away.
        body: What is posted; None where it is deleted.
        label: What people call it, beside its name.
    """

    holder: Holder
    name: str
    environment: str | None
    field: tuple[str, ...]
    said: str
    path: str
    body: Any = None
    label: str = ""

    @property
    def title(self) -> str:
        """Whose it is, in words and one line, whatever somebody called it."""
        name = f"{self.label} ({self.name})" if self.label else self.name
        return "".join(each if each.isprintable() else "?" for each in f"{self.holder} {name}".strip())


@dataclass(frozen=True)
class People:
    """What a server has of people.

    Attributes:
        groups: Groups, by name.
        users: The ids of the organisation's people, by address in small letters.
        rights: Rights that are not a group's in the project, those of groups that the catalogue may not name included.
        administrator: The address of who is logged in; None for an organisation's key.
        requests: How many requests it took to read.
    """

    groups: Mapping[str, RemoteGroup] = field(default_factory=dict)
    users: Mapping[str, int] = field(default_factory=dict)
    rights: tuple[RemoteRight, ...] = ()
    administrator: str | None = None
    requests: int = 0


@dataclass(frozen=True)
class Snapshot:
    """A project at one moment.

    Attributes:
        environments: By name.
        tags: The ids of tags, by label.
        system_tags: Labels that Flagsmith itself gives and takes.
        tag_descriptions: What is written about tags, by label.
        segments: By name; of several with one name the first.
        ambiguous: Names that several segments have.
        flags: By name.
        people: Groups and rights; empty where the catalogue does not speak of people, so that they were not read.
        requests: How many requests it took to read.
        hides_disabled: Whether the project leaves flags that are off out of answers.
        known_fields: The custom fields that there are; empty where nothing speaks of them, so that they were not read.
        hides_fields: Whether there are custom fields of which the server does not show here what they are.
    """

    environments: "Mapping[str, Environment]"
    tags: Mapping[str, int]
    system_tags: frozenset[str] = frozenset()
    tag_descriptions: Mapping[str, str] = field(default_factory=dict)
    segments: Mapping[str, RemoteSegment] = field(default_factory=dict)
    ambiguous: frozenset[str] = frozenset()
    flags: Mapping[str, RemoteFlag] = field(default_factory=dict)
    people: People = field(default_factory=People)
    requests: int = 0
    hides_disabled: bool = False
    known_fields: "KnownFields" = field(default_factory=dict)
    hides_fields: bool = False
