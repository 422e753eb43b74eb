"""`ff smoke` asks the public address for what must not be published, and takes no status for an answer."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import httpx
import pytest

from flagops.commands.smoke import published
from flagops.commands.smoke.in_time import Deadline
from flagops.commands.smoke.model import CheckFailedError, CheckSkippedError, SmokeTarget
from flagops.commands.smoke.visit import Visit

PUBLIC = "https://flags.example.com"
NUMBERS = "# HELP flagsmith_http_server_requests_total requests\n"
Answers = Callable[[httpx.URL], httpx.Response]


def visit(url: str | None = PUBLIC) -> Visit:
    return cast(
        "Visit", SimpleNamespace(place=SmokeTarget(url="http://localhost:1", public_url=url), deadline=Deadline(9))
    )


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answers], list[str]]:
    """What the public address says to each question; and what it was asked."""

    def use(answers: Answers) -> list[str]:
        asked: list[str] = []

        def get(url: httpx.URL, **_: object) -> httpx.Response:
            asked.append(str(url))
            return answers(url)

        monkeypatch.setattr(httpx, "get", get)
        return asked

    return use


@pytest.mark.parametrize("status", [400, 403, 404, 500, 502, 503])
def test_any_refusal_will_do(answering: Callable[[Answers], list[str]], status: int) -> None:
    asked = answering(lambda _: httpx.Response(status, text="no such page"))
    assert published.unpublished(visit()) == f"/metrics: {status}, /metrics/: {status}"
    assert asked == [f"{PUBLIC}/metrics", f"{PUBLIC}/metrics/"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text=NUMBERS),
        httpx.Response(200, text=""),
        httpx.Response(204),
        httpx.Response(500, text=NUMBERS),
        httpx.Response(301, headers={"Location": "/metrics/"}),
        httpx.Response(308, headers={"Location": f"{PUBLIC}/metrics/"}),
    ],
    ids=lambda answer: f"{answer.status_code} {answer.text[:7]}",
)
@pytest.mark.parametrize("path", published.PATHS)
def test_whatever_is_flagsmith_s_own_or_a_success_fails(
    answering: Callable[[Answers], list[str]], path: str, answer: httpx.Response
) -> None:
    answering(lambda url: answer if url.path == path else httpx.Response(404))
    with pytest.raises(CheckFailedError, match=rf"{PUBLIC}{path} is answered with status {answer.status_code}"):
        published.unpublished(visit())


def test_an_address_that_does_not_answer_fails(answering: Callable[[Answers], list[str]]) -> None:
    def refuse(_: httpx.URL) -> httpx.Response:
        raise httpx.ConnectError("refused")

    answering(refuse)
    with pytest.raises(CheckFailedError, match="/metrics: refused"):
        published.unpublished(visit())


@pytest.mark.parametrize("url", [None, "http://flags.localhost:30080", "http://127.0.0.1:8000", "http://[::1]:8000"])
def test_a_port_of_this_machine_leads_past_every_way_in(
    answering: Callable[[Answers], list[str]], url: str | None
) -> None:
    asked = answering(lambda _: httpx.Response(200, text=NUMBERS))
    with pytest.raises(CheckSkippedError):
        published.unpublished(visit(url))
    assert asked == []
