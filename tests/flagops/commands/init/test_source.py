"""Where a project gets its platform from: what this `ff` was installed from, pinned, as pip and uv write it down."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from flagops.commands.init import source
from flagops.commands.init.source import own, refuse_older
from flagops.errors import BadInputError, RefusedError
from flagops.pin import parse
from flagops.version import release

COMMIT = "0123456789abcdef0123456789abcdef01234567"
GIT = "https://git.example.com/flags"


def installed_from(monkeypatch: pytest.MonkeyPatch, direct_url: object) -> None:
    text = None if direct_url is None else json.dumps(direct_url)
    monkeypatch.setattr(source, "distribution", lambda _: SimpleNamespace(read_text=lambda _: text))


@pytest.mark.parametrize(
    ("direct_url", "requirement"),
    [
        (None, f"feature-flags=={release()}"),
        (
            {"url": GIT, "vcs_info": {"vcs": "git", "requested_revision": "v0.2.0", "commit_id": COMMIT}},
            f"feature-flags @ git+{GIT}@v0.2.0",
        ),
        (
            {"url": GIT, "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT}},
            f"feature-flags @ git+{GIT}@{COMMIT}",
        ),
        (
            {"url": GIT, "subdirectory": "flags", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"feature-flags @ git+{GIT}@{COMMIT}#subdirectory=flags",
        ),
        (
            {"url": "ssh://git@git.example.com/flags", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"feature-flags @ git+ssh://git@git.example.com/flags@{COMMIT}",
        ),
        (
            {"url": "https://me:token@git.example.com/flags", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"feature-flags @ git+{GIT}@{COMMIT}",
        ),
        (
            {
                "url": "https://x.example/feature_flags-0.2.0-py3-none-any.whl",
                "archive_info": {"hashes": {"sha256": "0f"}},
            },
            "feature-flags @ https://x.example/feature_flags-0.2.0-py3-none-any.whl#sha256=0f",
        ),
        (
            {"url": "file:///home/me/feature-flags", "dir_info": {"editable": True}},
            f"feature-flags @ git+https://github.com/footanalytics/feature-flags@v{release()}",
        ),
    ],
)
def test_it_is_pinned(direct_url: object, requirement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_from(monkeypatch, direct_url)
    found = own()
    assert (found.requirement, found.wheel) == (requirement, None)
    assert parse(requirement) is not None


def test_a_wheel_of_this_machine_comes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "a b" / "feature_flags-0.2.0-py3-none-any.whl"
    url = wheel.as_uri()
    assert "%20" in url
    installed_from(monkeypatch, {"url": url, "archive_info": {}})
    with pytest.raises(BadInputError, match="is not there") as error:
        own()
    assert "--platform" in (error.value.hint or "")
    wheel.parent.mkdir()
    wheel.write_bytes(b"wheel")
    found = own()
    assert (found.requirement, found.wheel) == ("./vendor/feature_flags-0.2.0-py3-none-any.whl", wheel)
    assert parse(found.requirement) is not None


def test_an_archive_that_is_no_wheel_needs_the_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "feature_flags-0.2.0.tar.gz"
    archive.touch()
    installed_from(monkeypatch, {"url": archive.as_uri(), "archive_info": {}})
    with pytest.raises(BadInputError, match="is not a wheel of feature-flags"):
        own()


@pytest.mark.parametrize(("project", "is_refused"), [("99.0.0", True), ("0.0.1", False), (release(), False)])
def test_a_project_of_a_newer_release_is_left_alone(project: str, is_refused: bool) -> None:
    if not is_refused:
        refuse_older(project)
        return
    with pytest.raises(RefusedError, match=r"The project is of 99\.0\.0, which is newer than this ff"):
        refuse_older(project)
