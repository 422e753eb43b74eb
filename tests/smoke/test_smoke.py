"""The smoke tests as pytest tests: `pytest tests/smoke --url URL`; without --url against the double."""

import pytest

from ops.smoke.keys import Keys
from ops.smoke.model import Outcome, Place
from ops.smoke.suite import run_one


def test_check(check: str, place: Place, keys: Keys) -> None:
    result = run_one(check, place, keys)
    if result.outcome is Outcome.SKIPPED:
        pytest.skip(result.detail)
    assert result.outcome is Outcome.PASSED, result.detail
