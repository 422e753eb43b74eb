"""The double answers about users, their overrides, evaluations, and flags in an environment, as the real one did."""

import httpx
import pytest

from tests.contracts.recording import differences, exchanges
from tests.contracts.test_double import Replay
from tests.doubles.flagsmith import Flagsmith, serve
from tests.doubles.flagsmith.looking import sum_up

RECORDINGS = (
    "looking-2.265.0",
    "smoke-2.265.0",
    "flag-2.265.0",
    "first-values-2.265.0",
    "copies-2.265.0",
    "metadata-2.265.0",
)


@pytest.mark.parametrize("recording", RECORDINGS)
def test_the_recording_is_answered_in_full(subtests: pytest.Subtests, recording: str) -> None:
    project = "example" if recording.startswith(("first", "copies", "metadata")) else "footanalytics-platform"
    with serve(Flagsmith(project=project, with_ui=False)) as flagsmith, httpx.Client(base_url=flagsmith.url) as http:
        replay = Replay(flagsmith, http)
        for exchange in exchanges(recording):
            answer = replay.send(exchange)
            with subtests.test(exchange.name):
                assert answer.status_code == exchange.status, answer.text
                assert answer.headers.get("Content-Type", "").partition(";")[0] == exchange.kind
                if exchange.kind == "application/json":
                    assert differences(exchange.answer, answer.json()) == []


def test_evaluations_are_seen_when_they_are_summed_up() -> None:
    with serve(Flagsmith()) as flagsmith, httpx.Client(base_url=flagsmith.url) as http:
        key = flagsmith.add_environments("staging")["staging"]
        flagsmith.database.api_keys.add("only-for-tests")
        http.headers["Authorization"] = "Api-Key only-for-tests"
        http.post("/api/v1/projects/1/features/", json={"name": "banner"})
        for count in (3, 4):
            http.post("/api/v1/analytics/flags/", json={"banner": count}, headers={"X-Environment-Key": key})
        path = "/api/v1/projects/1/features/1/evaluation-data/?environment_id=1&period=30"
        assert http.get(path).json() == []
        sum_up(flagsmith.database)
        (found,) = http.get(path).json()
        labels = {"client_application_name": None, "client_application_version": None, "user_agent": None}
        assert (found["count"], found["labels"]) == (7, labels)
