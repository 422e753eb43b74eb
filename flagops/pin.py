"""Which release of the platform a project asks for: the line of its `requirements.txt` that names this package."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.text import bounds, quoting
from flagops.errors import BadInputError
from flagops.files import reading
from flagops.version import DISTRIBUTION, commit, release

FILE: Final = "requirements.txt"
"""What Pulumi and pip install into a project's own environment."""
CONSTRAINTS: Final = "constraints.txt"
"""The versions of the packages that the platform needs, to which FILE holds."""
NAME: Final = r"(?i:feature[-_.]+flags)"
"""The package's name as installers read it: they make no difference between case, `-`, `_` and `.`."""
LINE: Final = re.compile(rf"{NAME}\s*(?:==\s*(?P<version>[^\s;]+)|@\s*(?P<url>\S+))(?:\s*;.*)?")
VENDORED: Final = re.compile(r"\.?/?(?:[\w.-]+/)*feature_flags-[^/\s]+\.whl")
"""A wheel that is a file of the project."""
_TAG: Final = re.compile(r"@v?(\d+(?:\.\d+)+[\w.+-]*)(?:#.*)?$")
_WHEEL: Final = re.compile(r"feature_flags-([^-/]+)-[^/]*\.whl(?:#.*)?$")
_COMMIT: Final = re.compile(r"@([0-9a-f]{12,40})(?:#.*)?$")
COMMIT_LENGTH: Final = 12
"""As flagops/version.py has it."""


@dataclass(frozen=True)
class Pin:
    """A requirement that names one release.

    Attributes:
        requirement: As it is written, such as `feature-flags @ git+https://…@v0.2.0`.
        version: The release that it names; None if it names a commit.
        commit: The first twelve digits of the commit that it names; None if it names a release.
    """

    requirement: str
    version: str | None = None
    commit: str | None = None

    @property
    def name(self) -> str:
        """What it names, for people."""
        return self.version or f"commit {self.commit}"

    def is_met(self) -> bool:
        """Whether this `ff` is what it names. An installation that does not know its commit is taken for any."""
        if self.version is not None:
            return self.version == release()
        return commit() in (None, self.commit)


def parse(requirement: str) -> Pin | None:
    """The pin that a line of a requirements file is; None if the line is about something else.

    Raises BadInputError for this package without a release, which would be another one tomorrow.
    """
    text = _bare(requirement)
    if not names_platform(requirement):
        return None
    found = LINE.fullmatch(text)
    where = text if found is None else found["url"] or ""
    if found is not None and found["version"] and "*" not in found["version"]:
        return Pin(text, version=found["version"])
    if found is not None or VENDORED.fullmatch(text):
        for pattern in (_TAG, _WHEEL):
            if named := pattern.search(where):
                return Pin(text, version=named[1])
        if named := _COMMIT.search(where):
            return Pin(text, commit=named[1][:COMMIT_LENGTH])
    raise BadInputError(
        f"{quoting.value(text)} names no release of {DISTRIBUTION}.",
        hint=f"Write `{DISTRIBUTION} @ git+https://…@v{release()}`, with a tag or a commit, the address of a wheel, or "
        f"`{DISTRIBUTION}=={release()}`.",
    )


def names_platform(requirement: str) -> bool:
    """Whether a line of a requirements file is about this package, in whatever form."""
    text = _bare(requirement)
    # Other packages' names begin with this one's.
    return bool(re.match(rf"{NAME}(?![\w.-])", text) or VENDORED.fullmatch(text))


def _bare(requirement: str) -> str:
    """A line without its comment, and without hashes, which pip takes from files alone."""
    return re.split(r"\s+#|\s+--hash\b|\s*\\$", requirement, maxsplit=1)[0].strip()


def pinned(root: Path) -> Pin | None:
    """The release that the project in `root` asks for; None if it does not say. Raises BadInputError for no release."""
    path = root / FILE
    if not path.exists():
        return None
    with reading(path):
        lines = bounds.text_of(path).splitlines()
    found = [pin for line in lines if (pin := parse(line)) is not None]
    if len(found) > 1:
        raise BadInputError(f"{path} names {DISTRIBUTION} twice; keep one line.")
    return found[0] if found else None
