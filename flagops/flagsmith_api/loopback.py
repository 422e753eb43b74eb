"""Names below `.localhost` mean this machine (RFC 6761, 6.3): browsers and curl know that, many resolvers do not."""

import socket
from typing import Any, Final
from urllib.parse import urlsplit

SUFFIX: Final = ".localhost"
LOOPBACK: Final = "127.0.0.1"


def know_its_name(url: str) -> None:
    """Let every client in this process find the host of `url`, if it is one below `.localhost` and nobody else does."""
    host = urlsplit(url).hostname or ""
    if not host.endswith(SUFFIX) or isinstance(socket.getaddrinfo, _Resolver):
        return
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        socket.getaddrinfo = _Resolver(socket.getaddrinfo)


class _Resolver:
    """The system's resolver, which knows these names too."""

    def __init__(self, system: Any) -> None:
        self._system = system

    def __call__(self, host: Any, *arguments: Any, **options: Any) -> Any:
        """What the system says of a host, or of loopback for one below `.localhost`."""
        name = host.decode(errors="replace") if isinstance(host, bytes) else host
        is_local = isinstance(name, str) and name.endswith(SUFFIX)
        return self._system(LOOPBACK if is_local else host, *arguments, **options)
