"""The double as a server: with the catch-all page of the unified image, and with faults."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

from flagops.serving.http import browsers
from tests.doubles.flagsmith.answers import user
from tests.doubles.flagsmith.audit import audit, note
from tests.doubles.flagsmith.copies import copies
from tests.doubles.flagsmith.custom_fields import custom_fields
from tests.doubles.flagsmith.database import CLOCK, Database, RefusalError
from tests.doubles.flagsmith.features import features
from tests.doubles.flagsmith.future import future
from tests.doubles.flagsmith.identities import identities
from tests.doubles.flagsmith.looking import looking
from tests.doubles.flagsmith.people import people
from tests.doubles.flagsmith.projects import new_environment, new_project, projects
from tests.doubles.flagsmith.rights import rights
from tests.doubles.flagsmith.sdk import asked, response, sdk
from tests.doubles.flagsmith.segments import segments
from tests.doubles.flagsmith.server_keys import server_keys
from tests.doubles.flagsmith.states import states
from tests.doubles.flagsmith.tags import tags
from tests.doubles.flagsmith.trust import trust
from tests.doubles.flagsmith.versions import versions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOOPBACK = "127.0.0.1"
DOUBLE = "flagsmith.double"
"""Where a request names the double that it is for."""

NOT_FOUND = (
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1>'
    "<p>The requested resource was not found on this server.</p>\n</body>\n</html>\n"
)
UI = '<!DOCTYPE html><html><head><title>Flagsmith</title></head><body><div id="app"></div></body></html>'
METRICS = "# HELP flagsmith_build_info Flagsmith version and build information.\n# TYPE flagsmith_build_info gauge\n"


@dataclass
class Flagsmith:
    """A Flagsmith with one project, and what is wrong with it.

    Attributes:
        version: What it says it is.
        with_ui: Whether it is the unified image, which answers every unknown path with its page.
        failing: Paths that answer with a status of their own, by their start.
        hanging: Starts of paths that are not answered until `release` is set.
        forbids_tags: Whether nobody may write tags, as who has no MANAGE_TAGS.
        stale: Whether `/flags/` and the documents go on showing what they showed when this was set.
        replaced: Paths that are answered as other ones are.
        every: Of how many requests one is answered with `then` in place of its answer; of none for 0.
        then: A status.
        until: When this holds, it is well again.
        requests: How often each method and path was asked.
    """

    email: str = "admin@example.com"
    password: str = "only-for-tests"
    project: str = "footanalytics-platform"
    version: str = "2.265.0"
    with_ui: bool = True
    failing: dict[str, int] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    forbids_tags: bool = False
    stale: bool = False
    replaced: dict[str, str] = field(default_factory=dict)
    every: int = 0
    then: int = 503
    until: Callable[["Flagsmith"], bool] = lambda _: False
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    release: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def __post_init__(self) -> None:
        self.database = Database(self.email, self.password)
        new_project(self.database, self.project)
        self._kept: dict[tuple[str, str], tuple[int, bytes, str]] = {}

    def add_environments(self, *names: str) -> dict[str, str]:
        """Make environments of the project; their keys by their names."""
        rows = {name: new_environment(self.database, 1, name) for name in names}
        return {name: str(row["api_key"]) for name, row in rows.items()}

    def forget(self) -> None:
        """Count requests from here on."""
        self.requests.clear()

    def take(self, other: "Flagsmith") -> None:
        """Hold a copy of what another one holds, and have been asked the same."""
        self.database, self.requests = other.database.copied(), other.requests.copy()

    def application(self) -> "WSGIApplication":
        """It answers by the paths that all doubles share: to make them takes longer than most tests."""
        app = _application()

        def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            environ["PATH_INFO"] = self.replaced.get(environ["PATH_INFO"], environ["PATH_INFO"])
            return app(environ | {DOUBLE: self}, start_response)

        return answer

    def says(self) -> dict[str, Any]:
        return {
            "ci_commit_sha": "unknown",
            "image_tag": self.version,
            "has_email_provider": False,
            "is_enterprise": False,
            "is_saas": False,
            "self_hosted_data": {"has_users": True, "has_logins": self.database.logged_in},
            "package_versions": {".": self.version},
        }

    def before(self) -> Response | tuple[Response, int] | None:
        self.requests[request.method, request.path] += 1
        for start in self.hanging:
            if request.path.startswith(start):
                self.release.wait()
        if self.every and self.requests.total() % self.every == 0:
            return Response(_broken(self.then), status=self.then, mimetype="text/html")
        if self.until(self):
            self.failing.clear()
        for start, status in self.failing.items():
            if request.path.startswith(start):
                return Response(_broken(status), status=status, mimetype="text/html")
        if self.forbids_tags and "/tags/" in request.path and request.method != "GET":
            return jsonify(detail="You do not have permission to perform this action."), 403
        if browsers.is_preflight(asked()):
            return response(browsers.preflight())
        self.database.lock.acquire()
        g.locked, g.database, g.version = True, self.database, self.version
        return None

    def after(self, answered: Response) -> Response:
        if "locked" in g:
            note(answered)
        answered.headers["Flagsmith-Version"] = self.version
        answered.headers.update(browsers.shared(asked()))
        if answered.status_code == 204:
            del answered.headers["Content-Type"]
        kept = (request.full_path, request.headers.get("X-Environment-Key", ""))
        if request.path in ("/api/v1/flags/", "/api/v1/environment-document/") and answered.status_code == 200:
            if self.stale and kept in self._kept:
                status, data, kind = self._kept[kept]
                return Response(data, status=status, content_type=kind)
            self._kept[kept] = (answered.status_code, answered.get_data(), answered.content_type)
        return answered

    def done(self) -> None:
        if g.pop("locked", False):
            self.database.lock.release()

    def not_found(self) -> tuple[str, int]:
        if self.with_ui:
            return (UI, 200) if request.method == "GET" else ("", 405)
        return NOT_FOUND, 404


def _asked() -> Flagsmith:
    """The double that a request is for."""
    found = request.environ[DOUBLE]
    assert isinstance(found, Flagsmith)
    return found


@cache
def _application() -> Flask:
    """All paths and what answers them."""
    app = Flask("flagsmith")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    flags = (features, states, segments, versions, custom_fields)
    for part in (people, rights, projects, server_keys, tags, copies, *flags, identities, looking, audit, sdk):
        app.register_blueprint(part, url_prefix="/api/v1")
    app.register_blueprint(trust, url_prefix="/api/v1")
    app.register_blueprint(future, url_prefix="/api/__future__")
    app.before_request(lambda: _asked().before())
    app.after_request(lambda answered: _asked().after(answered))
    app.teardown_request(lambda _: _asked().done())
    app.register_error_handler(RefusalError, _refuse)
    app.register_error_handler(404, lambda _: _asked().not_found())
    app.register_error_handler(405, lambda _: (jsonify(detail=f'Method "{request.method}" not allowed.'), 405))
    working = {"DatabaseBackend": "working", "MigrationsHealthCheck": "working"}
    app.add_url_rule("/health/liveness/", view_func=lambda: {"status": "ok"}, endpoint="liveness")
    app.add_url_rule("/health/readiness/", view_func=lambda: working, endpoint="readiness")
    app.add_url_rule("/health", view_func=lambda: working, endpoint="health")
    app.add_url_rule("/version/", view_func=lambda: _asked().says(), endpoint="version")
    app.add_url_rule("/metrics/", view_func=lambda: Response(METRICS, mimetype="text/plain"), endpoint="metrics")
    app.add_url_rule("/processor/monitoring/", view_func=_monitoring, endpoint="monitoring")
    return app


def _broken(status: int) -> str:
    """Django's page for what went wrong in the server."""
    page = NOT_FOUND.replace("Not Found", f"Server Error ({status})")
    return page.replace("The requested resource was not found on this server.", "")


def _refuse(refusal: RefusalError) -> tuple[Any, int]:
    if refusal.body is None:
        return _broken(refusal.status), refusal.status
    return jsonify(refusal.body), refusal.status


def _monitoring() -> dict[str, int]:
    user()
    return {"waiting": 0}


class _Handler(WSGIRequestHandler):
    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header Date, by the double's clock."""
        return super().date_time_string((timestamp or time.time()) + CLOCK.ahead.total_seconds())

    def log_request(self, *_: object, **__: object) -> None:
        """Say nothing of a request that was understood: a line for each would be kept for each test."""


@contextmanager
def serve(flagsmith: Flagsmith, port: int = 0) -> Iterator[Flagsmith]:
    """Serve it on loopback; its `url` is set."""
    server = make_server(LOOPBACK, port, flagsmith.application(), threaded=True, request_handler=_Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    flagsmith.url = f"http://{LOOPBACK}:{server.server_port}"
    try:
        yield flagsmith
    finally:
        flagsmith.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
