"""What `ff flags serve` answers is what a real Flagsmith 2.265.0 answered of the same state."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from flagops.serving.model.declared import Declared
from flagops.serving.model.environment import Feature
from flagops.serving.server.state import Loaded
from tests.contracts.recording import Exchange, differences, exchanges
from tests.flagops.serving.support import Served, served_loaded

PLATFORM, SMOKE = "flagsmith-2.265.0", "smoke-2.265.0"
SHOWN = ("created_date", "description", "initial_value", "default_enabled")
# A user's place in a split follows from the environment's key, which the recording leaves out.
VARIANT = ("feature_state_value", "variant")


def recorded(name: str, start: str, document: int) -> Loaded:
    """The state that was recorded: its document, and what the answers say beside it."""
    found = exchanges(name)
    rows = [row for exchange in found if exchange.path.startswith(start) for row in _flags(exchange.answer)]
    features = {row["feature"]["id"]: Feature(**{key: row["feature"][key] for key in SHOWN}) for row in rows}
    links = {row["id"]: row["feature_segment"] for row in rows if row["feature_segment"]}
    return Loaded((Declared(found[document].answer, features, links),), {})


def _flags(answer: Any) -> Iterable[dict[str, Any]]:
    rows = answer if isinstance(answer, list) else answer.get("flags", []) if isinstance(answer, dict) else []
    return [row for row in rows if "feature" in row]


@contextmanager
def replaying(name: str, numbers: Iterable[int], document: int) -> Iterator[tuple[Served, list[Exchange]]]:
    with served_loaded(recorded(name, "/api/v1/", document)) as found:
        yield found, [exchanges(name)[number] for number in numbers]


def key_of(served: Served, exchange: Exchange) -> str | None:
    if exchange.auth is None:
        return None
    if exchange.note in ("bad key", "wrong key") or exchange.key == "no-such-key":
        return "no-such-key"
    is_server_side = exchange.key == "<server-side-key>" or (
        exchange.key is None and exchange.path.endswith("document/") and exchange.note != "client key"
    )
    return served.key("staging", server_side=is_server_side)


# The state that they were recorded with is that of the document; what is asked of the user counts from then on.
@pytest.mark.parametrize(
    ("name", "numbers", "document"),
    [(PLATFORM, range(46, 55), 52), (SMOKE, [*range(11, 18), *range(19, 28)], 20)],
    ids=["flags, users, document", "server-only flags, overrides of users, keys"],
)
def test_the_recording_is_answered(name: str, numbers: Iterable[int], document: int, subtests: pytest.Subtests) -> None:
    with replaying(name, numbers, document) as (served, found):
        for exchange in found:
            answer = served.ask(
                exchange.method, exchange.path.removeprefix("/"), key_of(served, exchange), json=exchange.body
            )
            with subtests.test(exchange.name):
                assert answer.status_code == exchange.status, answer.text
                assert answer.headers.get("Content-Type", "").partition(";")[0] == exchange.kind
                if exchange.kind == "application/json":
                    assert differences(exchange.answer, compared(exchange, answer.json())) == []


def compared(exchange: Exchange, found: Any) -> Any:
    """The answer, without what follows from the key that the recording leaves out."""
    for row, expected in zip(_flags(found), _flags(exchange.answer), strict=False):
        if row["feature"]["type"] == "MULTIVARIATE" and "variant" in row:
            assert row["variant"] == ("control" if row["feature_state_value"] == "control" else None)
            row.update({key: expected[key] for key in VARIANT})
    return found


def test_a_document_says_when_it_changed_and_is_not_sent_twice(example: Served) -> None:
    key = example.key(server_side=True)
    first = example.get("api/v1/environment-document/", key)
    assert float(first.headers["X-Flagsmith-Document-Updated-At"]) == pytest.approx(
        example.state.environments["development"].timestamp
    )
    again = example.get(
        "api/v1/environment-document/", key, headers={"If-Modified-Since": first.headers["Last-Modified"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    for nonsense in ("yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", ""):
        later = example.get("api/v1/environment-document/", key, headers={"If-Modified-Since": nonsense})
        assert later.status_code == 200
