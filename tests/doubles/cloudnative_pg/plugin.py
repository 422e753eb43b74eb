"""The Barman Cloud plugin, as far as the operator asks it who it is: it archives nothing and restores nothing.

The operator asks at a socket of its own directory, by cnpg-i (proto/identity.proto of 0.5.0). A plugin without
capabilities is asked nothing else.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import grpc  # type: ignore[import-untyped]

NAME: Final = "barman-cloud.cloudnative-pg.io"
VERSION: Final = "0.15.0"
SERVICE: Final = "cnpgi.identity.v1.Identity"
STOP_SECONDS: Final = 5


def _text(field: int, value: str) -> bytes:
    """A string in protobuf's encoding; its length fits one byte."""
    encoded = value.encode()
    return bytes([field << 3 | 2, len(encoded)]) + encoded


ANSWERS: Final = {
    "GetPluginMetadata": _text(1, NAME) + _text(2, VERSION),
    "GetPluginCapabilities": b"",
    # `ready`, a bool.
    "Probe": b"\x08\x01",
}


@contextmanager
def plugin(directory: Path) -> Iterator[None]:
    """Answer at a socket in the directory, which is to be the operator's."""
    handlers = {method: grpc.unary_unary_rpc_method_handler(_always(answer)) for method, answer in ANSWERS.items()}
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    # The operator calls a plugin by the name of its socket.
    server.add_insecure_port(f"unix:{directory / NAME}")
    server.start()
    try:
        yield
    finally:
        server.stop(STOP_SECONDS).wait()


def _always(answer: bytes) -> Callable[[bytes, object], bytes]:
    return lambda *_: answer
