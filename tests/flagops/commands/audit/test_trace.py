"""Which apply an entry came from: only where person, time, object and environment all say so."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.audit.trace import traced
from flagops.commands.flags.history.applies import Apply, Touched, append, of_file
from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.commands.flags.reconcile.record import touched, web_address
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteSegment, Snapshot
from flagops.errors import OpsError
from flagops.flagsmith_api.deployed import Environment

START = datetime(2026, 1, 2, 10, 0, 0, tzinfo=UTC)
END = START + timedelta(seconds=30)
RUN = Apply(
    started=START,
    finished=END,
    actor=("user", "Ann@example.com"),
    project=1,
    commit="0123456789ab",
    repository="https://github.com/example/flags",
    is_whole=True,
    touched=(
        Touched("flag", 7, "match_report", ("staging",)),
        Touched("flag", 8, "new_flag", None),
        Touched("flag", 9, "described", (None,)),
        Touched("segment", 7, "premium", (None,)),
    ),
)
ENTRY: dict[str, Any] = {
    "time": "2026-01-02T10:00:10.000000Z",
    "actor": {"kind": "user", "name": "ann@example.com", "id": 1},
    "project": {"id": 1, "name": "p"},
    "environment": {"id": 3, "name": "staging"},
    "feature": {"id": 7, "name": "match_report"},
    "segment": None,
    "object": {"type": "FEATURE_STATE", "id": 70, "uuid": None},
}
OF_KEY = replace(RUN, actor=("api-key", "aEjdbhpa"))


def of(entry: dict[str, Any], *runs: Apply, repository: str | None = None) -> Any:
    (found,) = traced([entry], runs, repository=repository)
    return found.get("apply")


def test_an_entry_leads_to_its_commit() -> None:
    assert of(ENTRY, RUN) == {
        "commit": "0123456789ab",
        "link": "https://github.com/example/flags/commit/0123456789ab",
        "started": START.isoformat(),
    }
    assert (
        of(ENTRY, RUN, repository="https://git.example.com/x/")["link"]
        == "https://git.example.com/x/commit/0123456789ab"
    )
    assert of(ENTRY, replace(RUN, commit=None))["commit"] is None, "of a catalogue that was not committed"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("before it", {"time": "2026-01-02T09:59:57.900000Z"}),
        ("after it", {"time": "2026-01-02T10:00:32.100000Z"}),
        ("by somebody else", {"actor": {"kind": "user", "name": "bob@example.com", "id": 2}}),
        ("by a key", {"actor": {"kind": "api-key", "name": "ann@example.com", "id": "aEjdbhpa"}}),
        ("by the server", {"actor": {"kind": "server", "name": "the server", "id": None}}),
        ("another flag", {"feature": {"id": 6, "name": "match_report"}}),
        ("another environment", {"environment": {"id": 4, "name": "production"}}),
        ("the project's definition", {"environment": None}),
        ("another project", {"project": {"id": 2, "name": "q"}}),
        ("a segment with the flag's number", {"object": {"type": "SEGMENT", "id": 7, "uuid": None}}),
        ("nothing it names", {"feature": None}),
    ],
)
def test_an_entry_of_another_change_does_not(name: str, change: dict[str, Any]) -> None:
    assert of({**ENTRY, **change}, RUN) is None, name


def test_the_clock_s_seconds_are_allowed_for() -> None:
    assert of({**ENTRY, "time": "2026-01-02T09:59:58.000000Z"}, RUN)
    assert of({**ENTRY, "time": "2026-01-02T10:00:32.000000Z"}, RUN)


def test_a_new_flag_is_the_apply_s_everywhere_and_a_described_one_in_the_project_alone() -> None:
    new = {**ENTRY, "feature": {"id": 8, "name": "new_flag"}}
    assert of({**new, "environment": {"id": 5, "name": "trial"}}, RUN)
    assert of({**new, "environment": None}, RUN)
    described = {**ENTRY, "feature": {"id": 9, "name": "described"}}
    assert of({**described, "environment": None}, RUN)
    assert of(described, RUN) is None


def test_a_segment_and_a_key_are_found_too() -> None:
    segment = {"segment": {"id": 7, "name": "premium"}, "feature": None, "environment": None}
    kind = {"object": {"type": "SEGMENT", "id": 7, "uuid": None}}
    assert of({**ENTRY, **segment, **kind}, RUN)
    key = {"actor": {"kind": "api-key", "name": "ci", "id": "aEjdbhpa"}}
    assert of({**ENTRY, **key}, OF_KEY)
    assert of({**ENTRY, "actor": {"kind": "api-key", "name": "ci", "id": "other"}}, OF_KEY) is None


@pytest.mark.parametrize("who", ["", "trust-7"])
def test_a_run_with_an_id_token_is_found_by_the_key_behind_its_trust_relationship(who: str) -> None:
    by_token = replace(RUN, actor=("api-key", who))
    key = {"kind": "api-key", "name": "Trust relationship: ci", "id": "aEjdbhpa"}
    assert of({**ENTRY, "actor": key}, by_token) is not None
    assert of({**ENTRY, "actor": {**key, "name": "somebody's"}}, by_token) is None


def test_two_applies_that_may_have_done_it_are_no_trace_unless_they_agree() -> None:
    assert of(ENTRY, RUN, replace(RUN, commit="ffffffffffff")) is None
    assert of(ENTRY, RUN, replace(RUN, started=START + timedelta(seconds=5)))["commit"] == "0123456789ab"


def test_what_an_apply_touched_is_known_by_number_and_place() -> None:
    found = Snapshot(
        environments={name: Environment(number, name, name) for number, name in enumerate(("staging", "trial"), 3)},
        tags={},
        segments={"premium": RemoteSegment(11, "premium", "", None, None, True)},
        flags={
            name: RemoteFlag(number, name, "", frozenset(), False, (), {})
            for number, name in ((7, "a"), (8, "b"), (9, "c"))
        },
    )
    changes = [
        Change(Action.UPDATE, ObjectKind.FLAG, "a", "staging", ("enabled",)),
        Change(Action.UPDATE, ObjectKind.FLAG, "a", None, ("description",)),
        Change(Action.CREATE, ObjectKind.FLAG, "b"),
        Change(Action.CREATE, ObjectKind.FLAG, "b", "staging"),
        Change(Action.CREATE, ObjectKind.FLAG, "c", None, ("variations", "x")),
        Change(Action.UPDATE, ObjectKind.SEGMENT, "premium", None, ("rules",)),
        Change(Action.CREATE, ObjectKind.ENVIRONMENT, "trial"),
        Change(Action.CREATE, ObjectKind.GROUP, "developers"),
        Change(Action.CREATE, ObjectKind.FLAG, "made by a run that failed"),
    ]
    assert touched(changes, found) == (
        Touched("flag", 7, "a", (None, "staging")),
        Touched("flag", 8, "b", None),
        Touched("flag", 9, "c", (None,)),
        Touched("segment", 11, "premium", (None,)),
        Touched("environment", 4, "trial", None),
    )


def test_a_file_of_applies_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "applies.jsonl"
    for run in (RUN, OF_KEY):
        append(path, run)
    assert of_file(path) == [RUN, OF_KEY]
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"started": "2026"}) + "\n")
    with pytest.raises(OpsError, match="line 3, is not a record"):
        of_file(path)


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("https://github.com/example/flags.git", "https://github.com/example/flags"),
        ("https://user:token@github.com/example/flags", "https://github.com/example/flags"),
        ("git@github.com:example/flags.git", "https://github.com/example/flags"),
        ("ssh://git@git.example.com:2222/a/b/flags.git", "https://git.example.com/a/b/flags"),
        ("/srv/git/flags.git", None),
        ("", None),
    ],
)
def test_a_remote_s_page_holds_no_credentials(remote: str, page: str | None) -> None:
    assert web_address(remote) == page
