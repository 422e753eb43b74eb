"""From the arguments of a program to the values that the settings are made of."""

from collections.abc import Iterator, Mapping, Sequence

import pulumi
from pulumi.output import Unknown

from components.settings import SettingsError
from components.text.plain_secrets import dotted

Path = tuple[str | int, ...]

_OUTPUT = (
    "must be a plain value, and is an output of another resource, or a secret: settings are checked before anything is "
    "deployed, when nobody knows it. Write a value that the program has itself; a secret belongs in a Kubernetes "
    "Secret, which existingSecret names"
)


def plain_values(arguments: Mapping[str, object]) -> dict[str, object]:
    """The values of a stack's settings, by key: the arguments as they are, with whole numbers as such.

    Pulumi has left out what is null, and hands every number over with a fraction.

    Raises:
        SettingsError: naming every argument, or part of one, that is an output, a secret, a resource or a file.
    """
    refused = [f"{dotted(path)}: {_OUTPUT}" for path in _unusable(arguments, ())]
    if refused:
        raise SettingsError(refused)
    return {key: _plain(value) for key, value in arguments.items()}


def _unusable(value: object, path: Path) -> Iterator[Path]:
    match value:
        case pulumi.Output() | Unknown() | pulumi.Resource() | pulumi.Asset() | pulumi.Archive():
            yield path
        case Mapping():
            for key, item in value.items():
                yield from _unusable(item, (*path, key))
        case str():
            return
        case Sequence():
            for index, item in enumerate(value):
                yield from _unusable(item, (*path, index))


def _plain(value: object) -> object:
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value
