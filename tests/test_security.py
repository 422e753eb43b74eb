"""SECURITY.md: what it names is there, and each sentence has its proof. Whether it holds is for those tests to say."""

import ast
import re
from collections.abc import Iterator

import pytest

from components.settings import Settings
from flagops.commands.docs.configuration_page import entries
from tests.recording import ROOT
from tests.security_page import PROMISING, PROSE, promises, proofs, rows, section, sentences

# What is not a test: of what is not defended, of what is yours to do, and with the reason of what cannot be tried here.
WITHOUT_TEST = re.compile(r"(a limit|advice|not tested: .{8,})")
DEFENCES = "| threat | defence | setting | proof |"


def defences() -> Iterator[list[str]]:
    """The cells of each row of the table of defences."""
    found = section("Defences")
    assert DEFENCES in found.splitlines()
    return rows(found)


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_setting_that_defends_exists() -> None:
    known = {entry.key.replace("[]", "").removesuffix(".*") for entry in entries(Settings)}
    named = [name for _, _, settings, _ in defences() for name in quoted(settings)]

    assert len(named) > 15
    assert [name for name in named if name not in known] == []


def test_every_proof_is_a_file_with_tests() -> None:
    for threat, _, _, proof in defences():
        files = quoted(proof)
        assert files or (ROOT / proof).is_file(), threat
        for name in files:
            assert "\ndef test_" in (ROOT / name).read_text(encoding="utf-8"), f"{threat}: {name}"


@pytest.mark.parametrize("name", [*PROMISING, *PROSE])
def test_every_sentence_that_promises_has_its_proof_and_no_proof_is_left_over(name: str) -> None:
    said, proved = promises()[name], proofs()[name]

    assert len(said) > 5
    assert [text for text in said if text not in proved] == []
    assert [text for text in proved if text not in said] == []


def test_every_test_that_is_named_as_a_proof_exists() -> None:
    named = {
        test for proved in proofs().values() for proof in proved.values() for test in quoted(proof) if "::" in test
    }
    there = {
        f"{file}::{node.name}"
        for file in {test.partition("::")[0] for test in named}
        for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }

    assert len(named) > 60
    assert sorted(named - there) == []


def test_what_has_no_test_says_why_and_a_defence_is_no_limit() -> None:
    for name, proved in proofs().items():
        for text, proof in proved.items():
            if not re.match(r"`tests/[\w/]+\.py::test_\w+`", proof):
                assert WITHOUT_TEST.fullmatch(proof), text
                assert name not in PROMISING or proof.startswith("not tested: "), text


def test_a_sentence_ends_at_a_full_stop_or_a_semicolon() -> None:
    text = "**One** of 2.265.0, `a.b` ([why](x.md)). And two; three.\n  `ff` is four."
    assert sentences(text) == ["One of 2.265.0, `a.b` (why)", "And two", "three", "`ff` is four"]
