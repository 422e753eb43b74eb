"""What a rule is, what it looks at, and what it finds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from components.text.plain_secrets import secret_form
from policies.unknown import Unknown, looking_at, raw

Manifest = Mapping[str, Any]

MISSING = "missing"
"""Shown in place of a value that is not there."""
HIDDEN = "not shown"
"""Shown in place of a value that is, or could be, a secret."""


class Enforcement(StrEnum):
    """What a violation does: `mandatory` stops a deployment before anything is changed, `advisory` is a warning."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"


class Scope(StrEnum):
    """What a rule has to see at once: one object, or all objects of the stack."""

    OBJECT = "object"
    STACK = "stack"


@dataclass(frozen=True)
class Object:
    """One Kubernetes object.

    `protected` says whether Pulumi refuses to delete it: an option of the resource, which no manifest shows; None
    where it cannot be seen. `resource` is Pulumi's name for it, shown where its own is not known yet.
    """

    manifest: Manifest
    protected: bool | None = None
    resource: str = ""

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.manifest.get("kind", ""))

    @property
    def metadata(self) -> Manifest:
        """Its metadata; empty where it has none."""
        return self.manifest.get("metadata") or {}

    @property
    def spec(self) -> Manifest:
        """Its spec; empty where it has none."""
        return self.manifest.get("spec") or {}

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.metadata.get("name", "") or "")

    @property
    def namespace(self) -> str:
        """Its namespace; empty for an object of the whole cluster, and for one that leaves it to the client."""
        return str(self.metadata.get("namespace") or "")

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.metadata.get("labels") or {}

    def __str__(self) -> str:
        """How people name it: `Deployment feature-flags/flagsmith`."""
        return named(self.manifest, self.resource)


def named(manifest: Manifest, resource: str = "") -> str:
    """How people name an object, whatever of it is known."""
    kind, metadata = raw(manifest, "kind"), raw(manifest, "metadata")
    name, namespace = raw(metadata, "name"), raw(metadata, "namespace")
    shown = resource if isinstance(name, Unknown) or not name else name
    return f"{kind} {shown}" if isinstance(namespace, Unknown) or not namespace else f"{kind} {namespace}/{shown}"


@dataclass(frozen=True)
class Objects:
    """The objects that a rule looks at.

    Attributes:
        items: the objects; all of the stack for a rule of the scope `stack`, else at least one.
        production: whether real users depend on the stack.
        secrets: values that are known to be secret; compared with, never shown.
        harmless: values that look like secrets, of which the stack's setting `notSecret` says that they are none.
    """

    items: tuple[Object, ...]
    production: bool = False
    secrets: frozenset[str] = frozenset()
    harmless: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Object]:
        return (looking_at(item) for item in self.items)

    def of(self, *kinds: str) -> Iterator[Object]:
        """The objects of these kinds."""
        return (looking_at(item) for item in self.items if item.kind in kinds)


@dataclass(frozen=True)
class Finding:
    """What a rule finds.

    Attributes:
        object: the object that breaks the rule.
        path: the field, from the manifest's root; containers by their name.
        value: what it has, `MISSING` or `HIDDEN`; never a secret.
        allowed: what it may have.
    """

    object: Object
    path: str
    value: Any
    allowed: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        id: its short name, for ever the same.
        title: what holds where it is kept.
        description: why it is a rule.
        enforcement: what a violation does.
        remedy: what to do about one.
        check: yields what breaks it.
        scope: what it has to see at once.
        production_only: whether it is a rule for production alone; elsewhere it is not asked.
        needs_protection: whether it looks at `Object.protected`.
    """

    id: str
    title: str
    description: str
    enforcement: Enforcement
    remedy: str
    check: Callable[[Objects], Iterator[Finding]]
    scope: Scope = Scope.OBJECT
    production_only: bool = False
    needs_protection: bool = False


@dataclass(frozen=True)
class Violation:
    """A finding, and the rule that it breaks."""

    rule: Rule
    finding: Finding

    @property
    def place(self) -> str:
        """The object, the field, its value, what is allowed."""
        found = self.finding
        value = HIDDEN if isinstance(found.value, str) and secret_form(found.value) else found.value
        shown = str(value) if value in (MISSING, HIDDEN) else repr(value)
        return f"{found.object}: {found.path} = {shown}: {found.allowed}."

    def __str__(self) -> str:
        """One line: the rule, the object, the field, its value, what is allowed, what to do."""
        return f"{self.rule.id}: {self.place} {self.rule.remedy}"
