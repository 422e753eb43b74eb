"""A value in a stack's file is the same to `ff` as it is to Pulumi, whose own reader answered for each."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.settings import Settings, SettingsError, parse
from flagops.errors import OpsError
from flagops.evaluation.evaluate import config_strings
from flagops.stacks.files import Stack, load_stack
from tests.components.settings.support import VALID
from tests.components.text.pulumi_reader import ask, recorded, texts

RECORDED = recorded()
# Of the two, only ff can say what it was: to Pulumi a value that is left out is the empty text.
NOTHING = ("~", "null", "Null", "NULL", "!!null ~", "", "\t")


def written(directory: Path, text: str) -> Path:
    """A project with the stack `blue`, whose one setting is `text`; laid out as the recorded answers were."""
    (directory / "Pulumi.yaml").write_text("name: project\nruntime: python\n", encoding="utf-8")
    indented = text.replace("\n", "\n    ")
    (directory / "Pulumi.blue.yaml").write_text(f"config:\n  project:key: {indented}\n", encoding="utf-8")
    return directory


def read(directory: Path, text: str) -> Stack:
    return load_stack("blue", written(directory, text))


def meant(text: str) -> Any:
    """A text as Pulumi hands it over: its spacing is no part of JSON."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict | list) else text


def test_pulumi_s_reader_answers_what_is_on_record() -> None:
    answers = dict(zip(texts(), ask(texts()), strict=True))
    assert answers == RECORDED
    assert len(answers) > 300


@pytest.mark.parametrize("text", texts())
def test_ff_hands_the_program_what_pulumi_would(tmp_path: Path, text: str) -> None:
    answer = RECORDED[text]
    if "error" in answer:
        with pytest.raises(OpsError, match=r"Pulumi\.blue\.yaml"):
            read(tmp_path, text)
    elif answer["text"] == "" and text in NOTHING:
        with pytest.raises(OpsError, match=r"project:key in Pulumi\.blue\.yaml is null"):
            config_strings(read(tmp_path, text))
    else:
        assert meant(config_strings(read(tmp_path, text))["project:key"]) == meant(answer["text"])


@pytest.mark.parametrize("key", ["env", "host", "replicas", "production", "version"])
def test_the_settings_that_ff_sees_are_those_of_the_program(tmp_path: Path, key: str) -> None:
    """Every recorded value in the place of a setting: the same settings, or both refuse it."""
    accepted = 0
    for text, answer in RECORDED.items():
        if "error" in answer or answer["text"] == "":
            continue
        value = f"\n  A: {text}" if key == "env" and "\n" not in text else text
        handed = json.dumps({"A": meant_within(text)}) if key == "env" and "\n" not in text else answer["text"]
        stack = read(tmp_path, value)
        config = {f"project:{name}": item for name, item in VALID.items()} | {
            f"project:{key}": stack.config["project:key"]
        }
        mine = outcome(lambda config=config, stack=stack: Stack("blue", "project", config, {}, stack.path).settings)
        theirs = outcome(lambda handed=handed: parse({**VALID, key: handed}))
        assert mine == theirs, text
        accepted += isinstance(theirs, Settings)
    assert accepted > 0


def meant_within(text: str) -> Any:
    """A value within a map, as Pulumi hands that over."""
    return json.loads(RECORDED[f"\n  inside:\n    {text}"]["text"])["inside"]


def outcome(settings: Any) -> Any:
    """The settings, or which of them were refused."""
    try:
        return settings()
    except SettingsError as error:
        return [line.partition(" ")[0] for line in error.lines]
