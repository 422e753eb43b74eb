"""What `ff flags apply` records: the numbers of what it changed, as whom and from which commit, also when it fails."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.history import applies
from flagops.commands.flags.reconcile.apply.at_once import AtOnce
from flagops.flagsmith_api.connect import prefix_of
from tests.flagops.commands.flags.support import API_KEY, EXAMPLE, Project, Run


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """The example, committed to a repository of its own."""
    (tmp_path / "repository").mkdir()
    path = tmp_path / "repository" / "catalogue.yaml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    for command in (
        ("init", "--quiet"),
        ("remote", "add", "origin", "https://user:token@github.com/example/flags.git"),
        ("add", "."),
        ("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "--message", "flags"),
    ):
        subprocess.run(["git", "-C", path.parent, *command], check=True)
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_run_is_recorded_with_its_commit_and_a_run_without_changes_is_not(
    server: Project, run: Run, catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
    record = tmp_path / "applies.jsonl"
    before = datetime.now(UTC) - timedelta(seconds=1)
    arguments = ("flags", "apply", str(catalogue), "--url", server.url, "--yes", "--record", str(record), "--json")
    done = run(*arguments)
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    (found,) = applies.of_file(record)
    head = subprocess.run(
        ["git", "-C", catalogue.parent, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout
    assert found.commit == said["commit"] == head[:12]
    assert found.link == f"https://github.com/example/flags/commit/{head[:12]}"
    assert found.actor == ("api-key", ""), "a key without a dot is all secret"
    assert prefix_of("aEjdbhpa.secret") == "aEjdbhpa"
    assert API_KEY not in record.read_text(encoding="utf-8")
    assert before <= found.started <= found.finished <= datetime.now(UTC) + timedelta(seconds=1)
    assert found.is_whole
    flags = {item.name: item.id for item in found.touched if item.kind == "flag"}
    assert flags == said["flags"]
    assert all(item.environments is None for item in found.touched if item.kind == "flag"), "all of them are new"
    assert run(*arguments).exit_code == 0
    assert len(lines(record)) == 1


def test_a_run_that_fails_is_recorded_as_far_as_it_came(
    server: Project, run: Run, catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "applies.jsonl"

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(AtOnce, "write", fail)
    assert run("flags", "apply", str(catalogue), "--url", server.url, "--yes", "--record", str(record)).exit_code == 130
    (found,) = applies.of_file(record)
    assert not found.is_whole
    assert found.touched


def test_a_catalogue_that_is_not_committed_has_no_commit(
    server: Project, run: Run, catalogue: Path, tmp_path: Path
) -> None:
    with catalogue.open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    record = tmp_path / "applies.jsonl"
    assert run("flags", "apply", str(catalogue), "--url", server.url, "--yes", "--record", str(record)).exit_code == 0
    assert applies.of_file(record)[0].commit is None


def test_a_record_that_cannot_be_kept_is_said_and_the_flags_are_applied(
    server: Project, run: Run, catalogue: Path, tmp_path: Path
) -> None:
    done = run("flags", "apply", str(catalogue), "--url", server.url, "--yes", "--record", str(tmp_path / "no" / "x"))
    assert done.exit_code == 0
    assert "is not recorded" in done.stderr
