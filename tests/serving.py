"""Applications of the tests, answering on a port of this machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@contextmanager
def serving(application: "WSGIApplication", ssl_context: Any = None) -> Iterator[int]:
    """The port where an application answers, by HTTPS if there is what werkzeug takes for that."""
    server = make_server("127.0.0.1", 0, application, ssl_context=ssl_context, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
