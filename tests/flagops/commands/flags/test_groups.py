"""Every segment that the UI and the API can make is said in a catalogue, and stays what it is."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.server.remote_rules import read_rules
from flagops.commands.flags.who import EVERYBODY, NOBODY, Rules
from flagops.serving.engine.context import context_of, evaluate, for_user
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.test_overrides import SEGMENTS
from tests.flagops.commands.flags.test_rules import problems
from tests.flagops.commands.flags.test_settle import export

Row = dict[str, Any]
TRAITS = ("a", "b", "c", "d")
HEAD = "project: FootAnalytics\nenvironments: [development, staging, production]\nflags: {}\n"
CLUBS = "segments:\n  clubs:\n    description: Some.\n    all:\n      - {%soperator: PERCENTAGE_SPLIT, value: %s}\n"
PLANNED = ("flags", "plan", "--url")


def holds(trait: str) -> Row:
    return {"property": trait, "operator": "EQUAL", "value": "1"}


def rule(kind: str, *traits: str, below: tuple[Row, ...] = ()) -> Row:
    found: Row = {"type": kind, "conditions": [holds(trait) for trait in traits]}
    return found | ({"rules": list(below)} if below else {})


def one(**condition: object) -> list[Row]:
    return [{"type": "ALL", "rules": [{"type": "ALL", "conditions": [condition]}], "conditions": []}]


INNER = [rule(kind, *traits) for kind in ("ALL", "ANY", "NONE") for traits in ((), ("a",), ("b", "c"))]
SHAPES: list[list[Row]] = [
    [rule(outer, *traits, below=below)]
    for outer in ("ALL", "ANY", "NONE")
    for traits in ((), ("d",))
    for below in ((), *((one,) for one in INNER), *itertools.combinations(INNER, 2))
]
MADE = {
    "as the UI makes them": [rule("ALL", below=(rule("ANY", "a"), rule("ANY", "b", "c"), rule("NONE", "d")))],
    "several groups of which one has to hold": [rule("ALL", below=(rule("ANY", "a", "b"), rule("ANY", "c", "d")))],
    "one of several groups": [rule("ANY", below=(rule("ALL", "a", "b"), rule("ALL", "c", "d")))],
    "none of several groups": [rule("NONE", "a", below=(rule("ALL", "b", "c"),))],
    "conditions beside groups": [rule("ANY", "a", "b", below=(rule("ALL", "c"), rule("NONE", "d")))],
    "several rules": [rule("ANY", "a", "b"), rule("ANY", below=(rule("ALL", "c", "d"), rule("ANY", "b"))), rule("ALL")],
    "everybody": [rule("ALL")],
    "nobody": [rule("NONE", below=(rule("ALL"),))],
    "a share of clubs": one(property="club.id", operator="PERCENTAGE_SPLIT", value="25"),
    "a share of users by their key": one(property="$.identity.key", operator="PERCENTAGE_SPLIT", value="25.0"),
    "a share of no number": one(property="$.identity.identifier", operator="PERCENTAGE_SPLIT", value="0.5"),
    "an environment": one(property="$.environment.name", operator="EQUAL", value="production"),
    "set, with an empty value": one(property="a", operator="IS_SET", value=""),
    "not set, with a value": one(property="a", operator="IS_NOT_SET", value="x"),
    "an empty text": one(property="a", operator="EQUAL", value=""),
    "what contains nothing": one(property="a", operator="CONTAINS", value=""),
    "less than nothing": one(property="a", operator="LESS_THAN", value=""),
    "a text that says why": one(property="a", operator="EQUAL", value="x", description="The second league"),
}


def is_in(rules: list[Row], traits: tuple[str, ...]) -> bool:
    """What the engine says of rules in the API's form."""

    def mapped(row: Row) -> Row:
        conditions = [{**item, "property_": item["property"]} for item in row.get("conditions", [])]
        return {"type": row["type"], "conditions": conditions, "rules": [mapped(item) for item in row.get("rules", [])]}

    segment = {"id": 1, "name": "s", "rules": [mapped(row) for row in rules], "feature_states": []}
    document = {
        "api_key": "k",
        "name": "e",
        "feature_states": [],
        "identity_overrides": [],
        "project": {"segments": [segment]},
    }
    return bool(evaluate(for_user(context_of(document), "u", dict.fromkeys(traits, "1")))["segments"])


SOME_OF_THEM = [of for length in range(len(TRAITS) + 1) for of in itertools.combinations(TRAITS, length)]


@pytest.mark.parametrize("part", range(8))
def test_rules_of_any_shape_hold_for_the_same_users_when_they_are_written_again(part: int) -> None:
    for shape in SHAPES[part::8]:
        found = read_rules(shape)
        assert found is not None
        assert found.is_shallow, shape
        again = found.as_json()
        assert read_rules(again) == found, shape
        for traits in SOME_OF_THEM:
            assert is_in(again, traits) == is_in(shape, traits), (shape, traits)


def test_a_segment_without_any_rule_has_nobody_as_in_the_engine() -> None:
    assert read_rules([]) == NOBODY
    assert not any(is_in(rules, ()) for rules in ([], NOBODY.as_json()))
    assert is_in(EVERYBODY.as_json(), ())
    assert [str(EVERYBODY), str(NOBODY)] == ["everybody", "nobody"]


@pytest.mark.parametrize("what", MADE)
def test_what_people_made_survives_export_and_plans_empty(server: Project, run: Run, tmp_path: Path, what: str) -> None:
    server.client.post(SEGMENTS, {"name": "some", "description": "x", "rules": MADE[what]})
    path, left_out = export(server, run, tmp_path)
    assert left_out == []
    planned = run("flags", "plan", str(path), "--url", server.url, "--json")
    assert [item["action"] for item in json.loads(planned.stdout)["changes"]] == ["adopt"]
    assert json.loads(planned.stdout)["affected"] == []


def test_a_segment_of_one_flag_stays_one(server: Project, run: Run, tmp_path: Path) -> None:
    flag = server.client.post("/api/v1/projects/1/features/", {"name": "banner"})["id"]
    rules = MADE["as the UI makes them"]
    server.client.post(SEGMENTS, {"name": "some", "description": "x", "rules": rules, "feature": flag})
    path, left_out = export(server, run, tmp_path)
    assert left_out == []
    assert "    flag: banner\n" in path.read_text(encoding="utf-8")


def test_a_segment_is_given_to_one_flag(server: Project, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    flag = "flags:\n  banner: {description: x, owner: x, kind: ops, enabled: true}\n"
    text = HEAD.replace("flags: {}\n", flag) + CLUBS % ("", 25)
    for given in (text, text.replace("description: Some.", "description: Some.\n    flag: banner")):
        path.write_text(given, encoding="utf-8")
        done = run("flags", "apply", str(path), "--url", server.url, "--yes")
        assert done.exit_code == 0, done.stderr
    (row,) = server.client.pages(SEGMENTS)
    (flag_row,) = server.client.pages("/api/v1/projects/1/features/")
    assert row["feature"] == flag_row["id"]
    path.write_text(text.replace("banner", "other"), encoding="utf-8")
    done = run("flags", "plan", str(path), "--url", server.url)
    assert "belongs to the flag banner alone" in done.stderr


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (("", 25), ("trait: club.id, ", 25), "drawn anew, by 25 % of club.id in place of 25 % of users"),
        (("trait: club.id, ", 25), ("", 25), "drawn anew, by 25 % of users in place of 25 % of club.id"),
        (("", 25), ("", 40), "who is in it stays, and about 15 % of users come in"),
        (("trait: club.id, ", 25), ("trait: club.id, ", 5), "about 20 % of the values of club.id leave it"),
        (("", 25), ("trait: $.identity.key, ", 25), None),
    ],
)
def test_a_plan_says_who_is_drawn_anew(
    server: Project, run: Run, tmp_path: Path, before: tuple[str, int], after: tuple[str, int], said: str | None
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(HEAD + CLUBS % before, encoding="utf-8")
    made = run("flags", "apply", str(path), "--url", server.url, "--yes")
    assert made.exit_code == 0, made.stderr
    assert "segment clubs: Flagsmith draws a new segment's share anew" in made.stdout + made.stderr
    path.write_text(HEAD + CLUBS % after, encoding="utf-8")
    planned = run("flags", "plan", str(path), "--url", server.url)
    if said is None:
        assert planned.exit_code == 0, planned.stdout
        assert " ! " not in planned.stdout
    else:
        assert f" ! segment clubs: {'everybody is ' if 'anew' in said else ''}{said}" in planned.stdout


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("all:\n      - any: []\n", "segments.some.all[0].any: is empty: give a condition"),
        ("all:\n      - {any: [], trait: a}\n", "segments.some.all[0].trait: is not a known key"),
        ("all:\n      - any:\n          - {trait: a}\n", "segments.some.all[0].any[0]: lacks the key 'operator'"),
        ("all:\n      - any: {trait: a}\n", "segments.some.all[0].any: is {'trait': 'a'}: must be a list"),
        ("all:\n      - 5\n", "segments.some.all[0]: is 5: must be a mapping of keys"),
        ("all: []\n", "segments.some: has everybody in it, whoever the user is"),
        ("none: [{all: []}]\n", "segments.some: has nobody in it, whoever the user is"),
        (
            (
                "any:\n      - {trait: a, operator: IS_SET}\n      - all:\n          - {trait: b, operator: IS_SET}\n"
                "          - any: [{trait: c, operator: IS_SET}, {trait: d, operator: IS_SET}]\n"
            ),
            "segments.some: has groups in groups of groups",
        ),
        ("flag: banner\n    all: [{trait: a, operator: IS_SET}]\n", "segments.some.flag: banner is no flag"),
        (
            "all:\n      - any:\n          - {trait: a, operator: MODULO, value: 1}\n",
            "segments.some.all[0].any[0].value: is '1': must be DIVISOR|REMAINDER",
        ),
    ],
)
def test_what_is_wrong_in_a_group_is_named_with_its_place(tmp_path: Path, lines: str, said: str) -> None:
    head = "project: X\nenvironments: [a]\nsegments:\n  some:\n    description: Some.\n    "
    (found,) = problems(tmp_path, head + lines)
    assert said in found


def test_a_group_is_told_as_people_would() -> None:
    rules = read_rules([*MADE["one of several groups"], *MADE["none of several groups"]])
    assert isinstance(rules, Rules)
    assert str(rules) == (
        "((a EQUAL 1 and b EQUAL 1) or (c EQUAL 1 and d EQUAL 1)) and not a EQUAL 1 and not (b EQUAL 1 and c EQUAL 1)"
    )
