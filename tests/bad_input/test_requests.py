"""What people send to `ff flags serve`: each endpoint that takes input reads so much and no more, and answers in time.

The application is asked in this thread, without a network, so that what is measured is what the input costs.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from flagops.commands.flags.serve.sources import source
from flagops.errors import BadInputError
from flagops.serving.http.body import MOST_BYTES
from flagops.serving.model.overrides import Override
from flagops.serving.ofrep import evaluate
from flagops.serving.page.actions import ACTIONS
from flagops.serving.page.routes import OWN
from flagops.serving.sdk import analytics, traits
from flagops.serving.sdk.routes import EVENTS, ROUTES
from flagops.serving.server.state import MOST_OVERRIDES, ServedState
from flagops.serving.web.app import application
from tests.recording import ROOT

SECONDS = 0.5  # of CPU, on any machine; a request of an SDK takes some milliseconds
MOST_ANSWERED = 256 * 1024  # bytes
ADDRESS = "http://127.0.0.1"
FLAG = "hebrew_ui_enabled"
PLACE = {"flag": FLAG, "environment": "production"}
ROOM = MOST_BYTES - 200
TAKING = [
    *(path for path, methods in {**ROUTES, **EVENTS}.items() if "POST" in methods),
    evaluate.PATH,
    f"{evaluate.PATH}/{FLAG}",
    *(f"{OWN}{name}" for name in ACTIONS),
]
"""Every path that takes a body."""
EACH_KIND: Final = ("/api/v1/identities/", evaluate.PATH, f"{OWN}set")
"""One for each way in which a body is read and refused."""


def _filled(one: str, before: str, after: str) -> str:
    """A body of the most bytes that are read, with as many of one thing as there is room for."""
    return f"{before}{(one + ',') * (ROOM // (len(one) + 1))}{one}{after}"


def _many(name: str, *, value: str = "1") -> str:
    rows = ",".join(f'"{number:06}":{value}' for number in range(ROOM // (len(value) + 10)))
    return f'{{"{name}":{{"targetingKey":"anna",{rows}}},"identifier":"anna","environment":"production"}}'


BODIES: dict[str, str] = {
    "empty evaluations": _filled("{}", '{"evaluations":[', "]}"),
    "numbers for evaluations": _filled("1", '{"evaluations":[', "]}"),
    "empty events": _filled("{}", '{"events":[', "]}"),
    "empty traits": _filled("{}", '{"identifier":"anna","traits":[', "]}"),
    "numbers for traits": _filled("1", '{"identifier":"anna","traits":[', "]}"),
    "right traits": _filled('{"trait_key":"a","trait_value":1}', '{"identifier":"anna","traits":[', "]}"),
    "traits of the page": _filled(
        '"a=[1,2"', '{"environment":"production","identity":"anna","flag":"hebrew_ui_enabled","traits":[', "]}"
    ),
    "a context of many": _many("context"),
    "a context of texts": _many("context", value=json.dumps("x" * 1000)),
    "a context of one long text": json.dumps({"context": {"targetingKey": "anna", "plan": "x" * ROOM}}),
    "a long user": json.dumps({"context": {"targetingKey": "x" * ROOM}, "identifier": "a"}),
    "a long identifier": json.dumps({"identifier": "x" * ROOM}),
    "a long identity": json.dumps({**PLACE, "enabled": True, "identity": "x" * (ROOM - 100), "traits": []}),
    "a long trait": json.dumps({"environment": "production", "identity": "a", "traits": ["x" * ROOM], "flag": FLAG}),
    "a long flag": json.dumps({**PLACE, "enabled": True, "flag": "x" * (ROOM - 100), "identity": "a"}),
    "a long environment": json.dumps({**PLACE, "enabled": True, "environment": "x" * (ROOM - 100)}),
    "a long value": json.dumps({**PLACE, "enabled": True, "value": "x" * (ROOM - 100)}),
    "counts of many": _many("x").partition('"x":')[2].partition("}")[0] + "}",
}
UNREAD: dict[str, str] = {
    "deep": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "a long number": f'{{"identifier":{"9" * ROOM}}}',
    "lists": _filled("[]", "[", "]"),
    "no JSON": "{" * ROOM,
    "one byte too many": " " * MOST_BYTES + "{}",
}


@pytest.fixture(scope="module")
def state() -> ServedState:
    return ServedState("the example", source(ROOT / "flags" / "catalogue.yaml", None).load())


@pytest.fixture
def ask(state: ServedState) -> Iterator[Callable[..., httpx.Response]]:
    """Asks the application, and holds what every answer has to be."""
    transport = httpx.ASGITransport(application(state))
    with asyncio.Runner() as runner:

        async def once(method: str, path: str, content: str, headers: dict[str, str]) -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
                return await client.request(method, path, content=content.encode(), headers=headers)

        def asked(method: str, path: str, content: str = "") -> httpx.Response:
            key = state.keys["production"].server_side
            headers = {"X-Environment-Key": key, "X-API-Key": key, "Content-Type": "application/json"}
            before = time.thread_time()
            found = runner.run(once(method, path, content, headers))
            assert time.thread_time() - before < SECONDS
            assert len(found.content) < MOST_ANSWERED
            return found

        yield asked


@pytest.mark.parametrize(
    ("path", "body"), [*product(TAKING, BODIES), *product(EACH_KIND, UNREAD)], ids=lambda text: text
)
def test_whatever_is_sent_is_answered_in_time_and_in_short(
    ask: Callable[..., httpx.Response], path: str, body: str
) -> None:
    content = {**BODIES, **UNREAD}[body]
    assert len(content) <= MOST_BYTES + 2
    found = ask("POST", path, content)
    assert found.status_code in (200, 202, 204, 400, 404, 413), found.text[:500]


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("/api/v2/analytics/flags/", {"evaluations": [{}] * (analytics.MOST + 1)}, "no more than 10000 elements."),
        ("/v1/events", {"events": [{}] * (analytics.MOST + 1)}, "no more than 10000 elements."),
        ("/api/v1/identities/", {"identifier": "a", "traits": [{}] * (traits.MOST + 1)}, "no more than 1000 elements."),
        (evaluate.PATH, {"context": {f"t{number}": 1 for number in range(traits.MOST + 1)}}, "1001 attributes"),
        (evaluate.PATH, {"context": {"plan": "x" * 2001}}, "'plan' has 2001 characters; Flagsmith takes 2000."),
        (evaluate.PATH, {"context": {"plan": ["x"] * 1000}}, "'plan' has 5000 characters"),
        (evaluate.PATH, {"context": {"targetingKey": "x" * 2001}}, "targetingKey has 2001 characters"),
        (f"{OWN}who", {"environment": "production", "identity": "a", "traits": ["a=1"] * 1001}, "1001 traits"),
        (
            f"{OWN}why",
            {"environment": "production", "flag": "x" * 2001},
            "flag has 2001 characters, of which 2000 can be.",
        ),
        (f"{OWN}set", {**PLACE, "enabled": True, "identity": "x" * 2001}, "identity has 2001 characters"),
        (f"{OWN}unset", {**PLACE, "flag": "x" * 2001}, "flag has 2001 characters"),
    ],
)
def test_one_more_than_may_be_is_refused_in_words(
    ask: Callable[..., httpx.Response], path: str, content: dict[str, Any], said: str
) -> None:
    found = ask("POST", path, json.dumps(content))
    assert found.status_code == 400
    assert said in found.text


def test_a_long_identifier_in_an_address_is_refused(ask: Callable[..., httpx.Response]) -> None:
    found = ask("GET", f"/api/v1/identities/?identifier={'x' * 2001}")
    assert (found.status_code, "no more than 2000 characters" in found.text) == (400, True)


def test_as_many_as_may_be_are_taken(ask: Callable[..., httpx.Response]) -> None:
    row = {"feature_name": FLAG, "enabled_when_evaluated": True, "count": 1}
    counted = ask("POST", "/api/v2/analytics/flags/", json.dumps({"evaluations": [row] * analytics.MOST}))
    assert counted.status_code == 204
    assert ask("POST", "/v1/events", json.dumps({"events": [{"event": "a"}] * analytics.MOST})).status_code == 202
    given = [{"trait_key": f"t{number}", "trait_value": "x", "transient": True} for number in range(traits.MOST)]
    body = json.dumps({"identifier": "many", "traits": given})
    assert ask("POST", "/api/v1/identities/", body).status_code == 200


def test_what_is_wrong_is_told_of_the_first_hundred_rows(ask: Callable[..., httpx.Response]) -> None:
    right = {"feature_name": FLAG, "enabled_when_evaluated": True, "count": 1}
    found = ask("POST", "/api/v2/analytics/flags/", json.dumps({"evaluations": [right, *[{}] * 5000]}))
    told = found.json()["evaluations"]
    assert (len(told), told[0], [*told[1]]) == (101, {}, ["feature_name", "enabled_when_evaluated", "count"])


def test_a_user_keeps_so_many_traits_however_they_come(ask: Callable[..., httpx.Response], state: ServedState) -> None:
    answers = []
    for turn in range(4):
        given = [{"trait_key": f"t{turn}-{number}", "trait_value": "x"} for number in range(400)]
        answers.append(ask("POST", "/api/v1/identities/", json.dumps({"identifier": "grows", "traits": given})))
    assert [found.status_code for found in answers] == [200, 200, 400, 400]
    assert answers[-1].json() == {"traits": ["A user can have 1000 traits here, with those that are kept."]}
    kept = state.identities.find(state.environments["production"], "grows")
    assert kept is not None
    assert len(kept.traits) == 800


def test_so_many_overrides_can_be_set_and_each_is_quick(state: ServedState) -> None:
    one = Override(FLAG, enabled=False, environment="production", identity="user")
    most = [replace(one, identity=f"user-{number}") for number in range(MOST_OVERRIDES)]
    full = ServedState("the example", state.loaded, most)
    with pytest.raises(BadInputError, match="There are 500 overrides, which is the most"):
        full.set(Override(FLAG, enabled=True))
    with pytest.raises(BadInputError, match="which is the most"):
        ServedState("the example", state.loaded, [*most, Override(FLAG, enabled=True)])
    before = time.thread_time()
    full.set(replace(most[7], enabled=True))
    assert time.thread_time() - before < SECONDS
    row = full.environments["production"].of_identities["user-7"]
    assert [flag["enabled"] for flag in row["identity_features"]] == [True]
    full.unset([most[0].place])
    full.set(Override(FLAG, enabled=True))


def test_a_catalogue_of_five_thousand_flags_is_switched_as_quickly(tmp_path: Path) -> None:
    flags = "".join(
        f"  flag_{number}: {{description: x, owner: web, kind: ops, enabled: true, "
        "targeting: [{segment: beta, enabled: false}]}\n"
        for number in range(5000)
    )
    path = tmp_path / "catalogue.yaml"
    head = "project: p\nenvironments: [production]\n"
    segments = "segments:\n  beta: {description: x, all: [{trait: a, operator: IS_SET}]}\n"
    path.write_text(f"{head}{segments}flags:\n{flags}", encoding="utf-8")
    big = ServedState("many", source(path, None).load())
    transport = httpx.ASGITransport(application(big))

    async def switched() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
            body = {"flag": "flag_4999", "environment": "production", "enabled": False}
            return await client.post(f"{OWN}set", json=body)

    before = time.thread_time()
    found = asyncio.run(switched())
    assert time.thread_time() - before < SECONDS
    (changed,) = (row for row in found.json()["environments"][0]["flags"] if row["overrides"])
    assert (changed["name"], changed["enabled"], changed["segments"]) == ("flag_4999", False, [])
