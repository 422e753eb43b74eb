"""The pinned versions of the cluster's programs, read from the go.mod files under tools/ and kept nowhere else."""

import re
from dataclasses import dataclass
from pathlib import Path

from flagops.errors import BadInputError, NotFoundError
from flagops.program import DIRECTORY
from flagops.project import root_or_none


@dataclass(frozen=True, kw_only=True)
class GoModule:
    """Go module directory under tools/ which pins one upstream module, and the programs built from it.

    Attributes:
        directory: Name below tools/.
        module: Upstream module whose version is the programs' version.
        packages: Go package of each program.
        oldest: The oldest version, major and minor, of a program that is installed and may take the place of the pinned
            one. None: only one of the pinned minor version may.
    """

    directory: str
    module: str
    packages: dict[str, str]
    oldest: tuple[int, int] | None = None


KUBERNETES = GoModule(
    directory="kubernetes",
    module="k8s.io/kubernetes",
    packages={
        name: f"k8s.io/kubernetes/cmd/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    },
)
ETCD = GoModule(directory="etcd", module="go.etcd.io/etcd/server/v3", packages={"etcd": "go.etcd.io/etcd/server/v3"})
KWOK = GoModule(directory="kwok", module="sigs.k8s.io/kwok", packages={"kwok": "sigs.k8s.io/kwok/cmd/kwok"})
# From 0.24 on its own node image is Kubernetes 1.31 or newer, which this project runs on; any newer one will do.
KIND = GoModule(directory="kind", module="sigs.k8s.io/kind", packages={"kind": "sigs.k8s.io/kind"}, oldest=(0, 24))

CONTROL_PLANE = (ETCD, KUBERNETES, KWOK)
"""Where the programs of the simulated cluster come from."""


def directory(source: GoModule) -> Path:
    """Where a source's go.mod is: in a project that is a clone of the repository, else with `ff`'s program."""
    place = Path("tools", source.directory)
    project = root_or_none()
    return project / place if project and (project / place).is_dir() else DIRECTORY / place


def version(source: GoModule) -> str:
    """Pinned version of a source's programs, such as v1.37.2."""
    return _search(source, rf"^(?:require\s+|\s+){re.escape(source.module)}\s+(v\d+\.\d+\.\d+\S*)", source.module)


def go_version(source: GoModule) -> str:
    """Version of Go that a source's go.mod asks for, such as 1.26.0."""
    return _search(source, r"^go\s+(\d+\.\d+(?:\.\d+)?)", "the go directive")


def minor(text: str) -> tuple[int, int] | None:
    """Major and minor of the first version number in a text, such as the output of `--version`."""
    found = re.search(r"\bv?(\d+)\.(\d+)(?:\.\d+)?\b", text)
    return (int(found[1]), int(found[2])) if found else None


def _search(source: GoModule, pattern: str, what: str) -> str:
    path = directory(source) / "go.mod"
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise NotFoundError(
            f"{path} is not there, so the pinned version of {source.module} is unknown.",
            hint="Restore the file from version control, or install `ff` again.",
        ) from None
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise BadInputError(f"{path} does not name {what}.", hint="Restore the file from version control.")
    return found[1]
