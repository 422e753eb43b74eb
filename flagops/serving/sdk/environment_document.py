"""`/environment-document/`: all that an SDK needs to evaluate by itself."""

from email.utils import formatdate, parsedate_to_datetime

from flagops.serving.http.message import Answer, Request, answer
from flagops.serving.model.backend import Backend
from flagops.serving.sdk.keys import SERVER_SIDE, environment_of, updated_at


def get(backend: Backend, request: Request) -> Answer:
    """The document, or 304 for one who has it already. With server-side keys only."""
    environment = environment_of(backend, request, SERVER_SIDE)
    headers = {**updated_at(environment), "Last-Modified": formatdate(environment.modified, usegmt=True)}
    if _since(request) >= environment.modified:
        return Answer(304, kind="", headers=headers, environment=environment.name)
    return answer(environment.document, headers=headers, environment=environment.name)


def _since(request: Request) -> float:
    """The time of the document that somebody has; one that is no time is as good as none."""
    try:
        return parsedate_to_datetime(request.headers.get("if-modified-since", "")).timestamp()
    except (ValueError, OverflowError):
        return -1
