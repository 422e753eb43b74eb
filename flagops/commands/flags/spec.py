"""What a project's flags are, in the form in which a catalogue and a server can be compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.rollouts.in_pod.declared import Declared
from components.rollouts.in_pod.notes import MARK as MARK
from components.rollouts.in_pod.notes import Description, write
from components.rollouts.in_pod.states import Memory
from flagops.commands.flags.catalogue.values import Plain
from flagops.commands.flags.who import Rules

TAG = "managed-by-ff"
"""The tag of every flag that `ff` made or adopted."""


@dataclass(frozen=True)
class SegmentSpec:
    """A segment.

    Attributes:
        name: Its name.
        description: What the catalogue says, without the mark.
        rules: Who is in it.
        feature: The flag it belongs to, for one that is for no other, such as a rollout's.
        metadata: The texts of custom fields, by name; others are people's.
        rollout: How its share grows by itself; None for a share that does not.
        memory: What a rollout remembers: never anything but what is there.
    """

    name: str
    description: str
    rules: Rules
    feature: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    rollout: Declared | None = None
    memory: Memory | None = field(default=None, compare=False)

    @property
    def is_rollout(self) -> bool:
        """Whether a rollout needs it: its name has a dot, as no name in a catalogue has."""
        return self.feature is not None and self.name.startswith(f"{self.feature}.")

    @property
    def marked_description(self) -> str:
        """The description as the server has it."""
        return write(Description(self.description, self.rollout, self.memory, is_marked=True))


@dataclass(frozen=True)
class OptionSpec:
    """A variation beside the control: its name (Flagsmith's `key`), its value, its weight in new environments."""

    name: str
    value: Plain
    weight: float


@dataclass(frozen=True)
class OverrideSpec:
    """What the users of a segment get: on or off, the (control's) value, the weights of the other variations."""

    segment: str
    enabled: bool
    value: Plain
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class StateSpec:
    """What a flag is in one environment; of several overrides for a user the first one counts."""

    enabled: bool
    value: Plain
    weights: Mapping[str, float] = field(default_factory=dict)
    overrides: tuple[OverrideSpec, ...] = ()


@dataclass(frozen=True)
class FlagSpec:
    """A flag, its variations, and its states by the environments' names.

    Attributes:
        server_side_only: Whether server-side keys alone see it; None leaves that as it is.
        people: The environments in which people hold its switch.
        metadata: The texts of custom fields, by name; others are people's.
    """

    name: str
    description: str
    tags: frozenset[str]
    value: Plain
    options: tuple[OptionSpec, ...]
    states: Mapping[str, StateSpec]
    server_side_only: bool | None = None
    people: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Grant:
    """What a group may do in the project, or in an environment; an admin may do everything there."""

    permissions: frozenset[str] = frozenset()
    admin: bool = False

    def __str__(self) -> str:
        return "admin" if self.admin else ", ".join(sorted(self.permissions)) or "nothing"


@dataclass(frozen=True)
class GroupSpec:
    """A group of people; None as members leaves them to the UI."""

    name: str
    project: Grant
    environments: Mapping[str, Grant]
    members: frozenset[str] | None


@dataclass(frozen=True)
class AccessSpec:
    """Who may have rights beside the groups of a catalogue, and whether those of all others are taken away.

    Attributes:
        strict: Whether they are taken away.
        administrators: Addresses of people who may administer the organisation.
        api_keys: Prefixes of the organisation's API keys.
    """

    strict: bool = False
    administrators: frozenset[str] = frozenset()
    api_keys: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ProjectSpec:
    """All that is wanted of a project; without `access` the catalogue does not speak of people.

    `hides` says where flags that are off are left out of answers, by environment; for the project under None.
    Where it is of some environments, `whole` is what is wanted of all of them.
    """

    environments: tuple[str, ...]
    segments: Mapping[str, SegmentSpec]
    flags: Mapping[str, FlagSpec]
    groups: Mapping[str, GroupSpec] = field(default_factory=dict)
    access: AccessSpec | None = None
    hides: Mapping[str | None, bool] = field(default_factory=dict)
    whole: "ProjectSpec | None" = None

    @property
    def has_metadata(self) -> bool:
        """Whether it speaks of custom fields."""
        flags, segments = self.flags.values(), self.segments.values()
        return any(item.metadata for item in flags) or any(item.metadata for item in segments)
