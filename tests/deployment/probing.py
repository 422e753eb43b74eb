"""Odd values for every key of the settings: which of them the model takes, one by one and together."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from components.settings import Settings, parse
from components.settings.errors import SettingsError
from components.settings.schema import model_of, unwrap

Values = Mapping[str, Any]

TEXTS = (
    *(
        "a",
        "A",
        "0",
        "00",
        "-a",
        "a-",
        ".",
        "..",
        "a.b",
        "a..b",
        "a.",
        "a/b",
        "a//b",
        "a/b/c",
        "/a",
        "a_b",
        "_a",
        "a b",
    ),
    *(
        "a:b",
        "a@b.c",
        "a=b",
        "a,b",
        "ä",
        "שלום",
        "😀",
        "a\u200bb",
        "a\tb",
        "a\nb",
        "%41",
        "$(A)",
        "${A}",
        "{{a}}",
        "'\"`\\",
    ),
    *("true", "null", "~", "no", "1e3", "0x10", "1_000", " a", "", "*", "?", "#a", "&a", "!a", "|", "<a>", "a;b", "-1"),
    *(
        "a" * 63,
        "a" * 64,
        "A" * 63,
        "a" * 253,
        "a" * 254,
        ".".join(["a" * 63] * 3),
        ".".join(["a" * 63] * 4),
        "a" * 1000,
    ),
    *("example.com/a", "Example.com/a", "example.com/" + "a" * 63, "a" * 253 + "/a", "a.example.com", "*.example.com"),
    *("https://a.example.com", "http://a:65535", "https://a:0", "https://a/b?c#d", "ftp://a", "10.0.0.0/8", "10.0.0.1"),
    *("10.0.0.1/8", "::1", "::/0", "fd00::/8", "[::1]", "0.0.0.0/0", "256.0.0.0/8", "10.0.0.0/33", "010.0.0.0/8"),
    *("a:1", "a/b:c", "a/b:C-1.2_3", "a@sha256:" + "0" * 64, "localhost:5000/a", "a:" + "b" * 128, "a:" + "b" * 129),
    *("0 0 * * *", "0 0 31 2 *", "@daily", "60 * * * *", "0 0 * * 7", "0 0 L * *", "*/0 * * * *", "0 0 0 * * *"),
)
QUANTITIES = (
    *(
        "1",
        "1m",
        "0.5",
        "0.0001",
        "1Ki",
        "1Mi",
        "256Mi",
        "1.5Gi",
        "1e3",
        "1e9",
        "1E",
        "1Ei",
        "9223372036854775807",
        ".5Gi",
    ),
    *(
        "5.Gi",
        "1e-3",
        "-1Gi",
        "+1Gi",
        "1gi",
        "08Mi",
        "1GiB",
        "1n",
        "1u",
        "1500m",
        "64",
        "1000",
        "100Gi",
        "1.000Gi",
        "0",
    ),
)
NUMBERS = (
    *(-1, 0, 1, 2, 3, 5, 10, 60, 100, 999, 1024, 3600, 65535, 65536, 86400, 2**31 - 1, 2**31, 2**63),
    0.5,
    1.5,
    99.9,
)
PROBES: tuple[Any, ...] = (True, False, None, *NUMBERS, *QUANTITIES, *TEXTS)
# What is not of the cluster's objects: where they go, and what the program is told of the cluster.
OUTSIDE_OF_OBJECTS = frozenset({"context", "apiVersions", "clusterIdentifier", "clusterUid", "role"})
# Of the values that a key's type takes, so many are tried: others for each key, so that each type sees them all.
MOST_OF_ONE = 8


@dataclass(frozen=True)
class Probe:
    """A value for a key, as it stands in a stack's file."""

    path: tuple[str, ...]
    text: str

    @property
    def value(self) -> Any:
        return json.loads(self.text)

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} = {self.text[:80]}"


def put(values: Values, probe: Probe) -> dict[str, Any]:
    """The values with a probe among them."""
    copy: dict[str, Any] = json.loads(json.dumps(values))
    place = copy
    for part in probe.path[:-1]:
        place[part] = place[part] if isinstance(place.get(part), dict) else {}
        place = place[part]
    place[probe.path[-1]] = probe.value
    return copy


def is_taken(values: Values) -> bool:
    """Whether the model takes a stack's values."""
    try:
        parse(dict(values))
    except SettingsError:
        return False
    return True


def probes(values: Values, takes: Callable[[Values], bool] = is_taken) -> Iterator[Probe]:
    """For every key, values that its type takes and that the stack can have, alone."""
    for path, field in _leaves(Settings):
        of_type = list(_of_type(field))
        shuffled = random.Random(".".join(path))  # noqa: S311 - the same in each run
        chosen = shuffled.sample(of_type, min(MOST_OF_ONE, len(of_type)))
        for value in chosen:
            probe = Probe(path, json.dumps(value))
            if takes(put(values, probe)):
                yield probe


def together(values: Values, left: list[Probe]) -> tuple[dict[str, Any], list[Probe]]:
    """A stack with those that go with the ones before them, one of each key; of each key two are tried at most."""
    taken: list[Probe] = []
    asked: set[tuple[str, ...]] = set()
    done: set[tuple[str, ...]] = set()
    found = dict(values)
    for probe in left:
        if any(probe.path[: len(key)] == key or key[: len(probe.path)] == probe.path for key in done):
            continue
        with_it = put(found, probe)
        goes = is_taken(with_it)
        if goes:
            found, taken = with_it, [*taken, probe]
        # Where two values of a key do not go with the others, most often none does: it waits for another stack.
        if goes or probe.path in asked:
            done.add(probe.path)
        asked.add(probe.path)
    return found, taken


def _leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every single value, list and map of the model, sections of sections too."""
    for name, field in model.model_fields.items():
        key = (*path, str(field.alias or name))
        if key[0] in OUTSIDE_OF_OBJECTS:
            continue
        section = model_of(field.annotation)
        if section is not None and get_origin(unwrap(field.annotation)) is None:
            yield from _leaves(section, key)
        else:
            yield key, field


def _adapter(annotation: Any, metadata: tuple[Any, ...] = ()) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated.__class_getitem__((annotation, *metadata)) if metadata else annotation)  # type: ignore[attr-defined]


def _of_type(field: FieldInfo) -> Iterator[Any]:
    adapter = _adapter(field.annotation, tuple(field.metadata))
    for value in _candidates(field.annotation):
        if _takes(adapter, value):
            yield value


def _takes(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def _candidates(annotation: Any) -> Iterator[Any]:
    """What may be of a type, or not: single values, lists with one, maps with one, sections with one key changed."""
    inner = unwrap(annotation)
    if get_origin(inner) is tuple:
        yield from ([value] for value in _good(get_args(inner)[0]))
    elif get_origin(inner) is dict:
        keys, kept = get_args(inner)
        some_key, some = next(iter(_good(keys)), "a"), next(iter(_good(kept)), "a")
        yield from ({key: some} for key in _good(keys))
        yield from ({some_key: value} for value in _good(kept))
    elif isinstance(inner, type) and issubclass(inner, BaseModel):
        yield from _sections(inner)
    else:
        yield from (choice for choice in get_args(inner) if isinstance(choice, str))
        yield from reversed(PROBES)


def _good(annotation: Any) -> list[Any]:
    adapter = _adapter(annotation)
    return [value for value in _candidates(annotation) if _takes(adapter, value)]


def _sections(model: type[BaseModel]) -> Iterator[Any]:
    of_type = {str(field.alias or name): list(_of_type(field)) for name, field in model.model_fields.items()}
    needed = {
        str(field.alias or name): of_type[str(field.alias or name)][0]
        for name, field in model.model_fields.items()
        if field.is_required() and of_type[str(field.alias or name)]
    }
    for key, values in of_type.items():
        yield from ({**needed, key: value} for value in values)
