"""What the rules look at: the objects of a stack's program, or those of YAML files."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from components.text import bounds, yaml12
from flagops.errors import BadInputError, NotFoundError
from flagops.evaluation.program import Program
from flagops.files import reading
from policies.model import Object, Objects

SUFFIXES = (".yaml", ".yml", ".json")


def of_program(program: Program, *, production: bool, harmless: frozenset[str] = frozenset()) -> Objects:
    """The objects of an evaluated program, with what only the program knows: protection, and its secrets.

    `harmless` are values that look like secrets and are none, by the stack's settings.
    """
    items = tuple(Object(item.manifest, item.protect) for item in program.objects)
    return Objects(items, production, frozenset(program.generated.values()), harmless)


def of_files(paths: Sequence[Path], *, production: bool) -> Objects:
    """The objects in these files, and in the YAML and JSON files of these directories.

    Raises OpsError for what cannot be read, is no YAML, or holds something else than Kubernetes objects.
    """
    files = [file for path in paths for file in _files(path)]
    items = tuple(Object(manifest) for file in files for manifest in _manifests(file))
    if not items:
        raise NotFoundError(f"There is no object in {', '.join(map(str, paths))}, so no rule could be checked.")
    return Objects(items, production)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
    if not found:
        raise NotFoundError(f"{path} holds no manifests: no file there ends with {', '.join(SUFFIXES)}.")
    return found


def _manifests(path: Path) -> Iterator[dict[str, Any]]:
    with reading(path):
        text = bounds.text_of(path)
    try:
        # As kubectl: a key such as 8080 is the text 8080.
        documents = yaml12.read_all(text, any_key=True)
    except yaml12.YamlError as error:
        raise BadInputError(f"{path} cannot be read: {error}.") from None
    for document in _flattened(documents):
        if not isinstance(document, dict) or not document.get("kind") or not document.get("apiVersion"):
            raise BadInputError(f"{path} holds something without apiVersion and kind, so no Kubernetes object.")
        yield document


def _flattened(documents: Iterable[Any]) -> Iterator[Any]:
    """The documents, those of a List one by one, empty ones left out."""
    for document in documents:
        if isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and "items" in document:
            yield from _flattened(document["items"])
        elif document is not None:
            yield document
