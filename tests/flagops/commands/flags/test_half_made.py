"""A step that was half done when the server refused the rest is the apply's own, and nobody else's change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from tests.flagops.commands.flags.support import RELEASES, Project, Run
from tests.flagops.commands.flags.switching import feature, switch
from tests.flagops.commands.flags.test_first_apply import states, written

STOPPED = 3
OPTIONS = "multivariate_options"
TWO = [{"name": "control", "value": "old", "weight": 50}, {"name": "a", "value": "new", "weight": 50}]
THREE = [{**TWO[0], "weight": 40}, {**TWO[1], "weight": 30}, {"name": "b", "value": "other", "weight": 30}]
Apply = Callable[..., Result]


@pytest.fixture
def apply(server: Project, run: Run, tmp_path: Path) -> Apply:
    """`ff flags apply` of these flags, with notes in a file."""

    def command(flags: dict[str, Any], *options: str, **more: Any) -> Result:
        path, notes = written(tmp_path, flags, **more), str(tmp_path / "notes.json")
        return run("flags", "apply", str(path), "--url", server.url, "--yes", "--notes", notes, *options)

    return command


def refusing(monkeypatch: pytest.MonkeyPatch, method: str, part: str, at: int = 1) -> list[str]:
    """The server refuses such a request, the one with this number; all of them until then."""
    asked: list[str] = []
    request = FlagsmithClient.request

    def ask(self: FlagsmithClient, how: str, path: str, **more: Any) -> Any:
        if how == method and part in path:
            asked.append(path)
            if len(asked) == at:
                raise FlagsmithError("status 400: no", 400)
        return request(self, how, path, **more)

    monkeypatch.setattr(FlagsmithClient, "request", ask)
    return asked


@pytest.mark.parametrize(
    ("before", "after"), [(TWO, THREE), (THREE, TWO)], ids=["a variation comes", "a variation goes"]
)
def test_what_was_half_done_when_the_rest_was_refused_is_not_somebody_else_s(
    server: Project,
    apply: Apply,
    monkeypatch: pytest.MonkeyPatch,
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
) -> None:
    assert apply({"test": {"enabled": True, "variations": before}}).exit_code == 0
    other = {"enabled": True, "variations": after}
    with monkeypatch.context() as patched:
        refused = refusing(patched, "PUT", "/mv-options/", 2)
        failed = apply({"test": other})
    assert len(refused) == 2
    assert failed.exit_code == 1, failed.stderr
    again = apply({"test": other})
    assert again.exit_code == 0, again.stderr
    found = {item["key"]: item["default_percentage_allocation"] for item in feature(server, "test")[OPTIONS]}
    assert found == {item["name"]: item["weight"] for item in after[1:]}


@pytest.mark.parametrize("release", RELEASES)
def test_what_was_refused_as_a_whole_is_as_it_was_and_a_switch_since_is_somebody_s(
    server: Project, apply: Apply, monkeypatch: pytest.MonkeyPatch, release: str
) -> None:
    assert server.double
    server.double.version = release
    off = {"enabled": True, "environments": {"production": {"enabled": False}}}
    assert apply({"one": off}).exit_code == 0
    on = {"enabled": True}
    with monkeypatch.context() as patched:
        how = ("PATCH", "/__future__/") if release == RELEASES[0] else ("PUT", "/featurestates/")
        assert refusing(patched, *how) == []
        assert apply({"one": on}).exit_code == 1
    assert apply({"one": on}).exit_code == 0, "nothing of it was done, which is known"
    assert states(server, "production")["one"][0] is True
    switch(server, "one", on=False)
    assert apply({"one": on}).exit_code == STOPPED
