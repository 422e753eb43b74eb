"""Programs of PostgreSQL that are older than what a Cluster's servers mark."""

import pytest

from components.settings import warnings
from tests.components.settings.support import settings
from tests.components.settings.test_cloudnative_pg import clustered


@pytest.mark.parametrize(
    ("programs", "server", "said"),
    [
        ("17.11-bookworm", "17.12-system-trixie", True),
        ("18.6-bookworm", "17.12-system-trixie", True),
        ("17.12-bookworm", "17.12-system-trixie", False),
        ("17.11-bookworm", "17.10-system-trixie", False),
        ("17-bookworm", "17.12-system-trixie", False),
    ],
)
def test_programs_whose_dumps_no_server_of_theirs_takes_are_said(programs: str, server: str, said: bool) -> None:
    stack = clustered({"version": server}, version=programs)
    assert any("pg_attver" in line for line in warnings(settings(**stack))) is said
    assert not any("pg_attver" in line for line in warnings(settings(**stack, backup={"enabled": False})))
