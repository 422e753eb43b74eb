"""PostgreSQL's parameters, derived from the memory of its container and the size of its volume."""

import re

from components.settings.quantities import KI, MI

# The rules of thumb of PostgreSQL's documentation (Resource Consumption): a quarter of the memory for shared buffers,
# and as planner's estimate of all caches, the kernel's included, three quarters.
SHARED_BUFFERS_SHARE = 4
# What PostgreSQL counts shared buffers in where no unit is said.
PAGE = 8 * KI
# A query may use work_mem several times over, once for each sort or hash.
WORK_MEM_USES = 3
MIN_WORK_MEM, MAX_WORK_MEM = 2 * MI, 64 * MI
MIN_MAINTENANCE, MAX_MAINTENANCE = 16 * MI, 1024 * MI
# Between checkpoints the write-ahead log may grow to this share of the volume; the server's own default, 1 GB, would
# fill a small one. A longer log is a longer recovery.
WAL_SHARE = 8
_UNITS = {"kB": KI, "MB": MI, "GB": KI * MI, "TB": MI * MI}
MIN_WAL, MAX_WAL = 64 * MI, 4096 * MI
# PostgreSQL's own default is 80 MB; CloudNativePG refuses one that is not below max_wal_size. At least two segments.
MIN_WAL_SHARE = 2
MIN_MIN_WAL, MAX_MIN_WAL = 32 * MI, 80 * MI
# What a standby that is away may hold back, of a volume for the log alone and of one with the data too.
SLOTS_SHARE_OF_LOG, SLOTS_SHARE_OF_DATA = 2, 4


def parse_size(value: str, plain: int = MI) -> int | None:
    """The bytes of one of PostgreSQL's sizes; None for what is no size. Without a unit it counts in `plain` bytes."""
    match = re.fullmatch(r"(\d+) *(kB|MB|GB|TB)?", value.strip())
    return None if match is None else int(match[1]) * (_UNITS[match[2]] if match[2] else plain)


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def shared_buffers(memory: int) -> int:
    """The bytes that a server with `memory` bytes keeps for pages of its data."""
    return memory // SHARED_BUFFERS_SHARE


def max_wal(storage: int) -> int:
    """The bytes that the write-ahead log may grow to between checkpoints, on a volume of `storage` bytes."""
    return _clamp(storage // WAL_SHARE, MIN_WAL, MAX_WAL)


def postgres_parameters(memory: int, max_connections: int, storage: int) -> dict[str, str]:
    """Return parameters for a server with `memory` bytes and a volume of `storage` bytes.

    PostgreSQL's `kB` and `MB` are powers of 1024.
    """
    buffers = shared_buffers(memory)
    work_mem = (memory - buffers) // (max_connections * WORK_MEM_USES)
    return {
        "max_connections": str(max_connections),
        "shared_buffers": f"{buffers // MI}MB",
        "effective_cache_size": f"{memory * 3 // 4 // MI}MB",
        "work_mem": f"{_clamp(work_mem, MIN_WORK_MEM, MAX_WORK_MEM) // KI}kB",
        "max_wal_size": f"{max_wal(storage) // MI}MB",
        # Flagsmith's larger queries are short and planned as long: compiling them took 2 s of a first request, and
        # without it they took 0.1 s (seen at 2.265.0).
        "jit": "off",
        "maintenance_work_mem": f"{_clamp(memory // 16, MIN_MAINTENANCE, MAX_MAINTENANCE) // MI}MB",
    }


def replication_parameters(storage: int, *, log_alone: bool) -> dict[str, str]:
    """Return what servers with standbys need beside the parameters of one.

    A standby that is lost holds back the primary's log by its slot: without a bound, until the volume is full and
    nothing can be written. Beyond the bound it has to catch up from the archive, or be made anew.

    Args:
        storage: bytes of the volume with the write-ahead log.
        log_alone: whether the data is on another one.
    """
    slots = storage // (SLOTS_SHARE_OF_LOG if log_alone else SLOTS_SHARE_OF_DATA)
    return {
        "max_slot_wal_keep_size": f"{slots // MI}MB",
        "min_wal_size": f"{_clamp(max_wal(storage) // MIN_WAL_SHARE, MIN_MIN_WAL, MAX_MIN_WAL) // MI}MB",
    }
