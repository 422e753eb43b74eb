"""What can never match is refused, what no trait can be is said, and a server's own rules are read before a change."""

import random
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from flagops.commands.flags.catalogue.amounts import ALL, CLOSE, largest_sum
from flagops.commands.flags.catalogue.load import load, parse
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.server_rules import require_taken
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.errors import ConflictError
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.connect import Connection
from tests.doubles.flagsmith import limits
from tests.doubles.flagsmith.features import added
from tests.flagops.commands.flags.conditioned import FLAG, HEAD, condition, flag, segment, shares
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.test_server_conditions import problems

LONG = f"limits: {{feature_value_limit: 30000}}\n{flag(', value: ' + 'a' * 25_000)}"
FEATURES = "/api/v1/projects/1/features/"


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        (condition("'a, b'", operator="IN"), "holds ' b', with a blank"),
        (condition("'a ,b'", operator="IN"), "holds 'a ', with a blank"),
        (condition("'a,,b'", operator="IN"), "holds an empty value"),
        (condition("'a,b,'", operator="IN"), "holds an empty value"),
        (condition("'[a, b'", operator="IN"), "holds ' b', with a blank"),
        (condition("' a,b '", operator="IN"), ""),
        (condition("""'["a", " b"]'""", operator="IN"), ""),
        (condition("None"), "is 'None', which Flagsmith itself writes"),
        (condition("None", operator="CONTAINS"), "is 'None', which Flagsmith itself writes"),
        (condition("none"), ""),
        (condition("null"), "is null, which is no value for EQUAL"),
        (condition("'1.2:semver'"), "before :semver must be a version"),
        (condition("5", operator="MODULO"), "must be DIVISOR|REMAINDER"),
        (condition("'[a-'", operator="REGEX"), "no regular expression"),
    ],
)
def test_what_can_never_match_is_refused(conditions: str, said: str) -> None:
    found = problems(segment(conditions))
    assert found == [] if not said else len(found) == 1
    assert not said or (said in found[0] and re.match(r"c\.yaml:5:\d+: segments\.some\.any\[0\]", found[0]))


@pytest.mark.parametrize("value", [10**12, -(10**12), 2**31, "'1000000000000'"])
@pytest.mark.parametrize("operator", ["EQUAL", "GREATER_THAN", "LESS_THAN_INCLUSIVE", "NOT_EQUAL"])
def test_a_whole_number_that_no_trait_can_be_is_a_warning(value: object, operator: str) -> None:
    text = segment(condition(str(value), operator=operator))
    (said,) = problems(text, warnings=True)
    assert "keeps no whole number of more than 32 bits as a trait" in said
    assert problems(text) == []


def test_other_numbers_are_no_question() -> None:
    for value in (2**31 - 1, -(2**31), 1.5):
        assert problems(segment(condition(str(value))), warnings=True) == []
    assert problems(segment(condition("1000000000000", operator="CONTAINS")), warnings=True) == []


def test_a_catalogue_says_what_its_flagsmith_takes() -> None:
    for limit, text in (
        ("feature_value_limit: 30000", flag(f", value: {'a' * 20_001}")),
        ("segment_condition_value_limit: 2000", segment(condition("a" * 1001))),
        ("segment_rules_conditions_limit: 101", segment(", ".join(condition(f"v{n}") for n in range(101)))),
    ):
        (said,) = problems(text)
        assert f"{limit.partition(':')[0].upper()}: if yours has another one, say so in `limits`" in said
        assert problems(f"limits: {{{limit}}}\n{text}") == []
    small = f"limits: {{feature_value_limit: 3}}\n{flag(', value: {a: 1}')}"
    (said,) = problems(small)
    assert "flags.banner.value: has 7 characters; Flagsmith takes 3" in said


def test_a_rollout_of_a_group_needs_room_for_its_share() -> None:
    group = segment(", ".join(condition(f"v{n}") for n in range(100)))
    for share, count in ((50, 1), (100, 0), (0, 0)):
        off = FLAG.replace("true", "false") % f", rollout: {{segments: {{some: {share}}}}}"
        text = f"{group}flags:\n  banner: {off}\n"
        found = problems(text)
        assert len(found) == count
        assert all("needs a segment with the 100 conditions of some and one more" in line for line in found)


@pytest.mark.parametrize("seed", range(60))
def test_weights_that_are_right_are_taken_in_whatever_order_they_are_written(seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - no secret
    weights = [drawn.uniform(0, 60) for _ in range(drawn.randint(1, 6))]
    total = sum(weights)
    scaled = [weight * 100 / total for weight in weights]
    most = largest_sum(scaled)
    for number, weight in enumerate(scaled):
        assert added(scaled[:number] + scaled[number + 1 :]) + weight <= most
    text = shares(*(round(weight, 12) for weight in scaled))
    refused = any("as Flagsmith adds them" in line for line in problems(text))
    declared = [item.weight for item in parse(text, Path("c.yaml"))[0].flags["banner"].variations]
    assert refused == (largest_sum(declared[1:]) > ALL and abs(sum(declared) - ALL) <= CLOSE)


def plan_of(server: Project, run: Run, home: Path, text: str) -> Any:
    path = home / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return run("flags", "apply", str(path), "--url", server.url, "--yes")


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"feature_name_regex": "[a-z]+_on"}, "The project takes no flag 'banner': its names must match '[a-z]+_on'."),
        ({"enforce_feature_owners": True}, "The project takes no new flag without an owner in Flagsmith"),
        (
            {"use_edge_identities": True, "max_features_allowed": 0, "max_segments_allowed": 9},
            "The project would have 1 flags; ",
        ),
    ],
)
def test_what_the_project_refuses_is_said_before_anything_is_written(
    server: Project, run: Run, tmp_path: Path, rules: dict[str, object], said: str
) -> None:
    assert server.double is not None
    server.double.database.get("projects", 1).update(rules)
    done = plan_of(server, run, tmp_path, flag())
    assert done.exit_code == 1
    assert said in " ".join(done.stderr.split())
    assert list(server.client.pages(FEATURES)) == []
    assert server.double.requests["POST", FEATURES] == 0


def test_a_flag_that_is_there_may_be_called_as_it_is(server: Project, run: Run, tmp_path: Path) -> None:
    assert server.double is not None
    server.client.post(FEATURES, {"name": "banner", "default_enabled": True})
    server.double.database.get("projects", 1).update(feature_name_regex="[a-z]+_on")
    done = plan_of(server, run, tmp_path, flag())
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize(
    ("env", "text", "said"),
    [
        ({"FEATURE_VALUE_LIMIT": "3"}, flag(", value: abcd"), "flag banner has a value of 4 characters; here takes 3"),
        (
            {"SEGMENT_CONDITION_VALUE_LIMIT": "2"},
            segment(condition("abc")),
            "a condition of 3 characters; here takes 2",
        ),
        (
            {"SEGMENT_RULES_CONDITIONS_LIMIT": "1"},
            segment(f"{condition('a')}, {condition('b')}"),
            "segment some has 2 conditions; here takes 1",
        ),
        (
            {"FEATURE_VALUE_LIMIT": "30000"},
            LONG,
            "",
        ),
        ({}, LONG, "here takes 20000"),
    ],
)
def test_the_sizes_of_a_stack_are_its_settings(env: dict[str, str], text: str, said: str) -> None:
    instance = cast("Any", SimpleNamespace(settings=SimpleNamespace(env=env)))
    nobody = cast("FlagsmithClient", None)
    connection = Connection(nobody, 1, 1, "P", (), instance, "here", ("user", "a@example.com"))
    wanted = desired(parse(text, Path("c.yaml"))[0])
    if not said:
        require_taken(connection, wanted, Snapshot({}, {}))
        return
    with pytest.raises(ConflictError, match=said):
        require_taken(connection, wanted, Snapshot({}, {}))


def test_a_server_is_asked_for_no_sizes_and_a_wrong_expression_of_its_names_is_left_to_it() -> None:
    nobody = cast("FlagsmithClient", None)
    rules = {"feature_name_regex": "("}
    connection = Connection(nobody, 1, 1, "P", (), None, "here", ("user", "a@example.com"), rules)
    require_taken(connection, desired(parse(f"{HEAD}flags: {{}}\n", Path("c.yaml"))[0]), Snapshot({}, {}))


def test_explain_says_which_trait_the_server_cannot_keep(server: Project, run: Run) -> None:
    server.client.post(FEATURES, {"name": "banner"})
    ask = ("flags", "explain", "banner", "-e", "staging", "-i", "ann", "--url", server.url)
    done = run(*ask, "-t", "since=1000000000000")
    assert "Flagsmith cannot keep the trait since, a whole number of more than 32 bits" in done.stdout
    assert "answers 500" in done.stdout
    shown = run(*ask, "-t", "since=1000000000000", "--json")
    assert '"unkept": [' in shown.stdout
    assert "cannot keep" not in run(*ask, "-t", "since=100", "-t", "at='1000000000000'").stdout


def test_the_server_answers_500_to_a_trait_that_it_cannot_keep(server: Project) -> None:
    key = server.environments()["staging"]

    def give(value: object, *, transient: bool = False) -> int:
        trait = {"trait_key": "since", "trait_value": value, "transient": transient}
        body = {"identifier": "ann", "traits": [trait]}
        headers = {"X-Environment-Key": key}
        return httpx.post(f"{server.url}/api/v1/identities/", json=body, headers=headers, trust_env=False).status_code

    assert [give(2**31 - 1), give(2**31), give(10**12, transient=True), give(1e12), give(str(10**12))] == [
        200,
        500,
        200,
        200,
        200,
    ]


def test_an_export_says_which_sizes_its_flagsmith_takes(
    server: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FEATURE_VALUE", 30_000)
    monkeypatch.setattr(limits, "CONDITION_VALUE", 2000)
    monkeypatch.setattr(limits, "CONDITIONS", 150)
    path = tmp_path / "c.yaml"
    path.write_text(
        "limits: {feature_value_limit: 30000, segment_condition_value_limit: 2000,"
        " segment_rules_conditions_limit: 150}\n"
        + segment(", ".join([condition("v" * 1500), *(condition(f"v{n}") for n in range(110))]))
        + f"flags:\n  banner: {FLAG % (', value: ' + 'a' * 25_000)}\n",
        encoding="utf-8",
    )
    assert run("flags", "apply", str(path), "--url", server.url, "--yes").exit_code == 0
    back = tmp_path / "back.yaml"
    done = run("flags", "export", "--url", server.url, "--out", str(back))
    assert "Left out" not in done.stderr
    found = load(back)[0].limits
    assert (found.feature_value_limit, found.segment_condition_value_limit) == (25_000, 1500)
    assert found.segment_rules_conditions_limit == 111
    assert run("flags", "plan", str(back), "--url", server.url).exit_code == 0
