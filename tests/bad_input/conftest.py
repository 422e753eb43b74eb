"""The process that answers bad inputs."""

from collections.abc import Iterator

import pytest

from tests.bad_input.asking import Asking


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """One for all files. It leaves nothing in its home, from which no answer can depend on an earlier one."""
    home = tmp_path_factory.mktemp("home")
    asking = Asking(home)
    yield asking
    asking.end()
    assert list(home.iterdir()) == []
