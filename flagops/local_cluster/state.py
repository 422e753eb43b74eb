"""What is remembered of a cluster between runs: a small JSON file in its directory."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from components.text import bounds
from flagops.errors import BadInputError
from flagops.files import write_private
from flagops.local_cluster.model import Kind, Published
from flagops.local_cluster.paths import STATE_HINT, cluster_directory
from flagops.local_cluster.processes import ProcessRecord


@dataclass(frozen=True, kw_only=True)
class ClusterRecord:
    """A cluster that was made, or whose making was begun.

    Attributes:
        kind: Which kind of cluster.
        complete: False until the cluster was ready for the first time.
        processes: Of the simulated control plane, in the order in which they were started; empty for kind.
        published: Where kind serves the stack on this machine; None for simulated nodes, which serve nothing.
    """

    kind: Kind
    complete: bool
    processes: tuple[ProcessRecord, ...] = ()
    published: Published | None = None


def load(home: Path) -> ClusterRecord | None:
    """The remembered cluster, or None when there is none.

    Raises:
        OpsError: The file is damaged; nothing is guessed from it, since processes are ended by what it says.
    """
    path = _path(home)
    try:
        values = bounds.json_of(bounds.text_of(path))
        processes = tuple(ProcessRecord(**record) for record in values["processes"])
        published = Published(**values["published"]) if values.get("published") else None
        return ClusterRecord(kind=values["kind"], complete=values["complete"], processes=processes, published=published)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadInputError(
            f"The record of the local cluster, {path}, cannot be read: {error.strerror}.", hint=STATE_HINT
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise BadInputError(
            f"The record of the local cluster, {path}, is damaged: {error}.",
            hint=f"End the cluster's processes by hand, if any run, and remove {path.parent}.",
        ) from error


def save(home: Path, state: ClusterRecord) -> None:
    """Remember a cluster; written in one step, so that an interrupted run leaves the old or the new record."""
    cluster_directory(home).mkdir(parents=True, exist_ok=True)
    write_private(_path(home), json.dumps(asdict(state), indent=2))


def _path(home: Path) -> Path:
    return cluster_directory(home) / "state.json"
