"""PostgreSQL's parameters, derived from the memory of its container."""

from components.settings.quantities import KI, MI

# The rules of thumb of PostgreSQL's documentation (Resource Consumption): a quarter of the memory for shared buffers,
# and as planner's estimate of all caches, the kernel's included, three quarters.
SHARED_BUFFERS_SHARE = 4
# A query may use work_mem several times over, once for each sort or hash.
WORK_MEM_USES = 3
MIN_WORK_MEM, MAX_WORK_MEM = 2 * MI, 64 * MI
MIN_MAINTENANCE, MAX_MAINTENANCE = 16 * MI, 1024 * MI


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def postgres_parameters(memory: int, max_connections: int) -> dict[str, str]:
    """Return parameters for a server with `memory` bytes; PostgreSQL's `kB` and `MB` are powers of 1024."""
    shared_buffers = memory // SHARED_BUFFERS_SHARE
    work_mem = (memory - shared_buffers) // (max_connections * WORK_MEM_USES)
    return {
        "max_connections": str(max_connections),
        "shared_buffers": f"{shared_buffers // MI}MB",
        "effective_cache_size": f"{memory * 3 // 4 // MI}MB",
        "work_mem": f"{_clamp(work_mem, MIN_WORK_MEM, MAX_WORK_MEM) // KI}kB",
        "maintenance_work_mem": f"{_clamp(memory // 16, MIN_MAINTENANCE, MAX_MAINTENANCE) // MI}MB",
    }
