"""Values that only the deployment makes: in a preview they are not known, and no rule may take one for right or wrong.

A rule reads manifests as ever. What is not known is an `Unknown` in them; reading one is noted, and using one ends the
rule with an exception. So whatever a rule finds before it read one holds, and anything later is left to the deployment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NoReturn, SupportsIndex, TypeVar

T = TypeVar("T")


class UnknownUsedError(Exception):
    """A rule needs a value that only the deployment makes: `unknown`."""

    def __init__(self, unknown: "Unknown") -> None:
        super().__init__(f"{unknown.path} of {unknown.owner} is known at the deployment")
        self.unknown = unknown


class Unknown:
    """A value that is not known yet, at `path` of the object that people name `owner`.

    It can be passed on, shown and recognized (`isinstance`); whatever else is done with it is an UnknownUsedError.
    """

    def __init__(self, owner: str, path: str) -> None:
        self.owner = owner
        self.path = path

    def __str__(self) -> str:
        return "known at the deployment"

    __repr__ = __str__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._used()

    def _used(self, *_: object) -> NoReturn:
        raise UnknownUsedError(self)

    __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = __call__ = _used
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _used
    __hash__ = __int__ = __float__ = __index__ = _used
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __mod__ = __rmod__ = (
        _used
    )


@dataclass
class Run:
    """What one run of a rule has read: `read` counts against what it finds next, `left` no longer does.

    `at` is the object that it looks at.
    """

    read: list[Unknown] = field(default_factory=list)
    left: list[Unknown] = field(default_factory=list)
    at: Any = None


_RUN: ContextVar[Run | None] = ContextVar("run", default=None)


@contextmanager
def watching() -> Iterator[Run]:
    """Note what is read from here on."""
    run = Run()
    token = _RUN.set(run)
    try:
        yield run
    finally:
        _RUN.reset(token)


def looking_at(item: T) -> T:
    """Note which object the rule is at."""
    run = _RUN.get()
    if run is not None:
        run.at = item
    return item


def raw(mapping: object, key: str) -> Any:
    """What a mapping has, without a note that it was read; None where it has nothing, or is no mapping."""
    return dict.get(mapping, key) if isinstance(mapping, dict) else None


def apart(findings: Iterator[T]) -> Iterator[T]:
    """A part of a rule that stands by itself: a value that is not known there weakens no finding of another part."""
    run = _RUN.get()
    if run is None:
        yield from findings
        return
    before = len(run.read)
    try:
        yield from findings
    except UnknownUsedError as error:
        run.read.append(error.unknown)
    except Exception:
        if len(run.read) == before:
            raise
    finally:
        run.left += run.read[before:]
        del run.read[before:]


def _noted(value: Any) -> Any:
    run = _RUN.get()
    if run is not None and isinstance(value, Unknown):
        run.read.append(value)
    return value


class _Map(dict[str, Any]):
    """A mapping that notes what is read from it."""

    def __getitem__(self, key: str) -> Any:
        return _noted(super().__getitem__(key))

    def __iter__(self) -> Iterator[str]:  # without it, `{**mapping}` would not ask __getitem__
        return super().__iter__()

    def get(self, key: str, default: Any = None) -> Any:
        return _noted(super().get(key, default))

    def items(self) -> Any:
        return [(key, self[key]) for key in self]

    def values(self) -> Any:
        return [self[key] for key in self]


class _List(list[Any]):
    """A list that notes what is read from it."""

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        found = super().__getitem__(index)
        return [_noted(item) for item in found] if isinstance(index, slice) else _noted(found)

    def __iter__(self) -> Iterator[Any]:
        return (_noted(item) for item in super().__iter__())

    def __contains__(self, item: object) -> bool:
        return any(item == found for found in self)


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a manifest with its path; the items of a list by their name, where they have one.

    What is not known is left to the deployment, and weakens no finding about the others.
    """
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key in value:
            yield from texts(raw(value, key), f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(list.__iter__(value)):
            name = raw(item, "name")
            yield from texts(item, f"{path}[{index if name is None or isinstance(name, Unknown) else name}]")
    elif isinstance(value, Unknown):
        run = _RUN.get()
        if run is not None:
            run.left.append(value)


def watched(value: Any) -> Any:
    """The value, in mappings and lists that note what is read from them; as it is where all of it is known."""
    if isinstance(value, dict):
        items = {key: watched(raw(value, key)) for key in value}
        return _Map(items) if any(_is_unknown(item, raw(value, key)) for key, item in items.items()) else value
    if isinstance(value, list):
        before = list(list.__iter__(value))
        after = [watched(item) for item in before]
        return _List(after) if any(map(_is_unknown, after, before)) else value
    return value


def _is_unknown(item: Any, before: Any) -> bool:
    """Whether something of an item is not known, by what `watched` made of it."""
    return isinstance(item, Unknown) or item is not before


def unknowns(value: Any) -> Iterator[Unknown]:
    """All in it that is not known."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from unknowns(item)
