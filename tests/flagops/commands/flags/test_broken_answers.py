"""A connection that breaks when the server has taken a change: it is looked at, and never sent again blindly."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from flagops.flagsmith_api import ensure
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from tests.doubles.breaking_proxy import BreakingProxy, Write, breaking
from tests.flagops.commands.flags.support import RELEASES, Project, Run, example
from tests.flagops.commands.flags.switching import FLAG, OTHER, at_once, feature, state, states, switch

SWITCHED = ("production: {enabled: false}", "production: {enabled: true}")
EDITS = [
    SWITCHED,
    ("beta_users: 100", "beta_users: 90"),
    ("weight: 40}", "weight: 50}"),
    ("weight: 30}", "weight: 25}"),
    ("description: ", "description: Newly "),
    ("role: viewer", "role: developer"),
]


def edited(text: str) -> str:
    """Each kind of thing that a catalogue says, said otherwise; and a flag is gone."""
    for before, after in EDITS:
        assert before in text
        text = text.replace(before, after)
    lines = text.splitlines(keepends=True)
    first = lines.index(f"  {OTHER}:\n")
    last = next(
        number
        for number in range(first + 1, len(lines))
        if lines[number].startswith("  ") and lines[number][2] not in " #"
    )
    return "".join([*lines[:first], *lines[last:], "\nhide_disabled: {environments: {production: true}}\n"])


@pytest.fixture
def proxy(server: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[BreakingProxy]:
    monkeypatch.setattr(ensure, "FIRST_WAIT", 0.01)
    with breaking(server.url) as made:
        yield made


def twice(proxy: BreakingProxy) -> list[Write]:
    """Writes that came more than once; deleting what has a number does no harm."""
    return [write for write, count in proxy.writes.items() if count > 1 and write[0] != "DELETE"]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("versioned", [False, True], ids=["", "versioned"])
def test_no_write_of_an_apply_is_sent_twice(
    server: Project, proxy: BreakingProxy, run: Run, tmp_path: Path, release: str, *, versioned: bool
) -> None:
    """Each of them is carried out, and its answer is lost the first time."""
    assert server.double
    server.double.version = release
    if versioned:
        key = server.environments()["production"]
        server.client.post(f"/api/v1/environments/{key}/enable-v2-versioning/", {})
    seen: set[str] = set()
    for edit in (str, edited):
        path, notes = example(tmp_path, edit), ("--notes", str(tmp_path / "notes"))
        done = run("flags", "apply", str(path), "--url", proxy.url, "--yes", *notes)
        assert done.exit_code == 0, done.stderr
        assert twice(proxy) == []
        assert run("flags", "plan", str(path), "--url", server.url, *notes).exit_code == 0
        seen |= {method for method, _, _ in proxy.writes}
        proxy.writes.clear()
    assert {"POST", "PUT", "PATCH"} <= seen


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("versioned", [False, True], ids=["", "versioned"])
def test_what_somebody_switches_back_while_the_answer_is_lost_stays(
    applied: Project, proxy: BreakingProxy, run: Run, tmp_path: Path, release: str, *, versioned: bool
) -> None:
    """It looks as it did before, and still nobody may send it again."""
    assert applied.double
    applied.double.version = release
    if versioned:
        key = applied.environments()["production"]
        applied.client.post(f"/api/v1/environments/{key}/enable-v2-versioning/", {})
    number = feature(applied)["id"]

    def writes_the_flag(write: Write) -> bool:
        method, path, body = write
        if method == "GET":
            return False
        is_own = "featurestates/" in path and json.loads(body).get("feature") == number
        return is_own or f"/features/{number}/" in path

    def back(_: Write) -> None:
        if versioned:
            here = f"/api/v1/environments/{state(applied)['environment']}/features/{number}/versions/"
            own = {key: state(applied)[key] for key in ("feature_state_value", "multivariate_feature_state_values")}
            body = {"feature_segment": None, "enabled": False, **own}
            applied.client.post(here, {"feature_states_to_update": [body], "publish_immediately": True})
        else:
            switch(applied, on=False)

    proxy.breaks, proxy.then = writes_the_flag, back
    path = example(tmp_path, lambda text: text.replace(*SWITCHED))
    done = run("flags", "apply", str(path), "--url", proxy.url, "--yes", "--take-back", FLAG)
    assert done.exit_code == 3, "as for every conflict: the other flags are applied"
    assert f"! flag {FLAG}: left as it is" in done.stderr
    assert "production: written, and then taken back" in done.stderr
    assert twice(proxy) == []
    assert not any(row["enabled"] for row in states(applied))


def test_a_switch_without_an_answer_that_leaves_no_trace_is_not_sent_again(
    applied: Project, proxy: BreakingProxy, run: Run, tmp_path: Path
) -> None:
    """Whether it was carried out and somebody took it back, by the same kind of request, nobody can tell."""
    number = feature(applied)["id"]

    def writes_the_flag(write: Write) -> bool:
        return write[0] == "PATCH" and f"/features/{number}/" in write[1] and "__future__" in write[1]

    proxy.breaks = writes_the_flag
    proxy.then = lambda _: at_once(applied, {"environment_default": {"enabled": False}})
    path = example(tmp_path, lambda text: text.replace(*SWITCHED))
    done = run("flags", "apply", str(path), "--url", proxy.url, "--yes", "--take-back", FLAG)
    assert done.exit_code == 3, done.stderr
    assert "production: as before a request without an answer" in done.stderr
    assert twice(proxy) == []
    assert not any(row["enabled"] for row in states(applied))


def test_a_kill_switch_without_an_answer_is_off_in_the_end(applied: Project, proxy: BreakingProxy, run: Run) -> None:
    """Also where somebody switched all of it on again meanwhile, which leaves no trace: off is what was asked for."""
    segments = {row["id"]: row["name"] for row in applied.client.pages("/api/v1/projects/1/segments/")}
    (premium,) = [number for number, name in segments.items() if name == "premium_users"]
    on = {
        "segment_overrides": [{"segment": {"id": premium}, "enabled": True}],
        "environment_default": {"enabled": True},
    }
    assert all(row["enabled"] for row in states(applied, OTHER))
    assert len(states(applied, OTHER)) > 1
    proxy.breaks = lambda write: write[0] == "PATCH" and "__future__" in write[1]
    proxy.then = lambda _: at_once(applied, on, OTHER)
    options = ("--off", "-e", "production", "--reason", "on fire", "--yes")
    done = run("flags", "set", OTHER, "--url", proxy.url, *options)
    assert done.exit_code == 0, done.stderr
    assert not any(row["enabled"] for row in states(applied, OTHER))


def test_the_client_itself_repeats_no_change(server: Project, proxy: BreakingProxy) -> None:
    path = f"/api/v1/projects/1/features/{server.client.post('/api/v1/projects/1/features/', {'name': 'one'})['id']}/"
    with FlagsmithClient(proxy.url, longest_wait=0.01) as client:
        client.use_api_key("only-for-tests")
        for method in ("POST", "PUT", "PATCH"):
            with pytest.raises(FlagsmithError) as caught:
                client.request(method, path, body={"name": "one", "description": method})
            assert caught.value.status == 0
    assert set(proxy.writes.values()) == {1}
