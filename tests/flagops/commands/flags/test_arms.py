"""Rollouts whose guard compares who has the feature with who does not: at each step, somebody must not have it yet."""

from pathlib import Path

import pytest

from tests.flagops.commands.flags.test_validate import HEAD, problems

GUARDS = """guards:
  arms: {compare: {events: a, total: b, label: l}, at_most: 2}
  errors: {query: up, at_most: 1}
"""


def rollout(home: Path, steps: str, guards: str) -> list[str]:
    """What is wrong with a rollout that has these steps and guards."""
    said = f"rollout: {{steps: {steps}, guards: {guards}}}"
    banner = f"  banner: {{description: A, owner: w, kind: ops, enabled: false, {said}}}\n"
    return problems(home, HEAD.replace("flags:\n", f"{GUARDS}flags:\n{banner}"))


@pytest.mark.parametrize(("guards", "number"), [("[arms]", 0), ("[errors, arms]", 1)])
def test_there_is_nobody_to_compare_with_where_the_first_step_is_everybody(
    tmp_path: Path, guards: str, number: int
) -> None:
    (found,) = rollout(tmp_path, "[{to: 100}]", guards)
    said = "arms compares with those who do not have it yet, and the first step is everybody: put a smaller one before"
    assert found.endswith(f": flags.banner.rollout.guards[{number}]: {said}")


@pytest.mark.parametrize(
    ("steps", "guards"), [("[{to: 5, for: 1h}, {to: 100}]", "[errors, arms]"), ("[{to: 100}]", "[errors]")]
)
def test_a_smaller_step_before_is_enough_and_a_query_needs_none(tmp_path: Path, steps: str, guards: str) -> None:
    assert rollout(tmp_path, steps, guards) == []
