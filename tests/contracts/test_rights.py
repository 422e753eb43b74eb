"""The double answers about rights beside those of groups as the real Flagsmith did; a viewer gives himself none."""

from typing import Any

import httpx
import pytest

from tests.components.rollouts.test_login import OF_ENVIRONMENTS, RIGHTS
from tests.contracts.recording import Exchange, differences, exchanges
from tests.doubles.flagsmith import Flagsmith, serve
from tests.doubles.flagsmith.answers import member

RECORDING = "rights-2.265.0"
VIEWER = "viewer@example.com"
ROLLOUTS = "rollouts-2.265.0"


class Replay:
    """Sends the recorded requests as the person, or with the key, that they were sent with."""

    def __init__(self, flagsmith: Flagsmith, http: httpx.Client) -> None:
        self._http, self._names = http, {"<password>": flagsmith.password}
        for row in flagsmith.database.rows("environments"):
            self._names[f"<key-{row['name']}>"] = row["api_key"]
        self._tokens = {
            row["email"].removesuffix("@example.com"): row["token"] for row in flagsmith.database.rows("users")
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
    answers_as(RECORDING, flagsmith, subtests)


def answers_as(recording: str, flagsmith: Flagsmith, subtests: pytest.Subtests) -> None:
    with serve(flagsmith), httpx.Client(base_url=flagsmith.url) as http:
        replay = Replay(flagsmith, http)
        for exchange in exchanges(recording):
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


def test_what_runs_rollouts_is_answered_and_refused_as_recorded(subtests: pytest.Subtests) -> None:
    flagsmith = Flagsmith(project="example", with_ui=False)
    staging, data = flagsmith.add_environments("staging")["staging"], flagsmith.database
    of_accounts = {
        "runner": (RIGHTS, OF_ENVIRONMENTS),
        "no-environment": (RIGHTS, set()),
        "no-segments": (RIGHTS - {"MANAGE_SEGMENTS"}, OF_ENVIRONMENTS),
        "no-project": (RIGHTS - {"VIEW_PROJECT"}, OF_ENVIRONMENTS),
    }
    for name, (of_project, of_environment) in of_accounts.items():
        person = data.insert("users", email=f"{name}@example.com", password="", token=f"token-{name}", role="USER")
        for table, where, given in (
            ("project_rights", "1", of_project),
            ("environment_rights", staging, of_environment),
        ):
            data.insert(table, where=where, user=person["id"], permissions=sorted(given), admin=False)
    answers_as(ROLLOUTS, flagsmith, subtests)


def test_what_runs_rollouts_switches_makes_and_deletes_nothing_and_each_of_its_rights_is_needed() -> None:
    tried = [exchange for exchange in exchanges(ROLLOUTS) if exchange.auth == "runner"]
    done = {(exchange.method, exchange.path) for exchange in tried if exchange.status < 400}
    assert [path for method, path in done if method != "GET"] == ["/api/v1/projects/1/segments/1/"]
    refused = [exchange for exchange in tried if exchange.status >= 400]
    assert len(refused) >= 18
    assert {exchange.status for exchange in refused} == {403}
    stopped = {exchange.note for exchange in exchanges(ROLLOUTS) if exchange.status >= 400} - {
        exchange.note for exchange in refused
    }
    assert stopped == {f"without {right}" for right in RIGHTS | OF_ENVIRONMENTS}
