"""A stack's manifests as texts, and what differs between two sets of them."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from flagops.commands.render.gitops import KUSTOMIZATION
from flagops.commands.render.render import render
from flagops.stacks.files import Stack

# The names of Jobs and ConfigMaps end with a digest of what is in them.
DIGEST = re.compile(r"-[0-9a-f]{10}$")
Manifests = Mapping[str, str]


@dataclass(frozen=True)
class ObjectDifference:
    """One object that is not the same in both sets.

    Attributes:
        action: create, update, delete or replace (the same under another name).
        name: Kind and name.
        diff: The lines, as `diff -u` writes them, without its head.
    """

    action: str
    name: str
    diff: str


def of_stack(root: Path, stack: Stack) -> Manifests:
    """The stack's manifests, as `ff render` writes them. Asks no cluster."""
    with TemporaryDirectory() as directory:
        render(root, stack, Path(directory) / "manifests")
        return of_directory(Path(directory) / "manifests")


def of_directory(directory: Path) -> Manifests:
    """What `ff render` wrote into a directory, by kind and name; a Secret that is not applied is a comment there."""
    found: dict[str, str] = {}
    for path in sorted(directory.glob("*.yaml")):
        if path.name == KUSTOMIZATION:
            continue
        for text in re.split(r"^---\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            document = yaml.safe_load(text)
            if document:
                found[f"{document['kind']} {document['metadata']['name']}"] = text
    return found


def differences(old: Manifests, new: Manifests) -> list[ObjectDifference]:
    """What changes from `old` to `new`, in the order of the names."""
    return sorted(_differences(old, new), key=lambda item: item.name)


def _differences(old: Manifests, new: Manifests) -> Iterator[ObjectDifference]:
    gone = {DIGEST.sub("", name): name for name in old if name not in new}
    for name, text in new.items():
        if name in old:
            if old[name] != text:
                yield ObjectDifference("update", name, _diff(old[name], text))
            continue
        before = gone.pop(DIGEST.sub("", name), None)
        if before is None:
            yield ObjectDifference("create", name, _diff("", text))
        else:
            yield ObjectDifference("replace", name, _diff(old[before], text))
    for name in gone.values():
        yield ObjectDifference("delete", name, _diff(old[name], ""))


def _diff(old: str, new: str) -> str:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))
