"""Rules of the operator's own."""

import re
from pathlib import Path

import pytest

from policies.check import check
from policies.custom_rules import PolicyError, all_rules
from policies.model import Object, Objects
from policies.rules import RULES
from tests.policies.manifests import deployment
from tests.recording import ROOT

EXAMPLES = ROOT / "examples" / "policies"


def test_the_example_is_kept_beside_the_platform_s_rules() -> None:
    rules = all_rules(EXAMPLES)
    assert rules[: len(RULES)] == RULES
    assert [rule.id for rule in rules[len(RULES) :]] == ["team-label"]
    own = rules[len(RULES) :]
    (found,) = check(Objects((Object(deployment()),)), own).violations
    assert str(found).startswith("team-label: Deployment flags/flagsmith: metadata.labels[example.com/team] = missing")
    labelled = deployment()
    labelled["metadata"]["labels"] = {"example.com/team": "flags"}
    assert check(Objects((Object(labelled),)), own).violations == ()


def test_without_files_there_are_the_platform_s_rules(tmp_path: Path) -> None:
    assert all_rules(tmp_path) == RULES
    assert all_rules(tmp_path / "absent") == RULES


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def broken(:", "SyntaxError"),
        ("", "has no list RULES"),
        ("RULES = [1]", "has no list RULES"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("from policies.rules.images import RULES", "Two rules have the id 'image-tag'"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.py").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=re.escape(message)) as error:
        all_rules(tmp_path)
    assert str(tmp_path) in str(error.value)


def test_every_rule_is_told_in_full() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
        for text in (rule.description, rule.remedy):
            assert text.endswith("."), rule.id
        assert not rule.title.endswith("."), rule.id
