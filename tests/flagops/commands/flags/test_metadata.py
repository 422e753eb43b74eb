"""Custom fields in the catalogue: written, compared, exported; others stay; what a server refuses is said before."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.doubles.flagsmith.custom_fields import TYPES
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.switching import feature, state
from tests.flagops.commands.flags.test_first_apply import written

STOPPED = 3
RULE = {"all": [{"trait": "plan", "operator": "EQUAL", "value": "vip"}]}
SEGMENTS: dict[str, Any] = {"vips": {"description": "One.", **RULE, "metadata": {"team": "crm"}}}
FLAGS: dict[str, Any] = {
    "banner": {
        "enabled": True,
        "metadata": {"team": "web", "cost": 12, "paid": True, "ticket": "https://example.com/1"},
    },
    "plain": {"enabled": True},
}


@pytest.fixture
def with_fields(server: Project) -> Project:
    """A project whose flags have fields of each kind, and whose segments have one."""
    for name, kind in {"team": "str", "cost": "int", "paid": "bool", "ticket": "url"}.items():
        number = server.client.post("/api/v1/metadata/fields/", {"name": name, "type": kind, "organisation": 1})["id"]
        for what in ("feature", "segment") if name == "team" else ("feature",):
            use = {"field": number, "content_type": TYPES[what], "is_required_for": []}
            server.client.post("/api/v1/organisations/1/metadata-model-fields/", use)
    return server


def command(run: Run, server: Project, path: Path, what: str, *options: str) -> Any:
    notes = ("--notes", str(path.with_name("notes.json")))
    return run("flags", what, str(path), "--url", server.url, *notes, *options)


def apply(run: Run, server: Project, path: Path, *options: str) -> None:
    done = command(run, server, path, "apply", "--yes", *options)
    assert done.exit_code == 0, done.stderr
    assert command(run, server, path, "plan").exit_code == 0


def fields(server: Project, name: str = "banner") -> dict[int, str]:
    return {item["model_field"]: item["field_value"] for item in feature(server, name)["metadata"]}


def segment(server: Project) -> dict[str, Any]:
    (row,) = server.client.pages("/api/v1/projects/1/segments/")
    return dict(row)


def set_fields(server: Project, values: dict[int, str], name: str = "banner") -> None:
    said = [{"model_field": number, "field_value": value} for number, value in values.items()]
    server.client.patch(f"/api/v1/projects/1/features/{feature(server, name)['id']}/", {"metadata": said})


def test_fields_are_written_compared_and_exported(with_fields: Project, run: Run, tmp_path: Path) -> None:
    server, flags = with_fields, {name: dict(flag) for name, flag in FLAGS.items()}
    apply(run, server, written(tmp_path, flags, segments=SEGMENTS))
    assert fields(server) == {1: "web", 3: "12", 4: "true", 5: "https://example.com/1"}
    assert fields(server, "plain") == {}
    assert [item["field_value"] for item in segment(server)["metadata"]] == ["crm"]
    out = tmp_path / "exported.yaml"
    done = run("flags", "export", "--url", server.url, "--out", str(out))
    assert done.exit_code == 0, done.stderr
    content = yaml.safe_load(out.read_text(encoding="utf-8"))
    assert content["flags"]["banner"]["metadata"] == FLAGS["banner"]["metadata"]
    assert "metadata" not in content["flags"]["plain"]
    assert content["segments"]["vips"]["metadata"] == {"team": "crm"}
    assert run("flags", "plan", str(out), "--url", server.url).exit_code == 0
    # What changes is shown, written by itself, and nothing else.
    flags["banner"] = {**FLAGS["banner"], "metadata": {"team": "shop", "cost": 12}}
    path = written(tmp_path, flags, segments={"vips": {**SEGMENTS["vips"], "metadata": {"team": "sales"}}})
    shown = command(run, server, path, "plan", "--json")
    assert shown.exit_code == 2
    changes = [
        (item["name"], item["field"], item["before"], item["after"]) for item in json.loads(shown.stdout)["changes"]
    ]
    assert sorted(changes) == [
        ("banner", ["metadata", "team"], "web", "shop"),
        ("vips", ["metadata", "team"], "crm", "sales"),
    ]
    apply(run, server, path)
    assert fields(server) == {1: "shop", 3: "12", 4: "true", 5: "https://example.com/1"}, "what is not named stays"
    assert [item["field_value"] for item in segment(server)["metadata"]] == ["sales"]


def test_what_somebody_wrote_into_a_field_is_not_undone(with_fields: Project, run: Run, tmp_path: Path) -> None:
    server = with_fields
    path = written(tmp_path, {"banner": {"enabled": True, "metadata": {"team": "web"}}, "plain": {"enabled": True}})
    apply(run, server, path)
    set_fields(server, {1: "theirs", 3: "7"})
    done = command(run, server, path, "apply", "--yes")
    assert done.exit_code == STOPPED, done.stderr
    assert fields(server) == {1: "theirs", 3: "7"}
    apply(run, server, path, "--take-back", "banner")
    assert fields(server) == {1: "web", 3: "7"}


def test_a_field_that_is_named_for_the_first_time_is_written(with_fields: Project, run: Run, tmp_path: Path) -> None:
    server = with_fields
    apply(run, server, written(tmp_path, {"banner": {"enabled": True}}))
    set_fields(server, {1: "older", 3: "7"})
    apply(run, server, written(tmp_path, {"banner": {"enabled": True, "metadata": {"team": "web"}}}))
    assert fields(server) == {1: "web", 3: "7"}


def test_a_required_field_that_the_catalogue_gives_lets_a_flag_be_made(
    with_fields: Project, run: Run, tmp_path: Path
) -> None:
    server = with_fields
    assert server.double
    for use in server.double.database.rows("field_uses", field=1):
        use["is_required_for"] = [{"content_type": TYPES["organisation"], "object_id": 1}]
    without = command(run, server, written(tmp_path, {"banner": {"enabled": True}}), "apply", "--yes")
    assert without.exit_code == 1
    assert "Give them under `metadata:`" in without.stderr
    apply(run, server, written(tmp_path, {"banner": FLAGS["banner"]}, segments=SEGMENTS))
    assert fields(server)[1] == "web"


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"tem": "web"}, "The flag banner has the custom field 'tem'; flags can have: team, cost, paid, ticket."),
        ({"cost": "much"}, "says 'much' in the custom field 'cost', which takes a whole number."),
        ({"paid": "perhaps"}, "says 'perhaps' in the custom field 'paid', which takes true or false."),
        ({"ticket": "no address"}, "says 'no address' in the custom field 'ticket', which takes an address"),
    ],
)
def test_what_the_server_does_not_take_is_said_before_anything_is_written(
    with_fields: Project, run: Run, tmp_path: Path, metadata: dict[str, str], said: str
) -> None:
    path = written(tmp_path, {"banner": {"enabled": True, "metadata": metadata}})
    for what, options in (("plan", ()), ("apply", ("--yes",))):
        assert with_fields.double
        with_fields.double.forget()
        done = command(run, with_fields, path, what, *options)
        assert done.exit_code == 1
        assert said in done.stderr
        assert {method for method, _ in with_fields.double.requests} == {"GET"}


@pytest.mark.parametrize("value", ["twelve", "1" * 30])
def test_what_does_not_fit_a_field_s_type_is_exported_as_text(
    with_fields: Project, run: Run, tmp_path: Path, value: str
) -> None:
    """Somebody gave the field another type since; or it is a number that YAML does not have."""
    server = with_fields
    assert server.double
    apply(run, server, written(tmp_path, {"banner": {"enabled": True, "metadata": {"cost": 12}}}))
    (row,) = server.double.database.rows("features", name="banner")
    row["metadata"] = [{**item, "field_value": value} for item in row["metadata"]]
    out = tmp_path / "exported.yaml"
    done = run("flags", "export", "--url", server.url, "--out", str(out))
    assert done.exit_code == 0, done.stderr
    assert yaml.safe_load(out.read_text(encoding="utf-8"))["flags"]["banner"]["metadata"] == {"cost": value}
    assert run("flags", "validate", str(out)).exit_code == 0


def test_a_field_does_not_keep_a_flag_from_one_environment(with_fields: Project, run: Run, tmp_path: Path) -> None:
    """Only people read it: what changes beside it is applied there at once, and not everywhere at the end."""
    server, one = with_fields, ("-e", "development")
    apply(run, server, written(tmp_path, {"banner": {"enabled": False}}))
    path = written(tmp_path, {"banner": {"enabled": True, "metadata": {"team": "web"}}})
    done = command(run, server, path, "apply", "--yes", *one)
    assert done.exit_code == 0, done.stderr
    assert fields(server) == {1: "web"}
    assert [state(server, "banner", place)["enabled"] for place in ("development", "production")] == [True, False]


def test_a_catalogue_that_names_no_field_asks_for_none(with_fields: Project, run: Run, tmp_path: Path) -> None:
    apply(run, with_fields, written(tmp_path, {"banner": {"enabled": True}}))
    assert with_fields.double
    with_fields.double.forget()
    assert command(run, with_fields, written(tmp_path, {"banner": {"enabled": True}}), "plan").exit_code == 0
    assert not any("metadata" in place for _, place in with_fields.double.requests)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.5, "is 1.5: must be true, false, a whole number or a text; write any other number in quotes"),
        (["web"], "is ['web']: must be true, false, a whole number or a text"),
        (None, "is empty: leave the field out, and it stays as it is"),
        ("", "is empty, which Flagsmith refuses"),
        (" web", "has blanks at an end, which Flagsmith takes away"),
        ("x" * 2001, "has 2,001 characters; Flagsmith takes 2,000"),
    ],
)
def test_what_no_flagsmith_keeps_is_refused_without_one(run: Run, tmp_path: Path, value: object, said: str) -> None:
    path = written(tmp_path, {"banner": {"enabled": True, "metadata": {"team": value}}})
    done = run("flags", "validate", str(path))
    assert done.exit_code == 1
    assert f"flags.banner.metadata.team: {said}" in done.stderr
    assert done.stderr.count("flags.banner.metadata") == 1


def test_a_field_that_somebody_took_away_is_named(with_fields: Project, run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, FLAGS, segments=SEGMENTS)
    apply(run, with_fields, path)
    set_fields(with_fields, {3: "12", 4: "true", 5: "https://example.com/1"})
    done = command(run, with_fields, path, "plan")
    assert done.exit_code == STOPPED
    assert "metadata team was deleted, changed since the last apply" in done.stdout
    assert "the catalogue wants web" in done.stdout
