"""The process that answers bad inputs."""

from collections.abc import Iterator

import pytest

from tests.bad_input.asking import Asking


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """One for all files. No job may leave a file in the home that they share, where a later one could find it."""
    home = tmp_path_factory.mktemp("home")
    asking = Asking(home)
    yield asking
    asking.end()
    assert list(home.iterdir()) == []
