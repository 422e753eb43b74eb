"""The writer of YAML for files that other programs read: a text is one for each of them.

PyYAML puts quotes around what YAML 1.1 would take for something else. Pulumi's parser and kubectl's know more
spellings: to both `1e3` and `0o17` are numbers, and to kubectl's `y` is true (resolve.go of go.yaml.in/yaml/v2).
"""

from typing import Any, Final

import yaml

from components.text import yaml12

YES_OR_NO: Final = frozenset("yYnN")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # libyaml's, where it is there
    """Writes what PyYAML does, with more quotes."""


def _text(dumper: Any, value: str) -> yaml.ScalarNode:
    is_plain = type(yaml12.plain(value)) is str and value not in YES_OR_NO
    node: yaml.ScalarNode = dumper.represent_scalar(yaml12.STR, value, style=None if is_plain else "'")
    return node


_Dumper.add_representer(str, _text)


def dumped(value: object, **options: Any) -> str:
    """The value as YAML, its keys in their order. `options` are those of PyYAML's `dump`."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, **options)
    return text
