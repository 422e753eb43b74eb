"""The smoke tests as pytest tests: `pytest tests/smoke --url URL`; without --url against the double."""

import pytest

from flagops.commands.smoke.model import CheckStatus
from flagops.commands.smoke.suite import run_one
from flagops.commands.smoke.visit import Visit


def test_check(check: str, visit: Visit) -> None:
    result = run_one(check, visit)
    if result.outcome is CheckStatus.SKIPPED:
        pytest.skip(result.detail)
    assert result.outcome is CheckStatus.PASSED, result.detail
