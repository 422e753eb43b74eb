"""The lock of the platform's own packages, as its release was tested, for the projects that use it."""

import re
from typing import Final

from components.text import bounds
from flagops.pin import CONSTRAINTS
from flagops.program import DIRECTORY

HASHED: Final = "requirements.lock"
"""The file of a project with a version and the hashes of every package that the platform needs."""
VERSIONS: Final = CONSTRAINTS
"""The file with the versions alone: pip takes hashes for all requirements or for none, and a git tag has none."""
PULUMI: Final = "pulumi"
"""The package whose release the Pulumi CLI has too."""
_PACKAGE: Final = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?P<marker> ; [^\\\n]+?)? ?\\?$", re.MULTILINE)
_HASHED_HEAD: Final = """\
# The packages that this release of the platform was tested with, by hash. `ff init --upgrade` renews it.
#   pip install --require-hashes --requirement requirements.lock
"""
_VERSIONS_HEAD: Final = """\
# The versions of requirements.lock, to which requirements.txt holds. `ff init --upgrade` renews it.
"""


def lock() -> str:
    """The lock of this release, without the command that made it: versions and hashes, and no address of an index."""
    text = bounds.text_of(DIRECTORY / "requirements.txt")
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def files() -> dict[str, bytes]:
    """The two files of a project, by name."""
    locked = lock()
    versions = "".join(
        f"{found['name']}=={found['version']}{found['marker'] or ''}\n" for found in _PACKAGE.finditer(locked)
    )
    return {HASHED: (_HASHED_HEAD + locked).encode(), VERSIONS: (_VERSIONS_HEAD + versions).encode()}


def version_of(package: str) -> str:
    """The version in the lock of a package that it has."""
    return next(found["version"] for found in _PACKAGE.finditer(lock()) if found["name"] == package)
