"""The lock file of images: which digest each `repository:tag` has, for all stacks; `ff images lock` writes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from components.settings.errors import SettingsError
from components.settings.images import full_name, parse_image
from components.text import bounds, quoting, yaml12

LOCK_FILE: Final = "images.lock.yaml"
ROOT_KEY: Final = "images"
_RENEW: Final = "`ff images lock` rewrites the file"
# What each key of an image must be, in words and as a pattern.
_RULES: Final = {
    "digest": ("sha256: and 64 hexadecimal digits", re.compile(r"sha256:[0-9a-f]{64}")),
    "platforms": ("a list such as [linux/amd64, linux/arm64]", re.compile(r"[a-z0-9]+/[a-z0-9]+(/[a-z0-9.]+)?")),
    "resolved": ("a time in UTC such as 2030-01-31T12:00:00Z", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")),
    "from": ("the registry that was asked, such as docker.io", re.compile(r"[A-Za-z0-9.-]+(:\d+)?(/[a-z0-9._/-]+)?")),
}


@dataclass(frozen=True, kw_only=True)
class LockedImage:
    """What an image was when its tag was resolved.

    Attributes:
        digest: `sha256:` and 64 hexadecimal digits: of the index where there is one, which serves every platform.
        platforms: what it runs on, as `linux/amd64`; sorted.
        resolved: when, in UTC, as `2030-01-31T12:00:00Z`.
        source: the registry or mirror that was asked.
        line: of the entry in the file; 0 for one that is in none.
    """

    digest: str
    platforms: tuple[str, ...]
    resolved: str
    source: str
    line: int = field(default=0, compare=False)


Lock = Mapping[str, LockedImage]
"""Locked images by their full names, such as `docker.io/library/postgres:17.11-bookworm`."""


def read_lock(directory: Path) -> Lock:
    """The lock file in `directory`; empty where there is none. Raises SettingsError for a malformed one."""
    path = directory / LOCK_FILE
    try:
        text = bounds.text_of(path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError([f"{LOCK_FILE}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{LOCK_FILE}: cannot be read as UTF-8 text; {_RENEW}"]) from None
    return parse_lock(text)


def parse_lock(text: str) -> Lock:
    """Take the text of a lock file apart. Raises SettingsError that names every problem with its line."""
    try:
        node = yaml12.compose(text)
    except yaml12.YamlError as error:
        raise SettingsError([f"{LOCK_FILE}, line {error.line}: is not YAML: {error.said}; {_RENEW}"]) from None
    problems: list[str] = []
    lock: dict[str, LockedImage] = {}
    for key, images in _entries(node, problems):
        if key.value != ROOT_KEY:
            _report(problems, key, f"{quoting.key(key.value)} is not a known key: the only one is {ROOT_KEY}")
            continue
        for name, entry in _entries(images, problems):
            found = _image(name, entry, problems)
            if found is not None:
                lock[name.value] = found
    if problems:
        raise SettingsError(quoting.few(problems))
    return lock


def _report(problems: list[str], node: yaml.Node, text: str) -> None:
    problems.append(f"{LOCK_FILE}, line {node.start_mark.line + 1}: {text}; {_RENEW}")


def _entries(node: yaml.Node | None, problems: list[str]) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    """The keys and values of a map; none for one that is left empty."""
    if node is None or (isinstance(node, yaml.ScalarNode) and yaml12.scalar(node) is None):
        return []
    if not isinstance(node, yaml.MappingNode):
        _report(problems, node, "must be a map of keys and values")
        return []
    found: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            _report(problems, key, "must have keys that are text")
        elif key.value in found:
            first = found[key.value][0].start_mark.line + 1
            _report(problems, key, f"{quoting.key(key.value)} is given twice, first at line {first}: remove one")
        else:
            found[key.value] = (key, value)
    return list(found.values())


def _image(name: yaml.ScalarNode, node: yaml.Node, problems: list[str]) -> LockedImage | None:
    before = len(problems)
    expected = _full(name.value)
    if expected != name.value:
        wanted = expected or "docker.io/library/postgres:17.11-bookworm"
        said = f"must be an image's full name with its tag and no digest, as {wanted}"
        _report(problems, name, f"{quoting.short(name.value)} {said}")
    values: dict[str, tuple[str, ...]] = {}
    for key, value in _entries(node, problems):
        if key.value in _RULES:
            allowed, pattern = _RULES[key.value]
            values[key.value] = _texts(value)
            if not values[key.value] or not all(pattern.fullmatch(text) for text in values[key.value]):
                given = ", ".join(values[key.value])
                _report(problems, value, f"{key.value} = {quoting.value(given)}: must be {allowed}")
        else:
            _report(problems, key, f"{quoting.key(key.value)} is not a known key: an image has {', '.join(_RULES)}")
    missing = [key for key in _RULES if key not in values]
    if missing and len(problems) == before:
        _report(problems, name, f"{name.value} lacks {', '.join(missing)}")
    if len(problems) > before:
        return None
    return LockedImage(
        digest=values["digest"][0],
        platforms=tuple(sorted(values["platforms"])),
        resolved=values["resolved"][0],
        source=values["from"][0],
        line=name.start_mark.line + 1,
    )


def _full(name: str) -> str | None:
    try:
        image = parse_image(name)
    except ValueError:
        return None
    return full_name(image.repository, image.tag) if image.tag else None


def _texts(node: yaml.Node) -> tuple[str, ...]:
    """The texts of a value or of a list of them; none for anything else."""
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not all(isinstance(item, yaml.ScalarNode) for item in nodes):
        return ()
    return tuple(str(item.value) for item in nodes)
