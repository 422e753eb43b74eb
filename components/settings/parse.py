"""From the values of a stack's configuration to checked settings; pure."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache

from pydantic import ValidationError

from components.settings import checks, written_out
from components.settings.errors import SettingsError, describe, problems_of
from components.settings.lock import Lock
from components.settings.model import Settings
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.schema import is_structured, known_keys
from components.settings.shown import hidden_parts
from components.text import bounds, quoting

Path = tuple[str | int, ...]

_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SIMPLE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NULL = "must not be null or empty: give a value, or leave the key out to get the default"
_SECURE = (
    "is encrypted (secure), but settings are readable in the cluster: put the secret in a "
    "Kubernetes Secret and name that (existingSecret, envFromSecrets); if it is not a secret, "
    "write it in plain text"
)


def parse(values: Mapping[str, object], lock: Lock | None = None) -> Settings:
    """Check the values of a stack's configuration and return its settings.

    Args:
        values: by key without the project's name; as parsed YAML, or as text with JSON for maps and lists, which is
            how Pulumi hands them over.
        lock: the lock file of images; None for an empty one.

    Raises:
        SettingsError: naming every problem that was found.
    """
    problems: list[Problem] = []
    decoded = _decode(values, problems)
    problems += _unusable(decoded, ())
    problems += written_out.problems(decoded, Settings)
    refused = {problem.path for problem in problems}
    settings = None
    try:
        settings = Settings.model_validate(_without(decoded, refused), context=lock)
    except ValidationError as error:
        found = problems_of(error, Settings)
    else:
        found = checks.problems(settings)
    problems += [problem for problem in found if not _covered(problem.path, refused)]
    if settings is None or problems:
        told = problems[: quoting.MOST_LINES]
        hidden = hidden_parts(decoded, [problem.text for problem in told])
        lines = [describe(problem, decoded, hidden) for problem in told]
        raise SettingsError(quoting.few(lines, len(problems)))
    return settings


def _decode(values: Mapping[str, object], problems: list[Problem]) -> dict[str, object]:
    """Decode the JSON of maps and lists; what is none is reported and left out."""
    structured = _structured()
    decoded: dict[str, object] = {}
    for key, value in values.items():
        decoded[key] = value
        if key in structured and isinstance(value, str):
            try:
                decoded[key] = bounds.json_of(value)
            except bounds.BoundsError as error:
                del decoded[key]
                problems.append(Problem(path=(key,), text=str(error), value=NOT_SHOWN))
            except json.JSONDecodeError:
                del decoded[key]
                # Pulumi turns a null into an empty text when it rewrites a stack's file.
                if value == "":
                    problems.append(Problem(path=(key,), text=_NULL, value=value))
                else:
                    problems.append(Problem(path=(key,), text=_as_map(key, value)))
    return decoded


@cache
def _structured() -> frozenset[str | None]:
    """The keys whose values are maps or lists."""
    return frozenset(field.alias for field in Settings.model_fields.values() if is_structured(field.annotation))


def _as_map(key: str, value: str) -> str:
    """What to write in place of a single value, where a map stands: with the name in it, where it has one."""
    has_name = "name" in known_keys(Settings, (key,))
    if has_name and _SIMPLE.fullmatch(value):
        return f"must be a map: write `{key}: {{name: {value}}}`"
    return "must be a map or a list, or a text of JSON with one"


def _unusable(value: object, path: Path) -> Iterator[Problem]:
    """Yield nulls, encrypted values, and texts with what no variable or object can hold, wherever they are."""
    if value is None:
        yield Problem(path=path, text=_NULL)
    elif isinstance(value, str):
        found = _UNUSABLE.search(value)
        if found is not None:
            code = quoting.printable_code(found[0])
            yield Problem(path=path, text=f"must not contain {code}, an invisible character: remove it")
    elif isinstance(value, Mapping):
        if set(value) == {"secure"}:
            yield Problem(path=path, text=_SECURE)
            return
        for key, item in value.items():
            yield from _unusable(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unusable(item, (*path, index))


def _without(value: object, refused: set[Path], path: Path = ()) -> object:
    """Return the value without what is refused already, so that it is reported once."""
    if isinstance(value, Mapping):
        return {
            key: _without(item, refused, (*path, key)) for key, item in value.items() if (*path, key) not in refused
        }
    if isinstance(value, list):
        return [_without(item, refused, (*path, i)) for i, item in enumerate(value) if (*path, i) not in refused]
    return value


def _covered(path: Path, refused: set[Path]) -> bool:
    return any(path[:length] in refused for length in range(1, len(path) + 1))
