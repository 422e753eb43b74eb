"""What the page may do, no page of another origin may; and what is wrong with a request is said."""

from typing import Any

import pytest

from tests.flagops.serving.support import Served

FLAG = "hebrew_ui_enabled"
SET = {"flag": FLAG, "environment": "staging", "enabled": False}


def act(served: Served, name: str, content: Any, **headers: str) -> Any:
    return served.ask("POST", f"_ff/{name}", json=content, headers=headers)


def test_a_foreign_page_can_set_nothing_and_read_nothing(service: Served) -> None:
    own = service.url.rstrip("/")
    for headers in (
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": own, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert act(service, "set", SET, **headers).status_code == 403
    for path in ("_ff/flags", "_ff/live"):
        assert service.get(path, headers={"Origin": "http://example.org"}).status_code == 403
    form = service.ask("POST", "_ff/set", content='{"flag": "x"}', headers={"Content-Type": "text/plain"})
    assert form.status_code == 415
    assert service.flags("staging")[FLAG][0] is True
    assert act(service, "set", SET, Origin=own, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert service.flags("staging")[FLAG][0] is False


def test_nothing_of_the_page_is_for_other_origins(service: Served) -> None:
    for path in ("", "_ff/page.js", "_ff/flags"):
        found = service.get(path)
        assert found.status_code == 200
        assert "Access-Control-Allow-Origin" not in found.headers
    policy = service.get("").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["../view.py", "%2e%2e/view.py", "static/page.js", "nothing", "icon.png"])
def test_only_the_page_s_own_files_are_sent(example: Served, name: str) -> None:
    assert example.get(f"_ff/{name}").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("set", {}, "flag and environment must be texts."),
        ("set", {**SET, "enabled": 1}, "enabled must be true or false."),
        ("set", {**SET, "value": [1]}, "value must be true, false, a whole number, a text or null."),
        (
            "set",
            {**SET, "value": "x" * 20_001},
            "The value of 'hebrew_ui_enabled' has 20001 characters; Flagsmith takes 20000.",
        ),
        ("set", {**SET, "identity": ""}, "identity must be a text that is not empty, or null."),
        ("set", {**SET, "flag": "hebrew_ui"}, "There is no flag 'hebrew_ui' in staging; near it: hebrew_ui_enabled."),
        ("set", {**SET, "environment": "qa"}, "There is no environment 'qa'; there are: development, staging, "),
        ("who", {"environment": "qa"}, "There is no environment 'qa'"),
        ("who", {"environment": "staging", "traits": 1}, "traits must be a list of texts, NAME=VALUE."),
        ("who", {"environment": "staging", "traits": ["a=1"]}, "There are traits, but no user."),
        ("why", {"environment": "staging", "flag": "hebrew"}, "lacks the flag 'hebrew'."),
    ],
)
def test_what_is_wrong_is_said(example: Served, name: str, content: Any, said: str) -> None:
    found = act(example, name, content)
    assert found.status_code == 400
    assert said in found.json()["detail"]


def test_one_user_s_override_is_set_and_taken_back(service: Served) -> None:
    one = {**SET, "identity": "anna", "value": "blue", "enabled": True}
    act(service, "set", one)
    assert service.flags("staging", "anna")[FLAG] == (True, "blue")
    assert service.flags("staging", "ben")[FLAG] == (True, None)
    act(service, "unset", {**SET, "identity": "anna"})
    assert service.flags("staging", "anna")[FLAG] == (True, None)


def test_traits_that_are_kept_count_and_are_shown(service: Served) -> None:
    body = {"identifier": "anna", "traits": [{"trait_key": "beta_participant", "trait_value": True}]}
    service.ask("POST", "api/v1/identities/", service.key("staging"), json=body)
    given = {"environment": "staging", "identity": "anna", "traits": ["signup_date=2024-05-01"]}
    found = act(service, "who", given).json()
    assert found["kept"] == {"beta_participant": True}
    (flag,) = (flag for flag in found["flags"] if flag["name"] == "real_time_processing_enabled")
    assert flag["enabled"] is True
    why = act(service, "why", {**given, "flag": "real_time_processing_enabled"}).json()
    assert [step["name"] for step in why["steps"] if step["decides"]] == ["beta_users"]
