"""Where the environments come from: a catalogue, a saved document, or a Flagsmith that runs."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from components.text import bounds, quoting
from flagops.commands.flags.catalogue.conditions import Expressions
from flagops.commands.flags.catalogue.load import load, refused
from flagops.commands.flags.catalogue.rules import check
from flagops.commands.flags.catalogue.steps import TextError, moment
from flagops.commands.flags.documents.documents import documents
from flagops.commands.flags.documents.other_flags import decided_otherwise
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.timetable import at_moment
from flagops.commands.flags.serve.conditions import check_answerable
from flagops.errors import BadInputError, NotFoundError
from flagops.files import WRITTEN_BYTES, reading
from flagops.serving.model.declared import Declared
from flagops.serving.server.state import Loaded
from flagops.serving.web.run import Source

FILES: Final = (".json", ".yaml", ".yml")


def source(catalogue: Path, other: str | None, at: str | None = None) -> Source:
    """The source: the catalogue, or in its place what `--from` names, a file, an address or a stack.

    `at` is for when the catalogue's rollouts are shown. Raises BadInputError for what is no time, or goes with `other`.
    """
    try:
        shown = None if at is None else moment(at)
    except TextError as error:
        raise BadInputError(f"--at {quoting.value(at)} {error}.") from None
    if other is not None and shown is not None:
        raise BadInputError("--at is about the steps of a catalogue, and --from has a state of its own: leave one out.")
    if other is None:
        return Source(str(catalogue), lambda: from_catalogue(catalogue, shown), catalogue)
    if not other:
        raise BadInputError("--from is empty: name a stack, the address of a Flagsmith, or a saved document.")
    path = Path(other)
    if other.startswith(("http://", "https://")):
        return _live(stack=None, url=other, label=other)
    if path.suffix in FILES or path.name != other or path.is_file():
        return Source(other, lambda: from_document(path), path)
    return _live(stack=other, url=None, label=f"the stack {other}")


def _live(*, stack: str | None, url: str | None, label: str) -> Source:
    def read() -> Loaded:
        from flagops.commands.flags.serve.live import from_flagsmith  # Kubernetes' SDK takes time

        return from_flagsmith(stack=stack, url=url)

    return Source(label, read)


def from_catalogue(path: Path, at: datetime | None = None) -> Loaded:
    """A catalogue's environments, with its rollouts as they are at a moment if all goes well, by default now. Raises
    CatalogueError with all that is wrong with it."""
    declared, file = load(path)
    errors = [problem for problem in check(declared, datetime.now(UTC).date()) if not problem.is_warning]
    if errors:
        raise refused(file, errors)
    about = {
        name: {
            "description": flag.description.strip(),
            "owner": flag.owner,
            "kind": str(flag.kind),
            "expires": None if flag.expires is None else flag.expires.isoformat(),
        }
        for name, flag in declared.flags.items()
    }
    made = documents(declared.project, desired(declared, at_moment(at or datetime.now(UTC))))
    return Loaded(made, about, decided_otherwise(item.document for item in made))


def from_document(path: Path) -> Loaded:
    """A saved environment's document. Raises OpsError for what is none."""
    # Its many models take time to make, and a catalogue needs none.
    from flagops.commands.flags.serve.shape import check_shape

    absent = NotFoundError(
        f"There is no document at {path}.", hint="Save one with `ff flags document --environment NAME`."
    )
    with reading(path, absent=absent):
        text = bounds.text_of(path, WRITTEN_BYTES)
    try:
        found = bounds.json_of(text.removeprefix("\ufeff"))  # which some editors write before a text in UTF-8
    except json.JSONDecodeError as error:
        raise BadInputError(
            f"{path}:{error.lineno}: this is not valid JSON: {error.msg}.",
            hint="--from takes a saved environment's document; a catalogue is named without it.",
        ) from None
    except bounds.BoundsError as error:
        raise BadInputError(f"{path} {error}.") from None
    check_shape(found, str(path))
    check_answerable(found, str(path), Expressions())
    return Loaded((Declared(found),), {}, decided_otherwise([found]))


def one_of(loaded: Loaded, environment: str) -> Mapping[str, Any]:
    """The document of an environment. Raises OpsError for one that there is not."""
    for item in loaded.environments:
        if item.name == environment:
            return item.document
    known = ", ".join(item.name for item in loaded.environments) or "none"
    raise NotFoundError(f"There is no environment {quoting.value(environment)}; there are: {known}.")
