"""Where the embedded server writes: its volume, and what goes with its pod."""

from typing import Final

from components.kit.pods import EmptyDir
from components.settings.quantities import MI, format_memory, parse_memory

SOCKETS: Final = EmptyDir(name="run", path="/var/run/postgresql", size_limit="16Mi")
# The runtime's /dev/shm holds 64 MiB, which one parallel query can exceed; what lies there counts as the pod's memory.
SHARED_MEMORY_SHARE: Final = 8
MIN_SHARED_MEMORY: Final = 64 * MI


def scratch(memory_limit: str) -> list[EmptyDir]:
    """What the server writes besides its data; shared memory is an eighth of the memory limit, at least 64Mi."""
    shared = max(MIN_SHARED_MEMORY, parse_memory(memory_limit) // SHARED_MEMORY_SHARE // MI * MI)
    return [
        SOCKETS,
        EmptyDir(name="tmp", path="/tmp", size_limit="256Mi"),  # noqa: S108 a mount of the pod's own
        EmptyDir(name="shm", path="/dev/shm", size_limit=format_memory(shared), medium="Memory"),  # noqa: S108 likewise
    ]


def data_paths(major: int) -> tuple[str, str]:
    """Where the volume is mounted and where PGDATA lies in it.

    The official image moved both in 18. Before that, PGDATA is a sub-directory of the mount, since a fresh volume may
    hold a `lost+found`, which initdb refuses.
    """
    if major >= 18:
        return "/var/lib/postgresql", f"/var/lib/postgresql/{major}/docker"
    return "/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata"
