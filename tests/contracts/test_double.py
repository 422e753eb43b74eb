"""The double answers as the real Flagsmith did, exchange by exchange."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contracts.recording import Exchange, differences, exchanges
from tests.doubles.flagsmith import Flagsmith, serve

PLATFORM, KEYS, CATALOGUE = "flagsmith-2.265.0", "keys-2.265.0", "catalogue-2.265.0"
# What the double does not do, since nothing here asks for it or the platform refuses it.
LEFT_OUT = {
    PLATFORM: {
        61: "anonymous sign-up, which a deployed stack refuses (403)",
        67: "the list of project permissions: the double knows those that are used",
        68: "the list of environment permissions: likewise",
        69: "the list of organisation permissions: nothing here reads it",
    },
    CATALOGUE: {},
    KEYS: {},
}
# Kept in tables of their own: only their shape is the double's.
SHAPE_ONLY = {
    PLATFORM: {7: "the organisation's subscription", 8: "a random key", 79: "the queue's length", 80: "the metrics"},
    KEYS: {},
    CATALOGUE: {29: "the ids of a segment's rules, which nothing here uses"},
}
# Which variant a user gets follows from the environment's key, which is random.
VARIANTS = {PLATFORM: {50, 51}, KEYS: set[int](), CATALOGUE: set[int]()}


@pytest.fixture
def replay(recording: str) -> Iterator["Replay"]:
    project = "FootAnalytics" if recording == CATALOGUE else "footanalytics-platform"
    with serve(Flagsmith(project=project, with_ui=False)) as flagsmith, httpx.Client(base_url=flagsmith.url) as http:
        yield Replay(flagsmith, http)


class Replay:
    """Sends the recorded requests with the double's own keys in place of the recorded ones."""

    def __init__(self, flagsmith: Flagsmith, http: httpx.Client) -> None:
        self._http = http
        self._names = {"<admin-password>": flagsmith.password}
        self._email = flagsmith.email
        self.token = ""
        self.api_key = ""

    def send(self, exchange: Exchange) -> httpx.Response:
        path = self._own(exchange.path)
        answer = self._http.request(
            exchange.method, path, json=self._with_own(exchange.body), headers=self._headers(exchange)
        )
        self._learn(exchange, answer)
        return answer

    def _own(self, text: str) -> str:
        for placeholder, value in self._names.items():
            text = text.replace(placeholder, value)
        return text

    def _with_own(self, body: Any) -> Any:
        if isinstance(body, dict):
            return {key: self._with_own(value) for key, value in body.items()}
        if isinstance(body, list):
            return [self._with_own(value) for value in body]
        return self._own(body) if isinstance(body, str) else body

    def _headers(self, exchange: Exchange) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if exchange.auth == "Token":
            headers["Authorization"] = f"Token {self.token}"
        elif exchange.auth == "Api-Key":
            headers["Authorization"] = f"Api-Key {self.api_key}"
        elif exchange.auth == "X-Environment-Key":
            headers["X-Environment-Key"] = self._environment_key(exchange)
        return headers

    def _environment_key(self, exchange: Exchange) -> str:
        if exchange.key:
            return self._own(exchange.key)
        if exchange.note == "bad key":
            return "wrong"
        needs_server_side = "environment-document" in exchange.path and exchange.note != "client key"
        return self._names["<server-side-key>" if needs_server_side else "<key-6>"]

    def _learn(self, exchange: Exchange, answer: httpx.Response) -> None:
        """Remember the double's keys by the recording's names for them."""
        if not answer.is_success or not isinstance(exchange.answer, dict) or exchange.method != "POST":
            return
        for key in ("key", "api_key"):
            if exchange.answer.get(key):
                self._names[exchange.answer[key]] = answer.json()[key]
        if exchange.path == "/api/v1/auth/login/":
            self.token = answer.json()["key"]
        elif "master-api-keys" in exchange.path:
            self.api_key = answer.json()["key"]


@pytest.mark.parametrize("recording", [PLATFORM, KEYS, CATALOGUE])
def test_the_recording_is_answered_in_full(recording: str, replay: Replay, subtests: pytest.Subtests) -> None:
    for exchange in exchanges(recording):
        if exchange.number in LEFT_OUT[recording]:
            continue
        answer = replay.send(exchange)
        with subtests.test(exchange.name):
            assert answer.status_code == exchange.status, answer.text
            assert answer.headers.get("Content-Type", "").partition(";")[0] == exchange.kind
            if exchange.kind == "application/json" and exchange.number not in SHAPE_ONLY[recording]:
                found = answer.json()
                if exchange.number in VARIANTS[recording]:
                    variant = found["flags"][2]
                    assert variant["feature_state_value"] in {"control", "new_design", "enhanced_v2"}
                    assert variant["variant"] == ("control" if variant["feature_state_value"] == "control" else None)
                    variant.update(
                        {name: exchange.answer["flags"][2][name] for name in ("feature_state_value", "variant")}
                    )
                assert differences(exchange.answer, found) == []
            elif exchange.number in SHAPE_ONLY[recording] and exchange.kind == "application/json":
                assert type(answer.json()) is type(exchange.answer)
            elif exchange.kind == "text/html":
                assert answer.text == exchange.answer


def test_the_unified_image_answers_an_unknown_path_with_its_page() -> None:
    with serve(Flagsmith()) as flagsmith:
        answer = httpx.get(f"{flagsmith.url}/health/")
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
        assert httpx.post(f"{flagsmith.url}/health/").status_code == 405
