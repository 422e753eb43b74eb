"""Custom fields (metadata): what people filled in stays, and what is required is said before anything is written."""

from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.reconcile.journal import Journal
from flagops.commands.keys.server import change_client_key
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.connect import connect
from tests.doubles.flagsmith.custom_fields import TYPES
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.test_first_apply import written

TEAM = {"model_field": 1, "field_value": "web"}
RULE = {"all": [{"trait": "plan", "operator": "EQUAL", "value": "vip"}]}


@pytest.fixture
def with_fields(server: Project) -> Project:
    """A project whose flags, segments and environments can have the field `team`: numbers 1, 2 and 3."""
    client = server.client
    number = client.post("/api/v1/metadata/fields/", {"name": "team", "type": "str", "organisation": 1})["id"]
    for kind in ("feature", "segment", "environment"):
        use = {"field": number, "content_type": TYPES[kind], "is_required_for": []}
        client.post("/api/v1/organisations/1/metadata-model-fields/", use)
    return server


def require(server: Project, kind: str, of: str = "organisation") -> None:
    assert server.double
    (use,) = server.double.database.rows("field_uses", content_type=TYPES[kind])
    use["is_required_for"] = [{"content_type": TYPES[of], "object_id": 1}]


def fill(server: Project) -> None:
    """What people fill in."""
    assert server.double
    data = server.double.database
    for number, table in enumerate(("features", "segments", "environments"), 1):
        for row in data.rows(table):
            row["metadata"] = [{"id": 1, "model_field": number, "field_value": f"team of {row['name']}"}]


def filled(server: Project) -> list[Any]:
    assert server.double
    data = server.double.database
    rows = [row for table in ("features", "segments", "environments") for row in data.rows(table)]
    return [[item["field_value"] for item in row["metadata"]] == [f"team of {row['name']}"] for row in rows]


def apply(run: Run, server: Project, path: Path, *options: str) -> None:
    notes = ("--notes", str(path.with_name("notes.json")))
    done = run("flags", "apply", str(path), "--url", server.url, "--yes", *notes, *options)
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize("is_required", [False, True])
def test_fields_survive_each_change_of_what_has_them(
    with_fields: Project, run: Run, tmp_path: Path, is_required: bool
) -> None:
    server = with_fields
    segments: dict[str, Any] = {"vips": {"description": "One.", **RULE}}
    flags: dict[str, Any] = {"banner": {"enabled": True}, "other": {"enabled": False}}
    apply(run, server, written(tmp_path, flags, segments=segments))
    fill(server)
    if is_required:
        for kind in ("feature", "segment", "environment"):
            require(server, kind)
    flags["banner"] |= {"description": "Two.", "tags": ["new"], "enabled": False}
    segments["vips"] = {"description": "Two.", "all": [{**RULE["all"][0], "value": "gold"}]}
    apply(run, server, written(tmp_path, flags, segments=segments, hide_disabled={"environments": {"staging": True}}))
    assert filled(server) == [True] * 6
    held = run(
        "flags", "set", "banner", "--off", "-e", "staging", "--reason", "Try.", "--hold", "1h", "--url", server.url
    )
    assert held.exit_code == 0, held.stderr
    assert filled(server) == [True] * 6
    released = run("flags", "release", "banner", "--url", server.url)
    assert released.exit_code == 0, released.stderr
    del flags["other"]
    apply(run, server, written(tmp_path, flags, segments=segments, hide_disabled={"environments": {"staging": True}}))
    assert {row["name"]: row["is_archived"] for row in server.double.database.rows("features")}["other"]  # type: ignore[union-attr]
    assert filled(server) == [True] * 6


def test_fields_that_people_fill_in_while_an_apply_is_at_work_stay(
    with_fields: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = with_fields
    segments: dict[str, Any] = {"vips": {"description": "One.", **RULE}}
    flags: dict[str, Any] = {"banner": {"enabled": True}, "other": {"enabled": False}}
    apply(run, server, written(tmp_path, flags, segments=segments))
    flags["banner"] |= {"description": "Two."}
    del flags["other"]
    segments["vips"] = {"description": "Two.", **RULE}
    begin = Journal.begin

    def beginning(self: Journal) -> Any:
        found = begin(self)
        fill(server)
        return found

    monkeypatch.setattr(Journal, "begin", beginning)
    apply(run, server, written(tmp_path, flags, segments=segments, hide_disabled={"environments": {"staging": True}}))
    assert server.double
    assert {row["name"]: row["is_archived"] for row in server.double.database.rows("features")}["other"]
    assert filled(server) == [True] * 6


@pytest.mark.parametrize("is_lost", [False, True])
def test_an_environment_keeps_its_fields_when_its_client_key_is_changed(
    with_fields: Project, monkeypatch: pytest.MonkeyPatch, *, is_lost: bool
) -> None:
    """As `ff keys rotate --client` does; also where the answer is lost, and where the fields are required."""
    server = with_fields
    fill(server)
    require(server, "environment")
    patch = FlagsmithClient.patch

    def losing(self: FlagsmithClient, path: str, body: object) -> Any:
        found = patch(self, path, body)
        if is_lost:
            raise FlagsmithError("502", 502)
        return found

    monkeypatch.setattr(FlagsmithClient, "patch", losing)
    with connect(stack=None, url=server.url) as connection:
        before = connection.environment("production")
        after = change_client_key(connection, before)
    assert after.key != before.key
    assert server.environments()["production"] == after.key
    assert after.fields == before.fields == ((3, "team of production"),)
    assert all(filled(server))


@pytest.mark.parametrize(
    ("kind", "of", "said"),
    [
        ("feature", "organisation", "requires the custom field 'team' of each flag; without it: banner, other."),
        ("segment", "project", "requires the custom field 'team' of each segment; without it: vips."),
        ("environment", "organisation", "requires the custom field 'team' of each environment; without it: review."),
    ],
)
def test_a_required_field_is_said_before_anything_is_written(
    with_fields: Project, run: Run, tmp_path: Path, kind: str, of: str, said: str
) -> None:
    server = with_fields
    require(server, kind, of)
    flags = {"banner": {"enabled": True}, "other": {"enabled": False}}
    environments = ("development", "staging", "production", "review")
    path = written(tmp_path, flags, environments, segments={"vips": {"description": "One.", **RULE}})
    for command in (("plan",), ("apply", "--yes")):
        assert server.double
        server.double.forget()
        done = run("flags", command[0], str(path), "--url", server.url, *command[1:])
        assert done.exit_code == 1
        assert said in done.stderr
        assert "keeps fields as they are" in done.stderr
        assert {method for method, _ in server.double.requests} == {"GET"}


def test_a_flag_that_people_made_with_its_field_is_adopted(with_fields: Project, run: Run, tmp_path: Path) -> None:
    server = with_fields
    require(server, "feature")
    path = "/api/v1/projects/1/features/"
    server.client.post(path, {"name": "banner", "description": "Theirs.", "metadata": [TEAM]})
    apply(run, server, written(tmp_path, {"banner": {"enabled": True}}), "--take-back", "banner")
    (row,) = server.client.pages(path)
    assert [(item["model_field"], item["field_value"]) for item in row["metadata"]] == [(1, "web")]
    assert row["description"] == "One."


def test_what_changes_no_flag_itself_asks_for_no_field(with_fields: Project, run: Run, tmp_path: Path) -> None:
    server = with_fields
    apply(run, server, written(tmp_path, {"banner": {"enabled": True}}))
    require(server, "feature")
    assert server.double
    server.double.forget()
    apply(run, server, written(tmp_path, {"banner": {"enabled": False}}))
    assert not any("metadata" in place for _, place in server.double.requests)


@pytest.mark.parametrize("status", [403, 404])
def test_a_server_that_shows_no_fields_is_written_all_the_same(
    server: Project, run: Run, tmp_path: Path, status: int
) -> None:
    assert server.double
    server.double.failing["/api/v1/projects/1/metadata/"] = status
    apply(run, server, written(tmp_path, {"banner": {"enabled": True}}))
