"""A double, served, for tests to break."""

from collections.abc import Iterator

import pytest

from tests.doubles.flagsmith import Flagsmith, serve


@pytest.fixture
def flagsmith() -> Iterator[Flagsmith]:
    with serve(Flagsmith()) as served:
        served.add_environments("development", "production")
        yield served


@pytest.fixture
def key(flagsmith: Flagsmith) -> str:
    """The client-side key of development."""
    return str(flagsmith.database.one("environments", name="development")["api_key"])
