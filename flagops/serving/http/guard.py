"""Who may ask at all: only this machine, and only by one of its names for itself.

A page of a foreign site can make its own host's name lead to 127.0.0.1, and would then be of the same origin as this
server (DNS rebinding). Its requests carry that name, and are refused.
"""

from typing import Final

from flagops.serving.http.message import RefusalError, Request

NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
_READS: Final = ("GET", "HEAD")


def check_host(request: Request) -> None:
    """Raises RefusalError for a request by another name."""
    host = request.headers.get("host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name.lower() not in NAMES:
        allowed = ", ".join(NAMES)
        raise RefusalError(403, {"detail": f"This server answers by the names {allowed} only, and not by {name!r}."})


def check_own(request: Request) -> None:
    """Raises RefusalError for what only the server's own page may do, asked by a page of another origin."""
    origin = request.headers.get("origin")
    own = f"http://{request.headers.get('host', '')}"
    site = request.headers.get("sec-fetch-site", "same-origin")
    if origin not in (None, own) or (request.method not in _READS and site not in ("same-origin", "none")):
        raise RefusalError(403, {"detail": "Only the page of this server may do this."})
