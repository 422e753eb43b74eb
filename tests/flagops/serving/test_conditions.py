"""A document from elsewhere whose conditions the engine never ends with, or fails at, is refused in words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.catalogue.conditions import LONGEST_FLAG, Expressions
from flagops.commands.flags.serve.conditions import DEEPEST, check_answerable
from flagops.errors import AnswerError
from flagops.serving.engine import paths
from flagops.serving.engine.context import context_of, evaluate, for_user
from tests.flagops.commands.flags.support import Run
from tests.flagops.serving.support import Served, served_file

ENDLESS = r"(a+)+$"
TRICKY = "a" * 40 + "!"
Conditions = Callable[..., dict[str, Any]]


@pytest.fixture
def document(example: Served) -> Conditions:
    """The example's document whose first segment has one condition, and a value that it can be asked about."""

    def made(operator: str, value: Any, asked: str = "plan", **rule: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(json.dumps(example.state.environments["production"].document))
        condition = {"operator": operator, "value": value, "property_": asked}
        found["project"]["segments"][0]["rules"] = [{"type": "ALL", "rules": [], "conditions": [condition], **rule}]
        return found

    return made


BAD = [
    ("REGEX", ENDLESS, "plan", "never ends for some texts"),
    ("REGEX", "(", "plan", "is no regular expression as Python reads them"),
    ("REGEX", "x" * 1001, "plan", "has 1001 characters; an expression can have 1000"),
    ("EQUAL", "x", "$..*", "asks about '$..*'; this looks at more than one place"),
    ("EQUAL", "x", "$.features[?match(@.name, '(a+)+')]", "this looks at more than one place"),
    ("EQUAL", "x", "$.a[99999999999999999999]", "this is no path that Flagsmith's engine can follow"),
    ("EQUAL", "x", "x" * 1001, "this has 1001 characters; Flagsmith takes 1000"),
    ("MODULO", "0|0", "age", "divides by 0"),
    ("MODULO", "-0.0|1", "age", "divides by 0"),
    ("PERCENTAGE_SPLIT", None, "", "is no number"),
    ("PERCENTAGE_SPLIT", "half", "", "is no number"),
    ("IN", None, "plan", "has no values"),
]


@pytest.mark.parametrize(("operator", "value", "asked", "said"), BAD)
def test_a_saved_document_is_refused_with_the_segment_and_the_reason(
    document: Conditions, run: Run, tmp_path: Path, operator: str, value: Any, asked: str, said: str
) -> None:
    path = tmp_path / "production.json"
    path.write_text(json.dumps(document(operator, value, asked)), encoding="utf-8")
    for command in (("serve", "--port", "0"), ("document", "-e", "production")):
        done = run("flags", *command, "--from", str(path))
        assert (done.exit_code, done.stdout) == (1, "")
        assert f"{path} cannot be served: its segment 'premium_users' has a condition with {operator} " in done.stderr
        assert said in done.stderr
        assert "Change it there" in done.stderr


@pytest.mark.parametrize(
    ("operator", "value", "asked"),
    [
        ("REGEX", r"^.*@example\.com$", "email"),
        ("REGEX", "^ok$", "$.flags.banner.value"),
        ("EQUAL", "x", "$.identity.identifier"),
        ("EQUAL", "x", "$.a b, which is a trait's name"),
        ("MODULO", "2|0", "age"),
        ("MODULO", "nonsense", "age"),
        ("IN", "[1, 2", "plan"),
        ("PERCENTAGE_SPLIT", "20", ""),
        ("EQUAL", None, "plan"),
        ("UNHEARD_OF", "x", "plan"),
    ],
)
def test_what_the_engine_can_answer_is_taken(document: Conditions, operator: str, value: Any, asked: str) -> None:
    found = document(operator, value, asked)
    check_answerable(found, "it", Expressions())
    for traits in ({}, {asked: 7}, {asked: TRICKY}, {asked: 1.5}, {asked: True}):
        assert evaluate(for_user(context_of(found), "anna", traits))["flags"]


def test_rules_of_an_unknown_type_and_rules_without_end_are_refused(document: Conditions) -> None:
    with pytest.raises(AnswerError, match="has a rule of the type 'SOME'; the engine knows ALL, ANY, NONE"):
        check_answerable(document("EQUAL", "x", type="SOME"), "it", Expressions())
    deep: dict[str, Any] = {"type": "ALL", "rules": [], "conditions": []}
    for _ in range(DEEPEST):
        deep = {"type": "ALL", "rules": [deep], "conditions": []}
    with pytest.raises(AnswerError, match="has rules within one another, more than 20 deep"):
        check_answerable(document("EQUAL", "x", rules=[deep]), "it", Expressions())


def test_an_expression_is_looked_at_for_the_longest_text_that_it_can_meet(document: Conditions) -> None:
    """A flag's value can be ten times as long as a trait."""
    slow = r"^.*foo.*bar.*$"
    check_answerable(document("REGEX", slow, "plan"), "it", Expressions())
    found = document("REGEX", slow, "$.flags.banner.value")
    check_answerable(found, "it", Expressions())
    found["feature_states"][0]["feature_state_value"] = "x" * LONGEST_FLAG
    with pytest.raises(AnswerError, match="takes too long for some texts"):
        check_answerable(found, "it", Expressions())


def test_a_document_that_becomes_endless_leaves_the_last_good_state(document: Conditions, tmp_path: Path) -> None:
    path = tmp_path / "production.json"
    path.write_text(json.dumps(document("EQUAL", "premium")), encoding="utf-8")
    with served_file(path) as served:
        before = served.flags("production", "anna", plan="premium")
        path.write_text(json.dumps(document("REGEX", ENDLESS)), encoding="utf-8")
        assert "never ends for some texts" in served.wait()
        assert served.flags("production", "anna", plan=TRICKY).keys() == before.keys()
        assert served.flags("production", "anna", plan="premium") == before


def test_a_path_that_looks_everywhere_is_refused_in_a_catalogue_too(run: Run, tmp_path: Path, catalogue: Path) -> None:
    path = tmp_path / "bad.yaml"
    text = catalogue.read_text(encoding="utf-8")
    for asked, said in (
        ("$..*", "is '$..*', which looks at more than one place"),
        ("$.a[?@.b == 1]", "looks at more than one place"),
    ):
        path.write_text(text.replace("trait: plan,", f'trait: "{asked}",', 1), encoding="utf-8")
        done = run("flags", "validate", str(path))
        assert done.exit_code == 1
        assert said in done.stdout + done.stderr
    slow = "{trait: $.flags.x.value, operator: REGEX, value: '^.*foo.*bar.*$'}"
    path.write_text(text.replace("{trait: plan, operator: EQUAL, value: premium}", slow), encoding="utf-8")
    done = run("flags", "validate", str(path))
    assert (done.exit_code, "takes too long for some texts" in done.stdout + done.stderr) == (1, True)


def test_what_is_a_trait_s_name_is_no_path() -> None:
    assert paths.problem_of("plan") is None
    assert paths.problem_of("$plan") is None
    assert paths.problem_of("$.") is None
