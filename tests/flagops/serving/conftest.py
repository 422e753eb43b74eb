"""The example's catalogue, served."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flagops.serving.support import EXAMPLE, Served, served_file


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """A copy of the example's, to be edited."""
    path = tmp_path / "catalogue.yaml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    return path


@pytest.fixture
def service(catalogue: Path) -> Iterator[Served]:
    with served_file(catalogue) as found:
        yield found


@pytest.fixture(scope="module")
def example() -> Iterator[Served]:
    """One for all tests of a module that change nothing that the others see."""
    with served_file(EXAMPLE) as found:
        yield found
