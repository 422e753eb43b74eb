"""Commands that only show a stack evaluate its program: for tests that call several, once for each stack."""

import pickle
from pathlib import Path

import pytest

from flagops.evaluation.evaluate import evaluate
from flagops.evaluation.generated import Placeholders
from flagops.evaluation.program import Program
from flagops.stacks.files import Stack
from tests.everywhere import replace_everywhere


@pytest.fixture(scope="module")
def evaluated() -> dict[str, bytes]:
    """The programs that the tests of a file have asked for."""
    return {}


@pytest.fixture
def evaluated_once(evaluated: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluate the same stack of the same project once; each command has a copy. With generated values, each time.

    It is for tests that change nothing of a project but the files of its stacks.
    """

    def once(
        root: Path,
        stack: Stack,
        generated: dict[str, str],
        api_versions: tuple[str, ...] | None = None,
        environments: tuple[str, ...] | None = None,
    ) -> Program:
        if not isinstance(generated, Placeholders):
            return evaluate(root, stack, generated, api_versions, environments)
        asked = repr((root, stack, api_versions, environments))
        if asked not in evaluated:
            evaluated[asked] = pickle.dumps(evaluate(root, stack, generated, api_versions, environments))
        program = pickle.loads(evaluated[asked])  # noqa: S301 - our own
        assert isinstance(program, Program)
        generated.update(program.generated)
        return program

    replace_everywhere(monkeypatch, "flagops.evaluation.evaluate.evaluate", once)
