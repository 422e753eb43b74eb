"""What somebody changed while an apply was at work: it is read again just before it is written, and left as it is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flagops.commands.flags.catalogue.values import Plain, same
from flagops.commands.flags.reconcile.compare import CLOSE
from flagops.commands.flags.server.snapshot import RemoteOverride, RemoteState
from flagops.commands.flags.spec import OverrideSpec, StateSpec
from flagops.errors import ConflictError


class ChangedMeanwhileError(ConflictError):
    """An object is not what it was when the plan was made; `said` is what it is now, in words, empty for no news."""

    def __init__(self, said: str = "") -> None:
        super().__init__(f"It was changed meanwhile: {said}.")
        self.said = said


class DeletedMeanwhileError(ChangedMeanwhileError):
    """An object is gone."""

    def __init__(self) -> None:
        super().__init__("it was deleted")


@dataclass(frozen=True)
class Content:
    """What users get of a state or an override: weights by the variations' ids."""

    enabled: bool
    value: Plain
    weights: Mapping[int, float]

    @classmethod
    def of(cls, found: RemoteState | RemoteOverride) -> "Content":
        """What a server has."""
        return cls(found.enabled, found.value, {item.option: item.weight for item in found.variants})

    @classmethod
    def wanted(cls, spec: StateSpec | OverrideSpec, ids: Mapping[str, int]) -> "Content":
        """What is to be; variations that the catalogue has no more get nothing."""
        return cls(spec.enabled, spec.value, {ids[name]: weight for name, weight in spec.weights.items()})

    def differs(self, other: "Content") -> Iterator[str]:
        """What of it is another, in the words of `other`."""
        if self.enabled != other.enabled:
            yield "on" if other.enabled else "off"
        if not same(self.value, other.value):
            yield "another value"
        options = {*self.weights, *other.weights}
        if any(abs(self.weights.get(item, 0.0) - other.weights.get(item, 0.0)) > CLOSE for item in options):
            yield "other weights"


@dataclass(frozen=True)
class Contents:
    """A flag in an environment: its own state, and its overrides by their segments' ids, in their order."""

    own: Content
    overrides: Mapping[int, Content]

    @classmethod
    def of(cls, found: RemoteState) -> "Contents":
        """What a server has."""
        ordered = sorted(found.overrides, key=lambda item: (item.priority, item.segment_id))
        return cls(Content.of(found), {item.segment_id: Content.of(item) for item in ordered})

    def switched(self, other: "Contents") -> bool:
        """Whether `other` has something on that is off here, or the other way round."""
        overrides = {segment: item.enabled for segment, item in self.overrides.items()}
        others = {segment: item.enabled for segment, item in other.overrides.items()}
        return (self.own.enabled, overrides) != (other.own.enabled, others)

    def differs(self, other: "Contents", names: Mapping[int, str]) -> Iterator[str]:
        """What of it is another in `other`, in words; `names` are those of segments."""
        yield from self.own.differs(other.own)
        for segment in dict.fromkeys((*self.overrides, *other.overrides)):
            was, now = self.overrides.get(segment), other.overrides.get(segment)
            name = f"its override for {names.get(segment, segment)}"
            if was is None or now is None:
                yield f"{name} {'gone' if now is None else 'new'}"
            else:
                yield from (f"{name} {said}" for said in was.differs(now))
        if self.overrides.keys() == other.overrides.keys() and list(self.overrides) != list(other.overrides):
            yield "another order of its overrides"


def require_untouched(differences: Iterable[str], *, is_untouched: bool) -> None:
    """The same after an answer that was lost: what looks as it did before may have been written, and taken back."""
    require_as_read(differences)
    if not is_untouched:
        raise ChangedMeanwhileError("written, and then taken back")


def require_no_switch(is_switched: bool) -> None:  # noqa: FBT001 - one question
    """Raise ChangedMeanwhileError for a switch whose request may have been carried out, where that leaves no trace.

    Newer releases change a state in place and do not write when: what looks as it did before may be what somebody
    switched back, and a switch is not sent again then.
    """
    if is_switched:
        raise ChangedMeanwhileError("as before a request without an answer, so not written, or written and taken back")


def require_as_read(differences: Iterable[str]) -> None:
    """Raise ChangedMeanwhileError where there are differences to what was read for the plan."""
    found: Sequence[str] = tuple(differences)
    if found:
        raise ChangedMeanwhileError(f"now {', '.join(found)}")
