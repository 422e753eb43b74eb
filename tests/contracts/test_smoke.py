"""The double answers about kept users, their overrides and server-side flags, as the real Flagsmith did."""

import httpx
import pytest

from tests.contracts.recording import differences, exchanges
from tests.contracts.test_double import Replay
from tests.doubles.flagsmith import Flagsmith, serve

RECORDING = "smoke-2.265.0"


def test_the_recording_is_answered_in_full(subtests: pytest.Subtests) -> None:
    with serve(Flagsmith(with_ui=False)) as flagsmith, httpx.Client(base_url=flagsmith.url) as http:
        replay = Replay(flagsmith, http)
        for exchange in exchanges(RECORDING):
            answer = replay.send(exchange)
            with subtests.test(exchange.name):
                assert answer.status_code == exchange.status, answer.text
                assert answer.headers.get("Content-Type", "").partition(";")[0] == exchange.kind
                if exchange.kind == "application/json":
                    assert differences(exchange.answer, answer.json()) == []
