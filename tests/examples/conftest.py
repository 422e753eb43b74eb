"""The catalogue, served as by `ff flags serve`, and the two programs of `examples/` that are run against it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.documents.documents import documents
from flagops.commands.flags.reconcile.desired import desired
from flagops.serving.server.state import Loaded
from tests.doubles.flagsmith import Flagsmith, serve
from tests.examples.seed import seed
from tests.flagops.serving.support import Served, served_loaded, wait_until
from tests.recording import ROOT

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

    from tests.examples.browser import Page

EXAMPLES = ROOT / "examples"
SECONDS = 60
SERVER_KEY = "ser.of-the-tests-alone"


@dataclass(frozen=True)
class Service:
    """The catalogue's environment `development`, as the examples want its address and keys.

    Attributes:
        root: The address without the API's path.
        client_key: The client-side key.
        server_key: The server-side key.
    """

    root: str
    client_key: str
    server_key: str

    @property
    def url(self) -> str:
        return f"{self.root}/api/v1/"

    def key(self, evaluation: str) -> str:
        """The key with which a program evaluates flags this way."""
        return self.server_key if evaluation == "local" else self.client_key

    def flags(self, identity: str, traits: Mapping[str, object] | None = None) -> dict[str, tuple[bool, Any]]:
        """What a user's flags are: on or off, and the value."""
        body = {
            "identifier": identity,
            "traits": [{"trait_key": key, "trait_value": value} for key, value in (traits or {}).items()],
        }
        headers = {"X-Environment-Key": self.client_key}
        found = httpx.post(f"{self.url}identities/", json=body, headers=headers).json()["flags"]
        return {row["feature"]["name"]: (row["enabled"], row["feature_state_value"]) for row in found}

    def identity_in(self, variant: str) -> str:
        """Somebody who sees this dashboard."""
        names = (f"user-{number}" for number in range(1000))
        return next(name for name in names if self.flags(name)["dashboard_ab_test"] == (True, variant))


@dataclass(frozen=True)
class FromGit(Service):
    """The same from `ff flags serve`, with what was asked and reported."""

    served: Served

    def set(self, flag: str, *, enabled: bool, **value: str) -> None:
        """Switch a flag for everybody, as its page does; with `value` the name of a variation."""
        said = {"flag": flag, "environment": "development", "enabled": enabled, **value}
        httpx.post(f"{self.root}/_ff/set", json=said).raise_for_status()

    def stop(self) -> None:
        """End it; from then on nobody answers there."""
        self.served.server.stop()
        wait_until(self._is_refused)

    def _is_refused(self) -> bool:
        try:
            httpx.get(self.root)
        except httpx.TransportError:
            return True
        return False

    def used(self) -> dict[str, int]:
        """How often each flag was read, as far as it was reported."""
        return {flag: reads.all for (_, flag), reads in self.served.state.reports.reads.items()}

    def asked(self, method: str, path: str) -> int:
        """How often somebody asked for this."""
        requests = self.served.state.reports.requests
        return sum(1 for item in requests if (item.method, item.path) == (method, path))


@dataclass(frozen=True)
class Faulty(Service):
    """The same from the double of a Flagsmith, which can hang and fail."""

    flagsmith: Flagsmith


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load(ROOT / "flags" / "catalogue.yaml")[0]


@contextmanager
def serving(catalogue: Catalogue) -> Iterator[FromGit]:
    """The catalogue's flags, from git."""
    loaded = Loaded(documents(catalogue.project, desired(catalogue)), {})
    with served_loaded(loaded) as found:
        keys = found.state.keys["development"]
        yield FromGit(found.url.rstrip("/"), keys.client_side, keys.server_side, found)


@pytest.fixture(scope="session")
def seeded(catalogue: Catalogue) -> Flagsmith:
    """A double with the catalogue's flags, to copy: to apply them takes longer than an example runs."""
    with serve(Flagsmith()) as flagsmith:
        flagsmith.add_environments("development")
        seed(flagsmith, catalogue)
    flagsmith.database.insert("server_keys", key=SERVER_KEY, active=True, expires_at=None, environment=1)
    return flagsmith


@pytest.fixture
def service(catalogue: Catalogue) -> Iterator[FromGit]:
    with serving(catalogue) as made:
        yield made


@pytest.fixture
def broken(seeded: Flagsmith) -> Iterator[Faulty]:
    """The catalogue's flags, from a double of this test's own."""
    with serve(Flagsmith()) as flagsmith:
        flagsmith.take(seeded)
        key = str(flagsmith.database.one("environments", name="development")["api_key"])
        yield Faulty(flagsmith.url, key, SERVER_KEY, flagsmith)


@dataclass(frozen=True)
class Run:
    """What a program did: with which code it ended, what it printed, and how long it took."""

    code: int
    text: str
    notice: str
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def flags(self) -> dict[str, tuple[bool, Any]]:
        return {name: (flag["enabled"], flag["value"]) for name, flag in self.json["flags"].items()}


@dataclass(frozen=True)
class Program:
    """One of the examples that are programs."""

    command: tuple[str, ...]
    home: Path

    def run(self, *arguments: str, url: str = "", key: str = "") -> Run:
        """Run it; neither of its streams may hold the key."""
        variables = {"FLAGSMITH_API_URL": url, "FLAGSMITH_ENVIRONMENT_KEY": key}
        environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **variables}
        start = time.monotonic()
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
        assert not key or key not in done.stdout + done.stderr
        return Run(done.returncode, done.stdout, done.stderr, time.monotonic() - start)


def node(example: str) -> str:
    """Where Node is; skips the test where it, or what `make examples` makes, is missing."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed: see examples/node/README.md")
    if not (EXAMPLES / example / "node_modules").is_dir():
        pytest.skip(f"the packages of examples/{example} are not installed: make examples")
    return program


PROGRAMS: Mapping[str, Callable[[], Program]] = {
    "python": lambda: Program((sys.executable, "-m", "footanalytics"), EXAMPLES / "python"),
    "node": lambda: Program((node("node"), "src/main.js"), EXAMPLES / "node"),
}


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Program:
    return PROGRAMS[request.param]()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Chrome"]:
    from tests.examples.browser import chromium  # which asks this file what there is

    with chromium(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def page(browser: "Chrome") -> Iterator["Page"]:
    from tests.examples.browser import Page  # which asks this file what there is

    found = Page(browser)
    yield found
    browser.get("about:blank")
    found.said()
