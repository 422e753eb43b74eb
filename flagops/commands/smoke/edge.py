"""The edge: the public name's flags come from it, and no document of an environment does."""

import itertools

from flagops.commands.smoke import routes
from flagops.commands.smoke.http import Question
from flagops.commands.smoke.model import CheckSkippedError
from flagops.commands.smoke.responses import require
from flagops.commands.smoke.visit import Visit

# Every answer of Flagsmith's API has it, and none of a proxy.
OF_THE_API = "Flagsmith-Version"
DOCUMENT = routes.DOCUMENT.rstrip("/")
# Ways that a data plane, or the proxy, could make the document's path of.
WAYS = (
    DOCUMENT,
    f"{DOCUMENT}/",
    "/api/v1/%65nvironment-document",
    "//api/v1/environment-document",
    *(
        f"{path}{way}"
        for path, way in itertools.product(
            (routes.FLAGS, routes.IDENTITIES),
            (
                "../environment-document",
                "%2e%2e/environment-document",
                "..%2fenvironment-document",
                "/../environment-document",
                "environment-document",
            ),
        )
    ),
)
ANY_STATUS = tuple(range(200, 600))  # a data plane may refuse a path in its own way


def answers(visit: Visit) -> str:
    """Flags and a user's flags come from a proxy, by the public name."""
    _needed(visit)
    key, user = visit.keys.client_side, routes.some_user()
    for question in (routes.flags(key), routes.by_get(user, key), routes.by_post(user, key)):
        headers = visit.probe.ask(question).headers
        require(
            OF_THE_API not in headers,
            f"{question.what} is answered by the API, not by the edge: the answer has the header {OF_THE_API}",
        )
    return "flags and users come from a proxy"


def keeps_documents(visit: Visit) -> str:
    """No way of the public name gives the environment's document to the public key."""
    _needed(visit)
    for path in WAYS:
        question = Question(path=path, statuses=ANY_STATUS, kind="", key=visit.keys.client_side, is_raw=True)
        answer = visit.probe.ask(question)
        require(
            '"feature_states"' not in answer.text,
            f"{question.what} gives the environment's document, with all rules, to the public key",
        )
    return f"refused in {len(WAYS)} ways"


def _needed(visit: Visit) -> None:
    if not visit.place.has_edge:
        raise CheckSkippedError("no edge")
