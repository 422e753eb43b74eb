"""How commands end that go on for ever."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Ctrl-C ends what is in it: that is no error, and the command exits with 0, as `kubectl port-forward` does."""
    with suppress(KeyboardInterrupt):
        yield


def wait_for_interrupt() -> None:
    """Wait for Ctrl-C."""
    with until_interrupted():
        threading.Event().wait()
