"""A saved file is served at once; a broken one is told, and the last good state goes on."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flagops.commands.flags.serve.sources import source
from flagops.serving.page import view
from flagops.serving.server.state import Loaded, ServedState
from flagops.serving.web.follow import signature
from flagops.serving.web.run import Server, Source, listen
from tests.flagops.serving.support import SECONDS, Served, events, served_file, wait_until

ON = ("enabled: false", "enabled: true")
FLAG = "ml_model_v2_enabled"


def rewrite(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


def test_a_saved_change_is_served_where_it_changes_something(service: Served, catalogue: Path) -> None:
    before = dict(service.state.environments)
    rewrite(catalogue, *ON)
    assert " development changed at " in service.wait()
    assert service.flags("development")[FLAG] == (True, None)
    for name in ("staging", "production"):
        assert service.state.environments[name] is before[name]


def test_a_broken_edit_keeps_the_last_good_state_and_says_where(service: Served, catalogue: Path) -> None:
    good = catalogue.read_text(encoding="utf-8")
    before = service.flags()
    line = next(number for number, text in enumerate(good.splitlines(), 1) if "owner: ml-team" in text)
    rewrite(catalogue, "owner: ml-team", "owner: [ml-team]")
    told = service.wait()
    assert f"{catalogue}:{line}:5: flags.ml_model_v2_enabled.owner: is " in told
    assert told.endswith("The last good state is served until this is put right.")
    assert (service.flags(), service.state.problem) == (before, told.rpartition("\n")[0])
    catalogue.write_text(good, encoding="utf-8")
    assert "nothing changed that is served" in service.wait()
    assert service.state.problem is None


def test_a_file_that_is_gone_and_comes_back_is_told(service: Served, catalogue: Path) -> None:
    good = catalogue.read_text(encoding="utf-8")
    catalogue.unlink()
    assert f"There is no catalogue at {catalogue}." in service.wait()
    catalogue.write_text(good.replace(*ON, 1), encoding="utf-8")
    assert "development changed" in service.wait()


def test_an_editor_that_replaces_the_file_is_followed(service: Served, catalogue: Path) -> None:
    other = catalogue.with_name("other")
    other.write_text(catalogue.read_text(encoding="utf-8").replace(*ON, 1), encoding="utf-8")
    other.replace(catalogue)
    assert "development changed" in service.wait()


def test_a_directory_that_is_gone_and_comes_back_is_followed(service: Served, catalogue: Path) -> None:
    good = catalogue.read_text(encoding="utf-8")
    moved = catalogue.parent.rename(catalogue.parent.with_name("moved"))
    assert "There is no catalogue" in service.wait()
    catalogue.parent.mkdir()
    catalogue.write_text(good.replace(*ON, 1), encoding="utf-8")
    assert "development changed" in service.wait()
    assert (moved / "catalogue.yaml").exists()


def test_edits_within_a_second_have_dates_of_their_own(service: Served, catalogue: Path) -> None:
    key = service.key(server_side=True)
    seen = set()
    for old, new in (ON, ON[::-1], ON):
        seen.add(service.get("api/v1/environment-document/", key).headers["Last-Modified"])
        rewrite(catalogue, old, new)
        service.wait()
    seen.add(service.get("api/v1/environment-document/", key).headers["Last-Modified"])
    assert len(seen) == 4


def test_the_page_is_told_of_an_owner_too(service: Served, catalogue: Path) -> None:
    before = view.news(service.state)["version"]
    rewrite(catalogue, "owner: ml-team", "owner: others")
    service.wait()
    assert view.news(service.state)["version"] != before


def test_what_nobody_expected_while_a_file_is_read_again_ends_the_server(catalogue: Path) -> None:
    """It would serve the old state for good, and nobody would know."""

    def fails() -> Loaded:
        raise RuntimeError("the reader is broken")

    known, found = signature(catalogue), source(catalogue, None).load()
    server = Server(ServedState("a catalogue", found), Source("a catalogue", fails, catalogue), known)
    server.ready = lambda _: rewrite(catalogue, *ON)
    with ThreadPoolExecutor() as pool:
        ended = pool.submit(server.run, listen(0))
        try:
            with pytest.raises(RuntimeError, match="the reader is broken"):
                ended.result(SECONDS)
        finally:
            server.stop()


def test_an_environment_that_is_taken_out_has_no_key_any_more(service: Served, catalogue: Path) -> None:
    key = service.key("development")
    rewrite(catalogue, "environments: [development, staging, production]", "environments: [staging, production]")
    service.wait()
    assert service.get("api/v1/flags/", key).status_code == 403


def test_a_saved_document_is_followed_and_keeps_its_own_key(service: Served, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    document = dict(service.state.environments["production"].document)
    path.write_text(json.dumps({**document, "api_key": "its-own"}), encoding="utf-8")
    with served_file(path) as saved:
        assert list(saved.state.keys) == ["production"]
        for key in ("its-own", "local-production"):
            assert saved.get("api/v1/flags/", key).status_code == 200
        states = [{**state, "enabled": True} for state in document["feature_states"]]
        path.write_text(json.dumps({**document, "api_key": "its-own", "feature_states": states}), encoding="utf-8")
        assert "production changed" in saved.wait()
        assert saved.flags("production")[FLAG][0] is True
        for broken, said in (
            ("{", f"{path}:1: this is not valid JSON"),
            ("{}", "is not an environment's document of Flagsmith: id is missing."),
            (json.dumps({**document, "feature_states": [1]}), "feature_states.0 is 1"),
        ):
            path.write_text(broken, encoding="utf-8")
            assert said in saved.wait()
        assert saved.flags("production")[FLAG][0] is True


@pytest.mark.parametrize("count", [3])
def test_who_listens_hears_of_each_environment_s_own_changes(service: Served, catalogue: Path, count: int) -> None:
    with (
        events(f"{service.url}sse/environments/{service.key('development')}/stream") as changed,
        events(f"{service.url}sse/environments/{service.key('production')}/stream") as unchanged,
    ):
        times = [next(changed)["updated_at"]]
        next(unchanged)
        for number in range(count):
            rewrite(catalogue, *(ON if number % 2 == 0 else ON[::-1]))
            times.append(next(changed)["updated_at"])
        assert times == sorted(set(times))
        assert len(service.state.changes) == 2
    wait_until(lambda: len(service.state.changes) == 0)
