"""The double answers about rights beside those of groups as the real Flagsmith did; a viewer gives himself none."""

from typing import Any

import httpx
import pytest

from tests.contracts.recording import Exchange, differences, exchanges
from tests.doubles.flagsmith import Flagsmith, serve
from tests.doubles.flagsmith.answers import member

RECORDING = "rights-2.265.0"
VIEWER = "viewer@example.com"


class Replay:
    """Sends the recorded requests as the person, or with the key, that they were sent with."""

    def __init__(self, flagsmith: Flagsmith, http: httpx.Client) -> None:
        self._http, self._names = http, {"<password>": flagsmith.password}
        self._tokens = {
            name: flagsmith.database.one("users", email=f"{name}@example.com")["token"] for name in ("admin", "viewer")
        }

    def send(self, exchange: Exchange) -> httpx.Response:
        kind = "Api-Key" if exchange.auth == "Api-Key" else "Token"
        secret = self._names.get("<api-key>") if kind == "Api-Key" else self._tokens.get(exchange.auth or "")
        headers = {"Authorization": f"{kind} {secret}"} if secret else {}
        answer = self._http.request(
            exchange.method, self._own(exchange.path), json=self._own(exchange.body), headers=headers
        )
        if answer.is_success and exchange.method == "POST" and isinstance(exchange.answer, dict):
            found = answer.json()
            for key in ("api_key", "key", "prefix"):
                if str(exchange.answer.get(key, "")).startswith("<"):
                    self._names[exchange.answer[key]] = found[key]
        return answer

    def _own(self, body: Any) -> Any:
        if isinstance(body, dict):
            return {key: self._own(value) for key, value in body.items()}
        if isinstance(body, str):
            for placeholder, value in self._names.items():
                body = body.replace(placeholder, value)
        return body


def test_the_recording_is_answered_in_full(subtests: pytest.Subtests) -> None:
    flagsmith = Flagsmith(project="example", with_ui=False)
    data = flagsmith.database
    person = data.insert("users", email=VIEWER, password=flagsmith.password, token="token-viewer", role="USER")
    # The recorded server had no mail server: the first invitation was undone, the second made behind the API's back.
    maker = member(data.one("users", email=flagsmith.email))
    for _ in range(2):
        data.insert("invites", email="stranger@example.com", date_created="", invited_by=maker, permission_groups=[])
    data.remove("invites", id=1)
    assert person["id"] == 2
    with serve(flagsmith), httpx.Client(base_url=flagsmith.url) as http:
        replay = Replay(flagsmith, http)
        for exchange in exchanges(RECORDING):
            answer = replay.send(exchange)
            with subtests.test(exchange.name):
                assert answer.status_code == exchange.status, answer.text
                if exchange.answer is not None:
                    assert differences(exchange.answer, answer.json()) == []


def test_a_viewer_makes_no_organisation_and_neither_invites_nor_widens_himself() -> None:
    tried = [
        exchange
        for exchange in exchanges(RECORDING)
        if exchange.auth == "viewer" and not exchange.note.startswith("in a group")
    ]
    assert len(tried) >= 9
    assert {exchange.status for exchange in tried} == {403}
    assert any(exchange.path == "/api/v1/organisations/" for exchange in tried)
