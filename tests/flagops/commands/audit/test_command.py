"""`ff audit` on the simulated cluster: what its Job is told, how entries are shown, and what to do without it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.flags.history import applies
from flagops.commands.flags.history.applies import Apply, Touched, append, keep, of_stack
from flagops.kubernetes.objects import Ref
from flagops.stacks import target
from flagops.stacks.deployed import Instance, open_instance
from flagops.stacks.target import StackTarget
from tests.components.audit.log import Log
from tests.containers import NAMESPACE, Containers
from tests.platform import Platform

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]
ON = {"audit": {"enabled": True}}


@pytest.fixture(scope="module")
def readable(platform: Platform) -> Iterator[Platform]:
    """The stack, with an audit log that can be read."""
    platform.up(ON)
    yield platform
    platform.up()


@pytest.fixture
def settle(readable: Platform, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """Let every command's stack be this one, with some settings replaced."""

    def chosen(overrides: dict[str, Any]) -> None:
        cluster = readable.cluster
        found = StackTarget(readable.stack(overrides), cluster.context, cluster.kubeconfig)
        monkeypatch.setattr(target, "find", lambda _: found)

    return chosen


@pytest.fixture
def instance(settle: Callable[[dict[str, Any]], None]) -> Iterator[Instance]:
    settle(ON)
    with open_instance("local") as opened:
        yield opened


@pytest.fixture
def told(log: Log, containers: Containers) -> list[dict[str, Any]]:
    """The recorded log, as the Job prints it."""
    entries = log.read()
    write(containers, entries)
    return entries


def write(containers: Containers, entries: list[dict[str, Any]]) -> None:
    lines = [json.dumps(entry) for entry in entries]
    containers.write_log("audit", *lines, json.dumps({"entries": len(entries)}))


@pytest.mark.usefixtures("instance")
def test_entries_are_shown_with_who_where_and_from_what_to_what(told: list[dict[str, Any]], run: Run) -> None:
    shown = run("audit", "--limit", "1000")
    assert shown.exit_code == 0, shown.stderr
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert len(lines) == 1 + len(told)
    for words in (
        "admin@example.com staging state match_report updated enabled: false → true",
        "admin@example.com staging segment override match_report for premium updated value: ov → ov9",
        "admin@example.com the project flag match_report updated is_archived: false → true",
        "staging state match_report updated enabled: false → true",
    ):
        assert any(words in line for line in lines), words
    assert any("key ci (" in line for line in lines)


@pytest.mark.usefixtures("instance")
def test_json_has_everything_a_line_each(told: list[dict[str, Any]], run: Run) -> None:
    shown = run("audit", "--json", "--limit", "1000")
    assert [json.loads(line) for line in shown.stdout.splitlines()] == told


@pytest.mark.usefixtures("instance")
def test_names_cannot_steer_the_terminal_and_long_values_are_cut(
    told: list[dict[str, Any]], containers: Containers, run: Run
) -> None:
    entry = {
        **told[5],
        "name": "evil\x1b[2Jname\u202e[bold]",
        "changes": [{"field": "value", "old": "x" * 200, "new": 1}],
    }
    write(containers, [entry])
    shown = run("audit")
    assert "\x1b" not in shown.stdout
    assert "evil\\x1b[2Jname\\u202e[bold]" in shown.stdout
    assert f"value: {'x' * 59}… → 1" in shown.stdout
    assert json.loads(run("audit", "--json").stdout) == entry


@pytest.mark.usefixtures("told")
def test_the_job_is_told_what_is_asked_for_and_is_gone_afterwards(
    instance: Instance, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[dict[str, Any]] = []
    create = type(instance.client).create

    def watched(client: Any, manifest: dict[str, Any], **options: Any) -> Any:
        started.append(manifest)
        return create(client, manifest, **options)

    monkeypatch.setattr(type(instance.client), "create", watched)
    options = (
        "--since",
        "2026-01-01",
        "--until",
        "2026-02-01T10:00+02:00",
        "--actor",
        "ci",
        "--feature",
        "x",
        "-e",
        "y",
        "-n",
        "50",
    )
    assert run("audit", *options).exit_code == 0
    (job,) = (item for item in started if item["kind"] == "Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    env = {item["name"]: item.get("value") for item in container["env"]}
    assert (env["SINCE"], env["UNTIL"]) == ("2026-01-01T00:00:00+00:00", "2026-02-01T10:00:00+02:00")
    assert (env["ACTOR"], env["FEATURE"], env["ENVIRONMENT"], env["LIMIT"]) == ("ci", "x", "y", "50")
    assert [
        item for item in instance.items("batch/v1", "Job") if item["metadata"]["name"].startswith("flagsmith-audit-")
    ] == []


@pytest.mark.usefixtures("instance")
def test_a_log_that_was_cut_is_no_answer(told: list[dict[str, Any]], containers: Containers, run: Run) -> None:
    containers.write_log("audit", *(json.dumps(entry) for entry in told[10:]), json.dumps({"entries": len(told)}))
    shown = run("audit", "--limit", "1000")
    assert shown.exit_code == 1
    assert f"is not complete: {len(told) - 10} entries of {len(told)}" in shown.stderr


@pytest.mark.usefixtures("instance")
def test_no_entry_is_said(containers: Containers, run: Run) -> None:
    write(containers, [])
    shown = run("audit", "--actor", "nobody@example.com")
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "no such entry" in shown.stderr


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "3w"])
def test_a_time_that_is_none_is_refused(run: Run, since: str) -> None:
    shown = run("audit", "--since", since)
    assert shown.exit_code == 1
    assert "--since" in shown.stderr


def test_where_it_is_switched_off_it_is_said_how_to_switch_it_on(
    settle: Callable[[dict[str, Any]], None], run: Run
) -> None:
    settle({})
    shown = run("audit")
    assert shown.exit_code == 1
    assert "Set audit.enabled to true in Pulumi.local.yaml" in shown.stderr


def test_for_an_external_database_the_sql_is_said(settle: Callable[[dict[str, Any]], None], run: Run) -> None:
    settle({"postgres": {"mode": "external", "existingSecret": "db"}, **ON})
    shown = run("audit")
    assert shown.exit_code == 1
    assert "audit.existingSecret names no Secret" in shown.stderr
    for words in ("CREATE ROLE flagsmith_audit LOGIN", "grants-audit.sql", "create secret generic flagsmith-audit"):
        assert words in shown.stderr


def apply_of(entry: dict[str, Any], commit: str) -> Apply:
    moment = datetime.fromisoformat(entry["time"])
    flag = Touched("flag", entry["feature"]["id"], entry["feature"]["name"], (entry["environment"]["name"],))
    return Apply(
        moment, moment, ("user", entry["actor"]["name"]), 1, commit, "https://github.com/example/flags", True, (flag,)
    )


@pytest.fixture
def ring(instance: Instance) -> Iterator[Ref]:
    ref = Ref("v1", "ConfigMap", NAMESPACE, applies.RING)
    instance.client.delete(ref)
    yield ref
    instance.client.delete(ref)


@pytest.mark.usefixtures("ring")
def test_an_entry_shows_the_commit_that_the_stack_or_a_file_knows(
    instance: Instance, told: list[dict[str, Any]], containers: Containers, run: Run, tmp_path: Path
) -> None:
    write(containers, told[4:5])
    path = tmp_path / "applies.jsonl"
    append(path, apply_of(told[4], "aaaaaaaaaaaa"))
    assert "COMMIT" not in run("audit").stdout
    assert "https://github.com/example/flags/commit/aaaaaaaaaaaa" in run("audit", "--applies", str(path)).stdout
    keep(instance, apply_of(told[4], "bbbbbbbbbbbb"))
    shown = json.loads(run("audit", "--json", "--repository", "https://git.example.com/flags").stdout)
    assert shown["apply"]["link"] == "https://git.example.com/flags/commit/bbbbbbbbbbbb"
    assert {**told[4], "apply": shown["apply"]} == shown


@pytest.mark.usefixtures("ring")
def test_a_stack_keeps_its_last_applies(
    instance: Instance, told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applies, "MOST", 3)
    runs = [apply_of({**told[4], "time": f"2026-01-0{day}T10:00:00Z"}, f"{day}" * 12) for day in (3, 1, 2, 5, 4)]
    for item in runs:
        keep(instance, item)
    assert sorted(item.commit or "" for item in of_stack(instance)) == ["3" * 12, "4" * 12, "5" * 12]
    monkeypatch.setattr(applies, "MOST_BYTES", 700)
    keep(instance, replace_time(runs[0]))
    assert [item.commit for item in of_stack(instance)] == ["9" * 12], "the newest, be it large"


def replace_time(item: Apply) -> Apply:
    """A later one with many flags."""
    moment = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(hours=1)
    many = tuple(Touched("flag", number, f"flag_{number}", None) for number in range(20))
    return Apply(moment, moment, item.actor, 1, "9" * 12, None, True, many)
