"""The page's paths. Only the page itself may ask for what is below `/_ff/`."""

from importlib import resources
from typing import Final

from starlette.requests import Request as Incoming
from starlette.responses import Response

from flagops.serving.http import guard
from flagops.serving.http.message import Answer, RefusalError, Request, answer
from flagops.serving.page import actions, view
from flagops.serving.server.carried import request_of, response
from flagops.serving.server.state import PAGE, ServedState
from flagops.serving.server.streams import events

OWN: Final = "/_ff/"
PAUSE: Final = 0.25  # seconds between two pieces of news
KINDS: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FILES: Final = ("page.css", "page.js", "dom.js", "flags.js", "users.js", "traffic.js", "icon.svg")
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


async def page(state: ServedState, incoming: Incoming) -> Response:
    """The answer to a request for the page, or for what is below `/_ff/`."""
    try:
        request = await request_of(incoming)
        guard.check_host(request)
        if request.path == "/":
            return response(_file("index.html"))
        guard.check_own(request)
        if request.path == f"{OWN}live":
            return events(state.changes, PAGE, "news", lambda: view.news(state), pause=PAUSE)
        return response(_answer(state, request))
    except RefusalError as refusal:
        return response(refusal.answer)


def _answer(state: ServedState, request: Request) -> Answer:
    name = request.path.removeprefix(OWN)
    if name in FILES:
        return _file(name)
    if name == "flags" and request.method in ("GET", "HEAD"):
        return answer(view.flags(state))
    return actions.act(state, request, name)


def _file(name: str) -> Answer:
    kind = f"{KINDS[name.rpartition('.')[2]]}; charset=utf-8"
    content = resources.files("flagops.serving.page").joinpath("static", name).read_bytes()
    return Answer(body=content, kind=kind, headers=HEADERS)
