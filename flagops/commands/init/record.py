"""What `ff init` wrote last: a file of the project, by which a newer release tells an edit from its own text."""

import hashlib
from pathlib import Path, PurePosixPath
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from components.text import bounds, yaml12
from components.text.yaml_written import dumped
from flagops.commands.init.answers import Answers
from flagops.commands.init.files import Files
from flagops.errors import BadInputError, NotFoundError
from flagops.files import reading
from flagops.version import release

FILE: Final = ".ff-init.yaml"
HEAD: Final = """\
# What `ff init` made this project for, and a digest of each file as it wrote it. Commit it: by it `ff init --upgrade`
# tells your edits from its own text. You may change an answer here and run that command: it shows what follows.
"""


def _within(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError("must be a path within the project")
    return name


class Record(BaseModel):
    """The content of the file.

    Attributes:
        release: The release that wrote it.
        answers: What the project was made for.
        files: The SHA-256 of each file as it was written, by its path.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    release: str
    answers: Answers
    files: dict[Annotated[str, AfterValidator(_within)], str]


def digest(content: bytes) -> str:
    """How a file is on record."""
    return hashlib.sha256(content).hexdigest()


def record(answers: Answers, written: Files) -> bytes:
    """The file's content for what was written."""
    made = Record(
        release=release(), answers=answers, files={name: digest(content) for name, content in written.items()}
    )
    text = dumped(made.model_dump(mode="json"), width=10_000, allow_unicode=True)
    return f"{HEAD}{text}".encode()


def read(project: Path) -> Record:
    """The project's record. Raises NotFoundError where `ff init` made no project, BadInputError for a broken one."""
    path = project / FILE
    absent = NotFoundError(
        f"{project} has no {FILE}, so that it was not made by ff init.",
        hint="Make a new project beside it with `ff init DIR`, and take over what you need.",
    )
    with reading(path, absent=absent):
        text = bounds.text_of(path)
    try:
        return Record.model_validate(yaml12.read(text))
    except yaml12.YamlError as error:
        raise BadInputError(f"{path} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        reason = first.get("ctx", {}).get("error", first["msg"])
        raise BadInputError(f"{path}: {where} is wrong: {reason}.", hint="Restore it from version control.") from None
