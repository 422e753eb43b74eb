"""An environment as it is served at one time: its document, and what the document does not say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from flagops.serving.engine.context import Context, Document, context_of

State = Mapping[str, Any]


@dataclass(frozen=True)
class Feature:
    """What `/flags/` shows of a feature beside what its document has; nothing of a document that came alone."""

    created_date: str | None = None
    description: str | None = None
    initial_value: str | None = None
    default_enabled: bool | None = None


UNKNOWN = Feature()


@dataclass(frozen=True)
class ServedEnvironment:
    """An environment, at one time.

    Attributes:
        document: As `/environment-document/` serves it.
        updated_at: When it changed last, to the microsecond.
        features: By id, what clients are shown of them.
        links: Of a segment override's state the number that `feature_segment` has; the state's own if there is none.
        modified: The same time for `Last-Modified`, in whole seconds since 1970. Two changes within a second have two.
    """

    document: Document
    updated_at: datetime
    features: Mapping[int, Feature] = field(default_factory=dict)
    links: Mapping[int, int] = field(default_factory=dict)
    modified: int = 0

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.document["name"])

    @property
    def timestamp(self) -> float:
        """When it changed last, in seconds since 1970."""
        return self.updated_at.timestamp()

    @property
    def hides_disabled(self) -> bool:
        """Whether flags that are off are left out."""
        own = self.document.get("hide_disabled_flags")
        return bool(self.document["project"].get("hide_disabled_flags") if own is None else own)

    @property
    def hides_sensitive(self) -> bool:
        """Whether ids, descriptions and kept traits are left out."""
        return bool(self.document.get("hide_sensitive_data"))

    @cached_property
    def server_only(self) -> frozenset[int]:
        """The ids of features that clients with a client-side key do not get."""
        return frozenset(self.document["project"].get("server_key_only_feature_ids") or ())

    @cached_property
    def context(self) -> Context:
        """What the engine needs of it."""
        return context_of(self.document)

    @cached_property
    def context_of_nobody(self) -> Context:
        """The same without the overrides that single users have."""
        return context_of({**self.document, "identity_overrides": []})

    @cached_property
    def of_segments(self) -> Mapping[int, tuple[State, ...]]:
        """The states that each segment overrides, by its id."""
        return {row["id"]: tuple(row.get("feature_states") or ()) for row in self.document["project"]["segments"]}

    @cached_property
    def of_identities(self) -> Mapping[str, Mapping[str, Any]]:
        """The users with overrides of their own."""
        return {row["identifier"]: row for row in self.document.get("identity_overrides") or ()}

    def states(self, *, is_server_side: bool) -> list[State]:
        """The environment's own states, of those features that a client with such a key may know."""
        rows = self.document["feature_states"]
        return [row for row in rows if is_server_side or row["feature"]["id"] not in self.server_only]
