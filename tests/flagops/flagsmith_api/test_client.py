"""The client of Flagsmith's API: what it tries again, what it does not, and what it says."""

import time
from datetime import UTC, datetime

import httpx
import pytest

from components.rollouts.in_pod import pages
from components.rollouts.in_pod.plain_api import PlainApi, UnansweredError
from flagops.flagsmith_api import client as client_module
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError, _date
from tests.doubles.flagsmith import Flagsmith

FEATURES = "/api/v1/projects/1/features/"


@pytest.fixture
def client(flagsmith: Flagsmith) -> FlagsmithClient:
    made = FlagsmithClient(flagsmith.url, longest_wait=0.05)
    made.log_in(flagsmith.email, flagsmith.password)
    return made


def asked(flagsmith: Flagsmith, method: str) -> int:
    return flagsmith.requests[method, FEATURES]


def test_a_get_is_tried_again_until_the_server_is_back(flagsmith: Flagsmith, client: FlagsmithClient) -> None:
    flagsmith.failing[FEATURES] = 503
    flagsmith.until = lambda found: asked(found, "GET") == 3
    assert client.get(FEATURES)["count"] == 0
    assert asked(flagsmith, "GET") == 3


def test_a_post_is_sent_once(flagsmith: Flagsmith, client: FlagsmithClient) -> None:
    flagsmith.failing[FEATURES] = 503
    with pytest.raises(FlagsmithError, match="status 503") as caught:
        client.post(FEATURES, {"name": "twice"})
    assert asked(flagsmith, "POST") == 1
    assert caught.value.status == 503


def test_it_gives_up_after_five_times(flagsmith: Flagsmith, client: FlagsmithClient) -> None:
    flagsmith.failing[FEATURES] = 429
    with pytest.raises(FlagsmithError, match="status 429"):
        client.get(FEATURES)
    assert asked(flagsmith, "GET") == 5


def test_a_refusal_says_why(client: FlagsmithClient) -> None:
    client.post(FEATURES, {"name": "one"})
    with pytest.raises(FlagsmithError, match="Feature with that name already exists") as caught:
        client.post(FEATURES, {"name": "ONE"})
    assert caught.value.status == 400


def test_a_page_in_place_of_json_is_refused(client: FlagsmithClient) -> None:
    with pytest.raises(FlagsmithError, match="answered with text/html; charset=utf-8 in place of JSON"):
        client.get("/api/v2/flags/")


def test_all_pages_are_read(flagsmith: Flagsmith, client: FlagsmithClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PAGE_SIZE", 100)
    for number in range(205):
        client.post(FEATURES, {"name": f"flag_{number}"})
    flagsmith.forget()
    assert len(list(client.pages(FEATURES))) == 205
    assert asked(flagsmith, "GET") == 3


@pytest.mark.parametrize("asks", [FlagsmithClient, PlainApi])
def test_a_list_without_a_last_page_ends_with_an_error(
    monkeypatch: pytest.MonkeyPatch, asks: type[FlagsmithClient] | type[PlainApi]
) -> None:
    api = FlagsmithClient("http://127.0.0.1:1") if asks is FlagsmithClient else PlainApi("", str, lambda: None)
    monkeypatch.setattr(pages, "MOST_PAGES", 3)
    monkeypatch.setattr(asks, "get", lambda *_: {"results": [1], "next": "always"})
    found = api.pages(FEATURES)
    assert [next(found) for _ in range(3)] == [1, 1, 1]
    problem = r"projects/1/features/ has no last page: .* a next one after 3$"
    with pytest.raises((FlagsmithError, UnansweredError), match=problem):
        next(found)


def test_what_is_gone_already_is_deleted(client: FlagsmithClient) -> None:
    client.delete(f"{FEATURES}4711/")


def test_a_wrong_password_is_in_no_message(flagsmith: Flagsmith) -> None:
    with FlagsmithClient(flagsmith.url) as client, pytest.raises(FlagsmithError) as caught:
        client.log_in(flagsmith.email, "not-the-password")
    assert "Unable to log in with provided credentials" in caught.value.message
    assert "not-the-password" not in caught.value.message


def test_a_server_that_is_not_there_is_named() -> None:
    with (
        FlagsmithClient("http://127.0.0.1:9", longest_wait=0.01) as client,
        pytest.raises(FlagsmithError, match=r"GET http://127.0.0.1:9/version/") as caught,
    ):
        client.get("/version/")
    assert caught.value.status == 0
    assert caught.value.hint is not None


def test_no_more_requests_are_sent_than_the_rate_allows(client: FlagsmithClient) -> None:
    client.limit_rate(50)
    started = time.monotonic()
    for _ in range(6):
        client.get(FEATURES)
    assert time.monotonic() - started >= 5 / 50


def test_a_post_that_was_not_carried_out_is_sent_again(flagsmith: Flagsmith, client: FlagsmithClient) -> None:
    flagsmith.failing[FEATURES] = 429
    flagsmith.until = lambda found: asked(found, "POST") == 3
    assert client.post(FEATURES, {"name": "once"})["name"] == "once"
    assert asked(flagsmith, "POST") == 3


@pytest.mark.parametrize(
    "said",
    [
        ["Mon, 01 Mar 2027 02:15:00 GMT"],
        ["Mon, 01 Mar 2027 02:15:00 -0000"],
        ["Mon, 01 Mar 2027 02:15:00 GMT", "Mon, 01 Mar 2027 02:15:07 GMT"],
        ["soon", "Mon, 01 Mar 2027 02:15:00 GMT"],
    ],
    ids=["one", "without a zone", "two", "of which one is none"],
)
def test_the_server_s_time_has_a_zone_whatever_proxies_make_of_it(said: list[str]) -> None:
    headers = [("Date", text) for text in said]
    assert _date(httpx.Response(200, headers=headers)) == datetime(2027, 3, 1, 2, 15, tzinfo=UTC)


def test_an_answer_without_a_time_tells_none() -> None:
    assert _date(httpx.Response(200)) is None
    assert _date(httpx.Response(200, headers={"Date": "soon"})) is None
