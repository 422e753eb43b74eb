"""An export never fails for one odd value: it says it in another way, or says what it leaves out, and goes on."""

from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.catalogue.load import load
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.test_overrides import FEATURES, SEGMENTS
from tests.flagops.commands.flags.test_settle import export

ODD_VALUES = {
    "half a surrogate": '{"a":"\\ud83d"}',
    "deep lists": "[" * 30 + "]" * 30,
    "deeper lists than Python reads": "[" * 9000 + "]" * 9000,
    "a key twice": '{"a":1,"a":2}',
    "a number without an end": '{"a":1e999}',
    "a number that YAML writes otherwise": '{"a":1.0,"b":1E2}',
    "a number of many digits": '{"a":' + "9" * 5000 + "}",
    "keys that nobody sees": '{"a\\u0007b":1}',
    "values that nobody sees": '{"a":"\\u0000\\u2028"}',
    "no JSON": "{a}",
    "a bell": "a\x07b",
    "a line break and quotes": "a\n'b\" \\ c",
    "a byte order mark": "\ufeffa",
    "the end of Unicode": "\uffff \U0010ffff",
    "a merge key": '{"<<":{"a":1}}',
    "a word of YAML as a key": '{"on":"no","~":"null","1":"0x1"}',
}


@pytest.mark.parametrize("what", ODD_VALUES)
def test_a_value_is_exported_as_it_is(server: Project, run: Run, tmp_path: Path, what: str) -> None:
    text = ODD_VALUES[what]
    server.client.post(FEATURES, {"name": "odd", "initial_value": text})
    server.client.post(FEATURES, {"name": "plain", "initial_value": "a"})
    path, left_out = export(server, run, tmp_path)
    assert left_out == []
    assert set(load(path)[0].flags) == {"odd", "plain"}


def _make_segment(server: Project, **values: Any) -> None:
    conditions = [{"property": "p", "operator": "EQUAL", "value": "x"}]
    rules = [{"type": "ALL", "rules": [{"type": "ALL", "conditions": conditions}], "conditions": []}]
    server.client.post(SEGMENTS, {"name": "some", "description": "x", "rules": rules, **values})


def test_what_yaml_or_a_catalogue_cannot_say_is_left_out_with_its_reason(
    server: Project, run: Run, tmp_path: Path
) -> None:
    server.client.post(FEATURES, {"name": "bell", "description": "a\x07b"})
    server.client.post(FEATURES, {"name": "plain", "description": "x"})
    _make_segment(server, name="odd", description="a\x1bb")
    _make_segment(server)
    path, left_out = export(server, run, tmp_path)
    assert left_out == [
        "Left out: segment odd: description is 'a\\x1bb', which holds \\x1b, an invisible character",
        "Left out: flag bell: description is 'a\\x07b', which holds \\x07, an invisible character",
    ]
    declared = load(path)[0]
    assert (list(declared.flags), list(declared.segments)) == (["plain"], ["some"])


def test_an_environment_with_a_name_that_no_catalogue_has_is_left_out(
    server: Project, run: Run, tmp_path: Path
) -> None:
    for name in ("Production", "a\x07b"):
        server.client.post("/api/v1/environments/", {"name": name, "project": 1})
    server.client.post(FEATURES, {"name": "plain", "description": "x"})
    path, left_out = export(server, run, tmp_path)
    assert sorted(line.split(": ")[1] for line in left_out) == ["environment Production", "environment a\\x07b"]
    assert load(path)[0].environments == ("development", "staging", "production")


def test_a_segment_that_the_engine_fails_at_is_left_out_with_what_uses_it(
    server: Project, run: Run, tmp_path: Path
) -> None:
    conditions = [{"property": None, "operator": "EQUAL", "value": "x"}]
    rules = [{"type": "ALL", "rules": [{"type": "ALL", "conditions": conditions}], "conditions": []}]
    _make_segment(server, rules=rules)
    _, left_out = export(server, run, tmp_path)
    assert left_out == ["Left out: segment some: all[0] lacks the key 'trait', of which EQUAL asks"]
