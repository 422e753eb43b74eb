"""What is said of another client key: before it is made, and what does not know it yet."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flagops.commands.keys import rotated
from flagops.stacks.deployed import Instance
from flagops.stacks.files import load_stack
from tests.recording import ROOT

EDGE = {"enabled": True}
THEIRS = {"existingSecrets": {"production": "shop-keys"}}
UP = "`ff keys adopt --stack local`, then `ff up --stack local`"


def stack_with(settings: dict[str, Any]) -> Instance:
    stack = load_stack("local", ROOT)
    config = {**stack.config, **{f"feature-flags:{key}": value for key, value in settings.items()}}
    changed = replace(stack, config=config)
    return cast("Instance", SimpleNamespace(stack=changed, settings=changed.settings))


@pytest.mark.parametrize(
    ("settings", "environment", "said"),
    [
        ({}, "production", [f"The stack's own Secret has the old one until you run {UP}."]),
        ({}, "of another project", []),
        ({"sdkKeys": THEIRS}, "production", ["The Secret shop-keys, which you make, has the old one"]),
        (
            {"edge": EDGE},
            "production",
            ["The stack's own Secret has the old one", f"The edge has the old one too, until you run {UP}"],
        ),
        ({"edge": EDGE}, "of another project", []),
        (
            {"sdkKeys": {"exported": True}},
            "production",
            ["The stack's own Secret has the old one", "Edges elsewhere that take keys from the output edgeKeys have"],
        ),
        ({"sdkKeys": {"exported": True}}, "of another project", []),
        (
            {"edge": {**EDGE, "existingSecret": "edge-keys"}},
            "of another project",
            ["The edge has the old one: put the new one into the Secret edge-keys, then run `ff restart"],
        ),
    ],
)
def test_everything_that_has_the_old_key_is_named(settings: dict[str, Any], environment: str, said: list[str]) -> None:
    found = list(rotated.after(stack_with(settings), environment))
    assert len(found) == len(said)
    assert all(line.startswith(start) for line, start in zip(found, said, strict=True)), found


def test_an_edge_goes_on_with_the_old_key_and_refuses_the_new_one() -> None:
    (alone,) = rotated.before(stack_with({}), "production")
    assert "is refused (403) within 5 s" in alone
    before, edge = rotated.before(stack_with({"edge": EDGE}), "production")
    assert before == alone
    *_, elsewhere = rotated.before(stack_with({"sdkKeys": {"exported": True}}), "production")
    assert elsewhere.startswith("So do the edges elsewhere")
    assert "answers 401 to those with the new one" in edge
