"""What has to be refused: wrong keys, none, strangers; and who is let in."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from flagops.commands.smoke import routes
from flagops.commands.smoke.http import Question
from flagops.commands.smoke.model import CheckFailedError, CheckSkippedError
from flagops.commands.smoke.responses import require
from flagops.commands.smoke.visit import Visit

REFUSED = (401, 403)
# A password that no open sign-up takes: the answer tells whether it is open, and nobody is made.
STRANGER = {"email": "ff-smoke@example.com", "password": "1", "first_name": "ff", "last_name": "smoke"}


def wrong_key(visit: Visit) -> str:
    """A wrong key is refused on each route, also after a right one was answered there."""
    right = visit.keys.client_side
    near = right[:-1] + ("a" if right[-1] != "a" else "b")
    user = routes.some_user()
    for ask in _asked(user):
        for wrong in (near, "no-such-key"):
            visit.probe.read(ask(right))
            _refusal(visit, ask(wrong), at_edge=visit.place.has_edge)
    for wrong in () if visit.place.is_edge else (f"ser.{right}", "ser.no-such-key"):
        _refusal(visit, routes.document(wrong))
    return f"refused ({'401 by the edge, 403' if visit.place.has_edge else '403'}) on each route"


def no_key(visit: Visit) -> str:
    """No key is refused on each route."""
    user = routes.some_user()
    if visit.place.has_edge:
        # The edge answers 500 where the key is missing, which is known and would count as an error of the server.
        _refusal(visit, routes.document(None))
        return "refused (403) by the API; the edge was not asked"
    for ask in (*_asked(user), routes.document):
        _refusal(visit, ask(None))
    return "refused (403) on each route"


def client_key(visit: Visit) -> str:
    """The environment's document, with all rules in it, is not for clients, also after a server got it."""
    with suppress(CheckSkippedError):
        visit.probe.read(routes.document(visit.keys.server_side))
    _refusal(visit, routes.document(visit.keys.client_side))
    return "refused (403)"


def sign_up(visit: Visit) -> str:
    """Nobody signs up who was not invited."""
    question = Question(path="/api/v1/auth/users/", statuses=(*REFUSED, 400, 201), body=STRANGER)
    answer = visit.probe.ask(question)
    if answer.status_code == 201:
        _take_back(visit, answer.json())
    if answer.status_code not in REFUSED:
        raise CheckFailedError(
            f"anybody can sign up: a stranger is answered with status {answer.status_code}, not 403; "
            "ALLOW_REGISTRATION_WITHOUT_INVITE must be false"
        )
    return f"refused ({answer.status_code})"


def log_in(visit: Visit) -> str:
    """A wrong password is refused, so is whoever has not logged in, and the administrator gets in."""
    wrong = {"email": "nobody@example.com", "password": "wrong"}
    visit.probe.json("/api/v1/auth/login/", status=400, body=wrong)
    visit.probe.read(Question(path="/api/v1/projects/", statuses=REFUSED))
    forged = {"Authorization": "Token 0000000000000000000000000000000000000000"}
    visit.probe.read(Question(path="/api/v1/projects/", statuses=REFUSED, headers=forged))
    if visit.place.authenticate is None:
        raise CheckSkippedError("strangers are refused; whether people get in needs --stack, or FLAGSMITH_API_KEY")
    return visit.keys.whoami()


def _asked(user: str) -> tuple[Any, ...]:
    return (
        routes.flags,
        lambda key: routes.by_get(user, key),
        lambda key: routes.by_post(user, key),
    )


def _refusal(visit: Visit, question: Question, *, at_edge: bool = False) -> None:
    """That an answer refuses; a proxy of the edge does so with 401 and a `message`."""
    status, field = (401, "message") if at_edge else (403, "detail")
    found = visit.probe.read(replace(question, statuses=(status,)))
    require(isinstance(found, dict) and field in found, f"the refusal of {question.what} says {str(found)[:100]}")


def _take_back(visit: Visit, account: Any) -> None:
    """Delete the account that an open sign-up made."""
    token = account.get("key") if isinstance(account, dict) else None
    if token:
        body = {"current_password": STRANGER["password"]}
        headers = {"Authorization": f"Token {token}"}
        path, gone = "/api/v1/auth/users/me/", (200, 204, 401, 404)
        visit.probe.ask(Question(path=path, statuses=gone, kind="", body=body, method="DELETE", headers=headers))
