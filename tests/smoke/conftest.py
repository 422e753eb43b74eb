"""The Flagsmith to test: the one at --url, else the double."""

from collections.abc import Iterator

import pytest

from flagops.commands.smoke import suite
from flagops.commands.smoke.deployed import place_at
from flagops.commands.smoke.model import SECONDS, SmokeTarget
from flagops.commands.smoke.visit import Visit
from flagops.commands.smoke.visit import visit as open_visit
from flagops.flagsmith_api.client import FlagsmithClient
from tests.doubles.flagsmith import Flagsmith, serve

NEED_TLS = ("certificate", "redirect")
NEED_A_STACK = ("edge", "edge-documents")
# They look at public names, of which the double has none.
NEED_AN_ADDRESS = ("unpublished", "further-names")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each check, without those that --skip names and those that the address rules out."""
    if "check" not in metafunc.fixturenames:
        return
    url = metafunc.config.getoption("--url") or ""
    skipped = metafunc.config.getoption("--skip") or []
    ruled_out = [*NEED_A_STACK]
    if not url:
        ruled_out += NEED_AN_ADDRESS
    if not url.startswith("https://"):
        ruled_out += NEED_TLS
    metafunc.parametrize("check", suite.chosen([*skipped, *ruled_out]))


@pytest.fixture(scope="session")
def place(pytestconfig: pytest.Config) -> Iterator[SmokeTarget]:
    url = pytestconfig.getoption("--url")
    if url:
        yield place_at(
            url,
            environment=pytestconfig.getoption("--environment"),
            environment_key=pytestconfig.getoption("--environment-key"),
            version=pytestconfig.getoption("--expect-version"),
            seconds=SECONDS,
        )
        return
    with serve(Flagsmith()) as flagsmith:
        flagsmith.add_environments("development")
        with FlagsmithClient(flagsmith.url) as client:
            client.log_in(flagsmith.email, flagsmith.password)
            client.post("/api/v1/projects/1/features/", {"name": "banner", "initial_value": "hello"})
        yield SmokeTarget(
            url=flagsmith.url,
            environment="development",
            version=flagsmith.version,
            staleness=1,
            authenticate=lambda client: client.log_in(flagsmith.email, flagsmith.password),
        )


@pytest.fixture(scope="session")
def visit(place: SmokeTarget) -> Iterator[Visit]:
    with open_visit(place) as opened:
        yield opened
