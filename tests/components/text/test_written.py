"""A text that is written is read as that text: by YAML 1.1, by Pulumi's parser, and by kubectl's."""

import pytest
import yaml

from components.text import yaml12
from components.text.yaml_written import dumped
from tests.components.text.pulumi_reader import SCALARS


@pytest.mark.parametrize("text", sorted({*SCALARS, "a: b", "# a", "- a", "{{ a }}", "[a", "a\nb", " a", "a\u0085b"}))
def test_a_text_is_read_as_that_text(text: str) -> None:
    for written in (dumped({"key": text}), dumped({"key": text}, default_flow_style=True, allow_unicode=True)):
        assert yaml12.read(written) == {"key": text}
        assert yaml.safe_load(written) == {"key": text}
    if text != "<<":  # as a key it merges, in quotes too
        assert yaml12.read(dumped({text: "value"})) == {text: "value"}


@pytest.mark.parametrize("text", ["1e3", "0o17", "0b11", "1_0.5", "12e03", "y", "N", "no", "2026-1-2", "5.", "~"])
def test_what_some_reader_takes_for_something_else_is_in_quotes(text: str) -> None:
    assert dumped({"key": text}) == f"key: '{text}'\n"


def test_other_values_are_themselves() -> None:
    value = {"b": [1, 1.5, True, None, "1e3x", "v1.2"], "a": {}}
    assert dumped(value, default_flow_style=True) == "{b: [1, 1.5, true, null, 1e3x, v1.2], a: {}}\n"
