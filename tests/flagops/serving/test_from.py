"""`ff flags serve --from` a stack or an address: what is there is served, and what is wrong is said."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from flagops.commands.flags.catalogue.load import load
from flagops.flagsmith_api import connect, deployed
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.stacks.deployed import Instance
from tests.doubles.flagsmith import Flagsmith, serve
from tests.examples.seed import seed
from tests.flagops.commands.flags.support import API_KEY, ENVIRONMENTS, EXAMPLE, Run
from tests.flagops.serving.support import SECONDS, wait_until
from tests.servers import free_port

PREMIUM = {"plan": "premium", "country": "IL"}
USERS = [(f"user-{number}", PREMIUM if number % 2 else {}) for number in range(40)]
STACK = "staging"
PASSWORD = "only-the-administrator-knows"


@pytest.fixture(scope="module")
def flagsmith() -> Iterator[Flagsmith]:
    """A Flagsmith that has the example's catalogue."""
    with pytest.MonkeyPatch.context() as patch, serve(Flagsmith(password=PASSWORD)) as made:
        patch.setattr(FlagsmithClient, "limit_rate", lambda *_: None)
        made.database.api_keys.add(API_KEY)
        made.add_environments(*ENVIRONMENTS)
        seed(made, load(EXAMPLE)[0])
        yield made


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The organisation's key is given."""
    monkeypatch.setenv("FLAGSMITH_API_KEY", API_KEY)


@pytest.fixture
def stack(flagsmith: Flagsmith, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stack whose port-forward ends at the double, with its name."""
    settings = SimpleNamespace(admin=SimpleNamespace(project=flagsmith.project), admin_email=flagsmith.email)
    instance = cast("Instance", SimpleNamespace(stack=SimpleNamespace(name=STACK), settings=settings))

    @contextmanager
    def opened(name: str, *, needs_containers: bool = False) -> Iterator[Instance]:
        assert (name, needs_containers) == (STACK, True)
        yield instance

    @contextmanager
    def forwarded(of: Instance) -> Iterator[FlagsmithClient]:
        assert of is instance
        with FlagsmithClient(flagsmith.url) as client:
            yield client

    monkeypatch.delenv("FLAGSMITH_API_KEY", raising=False)
    monkeypatch.setattr(connect, "open_instance", opened)
    monkeypatch.setattr(connect, "flagsmith", forwarded)
    monkeypatch.setattr(deployed, "password", lambda _: PASSWORD)
    return STACK


def answers(api: str, key: str) -> list[dict[str, tuple[bool, Any]]]:
    """What each user gets there, by an environment's client-side key."""
    found = []
    with httpx.Client(headers={"X-Environment-Key": key}, timeout=SECONDS) as client:
        for identifier, traits in USERS:
            given = [{"trait_key": name, "trait_value": value} for name, value in traits.items()]
            body = {"identifier": identifier, "traits": given, "transient": True}
            rows = client.post(f"{api}identities/", json=body).raise_for_status().json()["flags"]
            found.append({row["feature"]["name"]: (row["enabled"], row["feature_state_value"]) for row in rows})
    return found


class _Asker:
    """Asks the command that the main thread runs once it is ready, and then ends it as Ctrl-C does."""

    def __init__(self, ready: Path, environment: str) -> None:
        self._ready, self._environment = ready, environment
        self.found: list[dict[str, tuple[bool, Any]]] = []
        self.thread = threading.Thread(target=self._ask)

    def _ask(self) -> None:
        wait_until(self._ready.exists)
        try:
            told = json.loads(self._ready.read_text(encoding="utf-8"))
            self.found = answers(told["api_url"], told["environments"][self._environment]["client_side_key"])
        finally:
            os.kill(os.getpid(), signal.SIGINT)


def asked(run: Run, ready: Path, *words: str) -> tuple[Any, list[dict[str, tuple[bool, Any]]]]:
    """What `ff flags serve` printed, and what it gave to each user in production."""
    asker = _Asker(ready, "production")
    asker.thread.start()
    done = run("flags", "serve", "--port", "0", "--ready-file", str(ready), *words)
    asker.thread.join(SECONDS)
    return done, asker.found


def key_of(flagsmith: Flagsmith, environment: str) -> str:
    rows = flagsmith.database.rows("environments", name=environment)
    return str(rows[0]["api_key"])


@pytest.mark.usefixtures("key")
def test_users_get_from_here_what_they_get_from_there(flagsmith: Flagsmith, run: Run, tmp_path: Path) -> None:
    done, found = asked(run, tmp_path / "ready.json", "--from", flagsmith.url)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"{flagsmith.url} (8 flags, 3 environments) is served at http://127.0.0.1:")
    assert found == answers(f"{flagsmith.url}/api/v1/", key_of(flagsmith, "production"))
    assert API_KEY not in done.stdout + done.stderr


def test_a_stack_is_read_as_its_administrator(flagsmith: Flagsmith, stack: str, run: Run, tmp_path: Path) -> None:
    done, found = asked(run, tmp_path / "ready.json", "--from", stack)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"the stack {STACK} (8 flags, 3 environments) is served at ")
    assert found == answers(f"{flagsmith.url}/api/v1/", key_of(flagsmith, "production"))
    assert PASSWORD not in done.stdout + done.stderr


def test_what_is_deployed_can_be_overridden_here_and_stays_there(flagsmith: Flagsmith, stack: str, run: Run) -> None:
    before = answers(f"{flagsmith.url}/api/v1/", key_of(flagsmith, "production"))
    done = run("flags", "document", "-e", "production", "--from", stack, "--set", "hebrew_ui_enabled=off")
    assert done.exit_code == 0, done.stderr
    states = {row["feature"]["name"]: row["enabled"] for row in json.loads(done.stdout)["feature_states"]}
    assert states["hebrew_ui_enabled"] is False
    assert answers(f"{flagsmith.url}/api/v1/", key_of(flagsmith, "production")) == before


def test_a_key_that_is_refused_is_said_and_not_shown(
    flagsmith: Flagsmith, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAGSMITH_API_KEY", "a-wrong-key.of-somebody-else")
    done = run("flags", "serve", "--port", "0", "--from", flagsmith.url)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "/api/v1/projects/" in done.stderr
    assert "40" in done.stderr
    assert "wrong-key" not in done.stderr
    assert "somebody-else" not in done.stderr


def test_a_log_in_that_is_refused_is_said(stack: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployed, "password", lambda _: "an-old-one")
    done = run("flags", "serve", "--port", "0", "--from", stack)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "The administrator's log-in is refused" in done.stderr
    assert "an-old-one" not in done.stderr


@pytest.mark.usefixtures("key")
def test_an_answer_that_does_not_come_is_said(run: Run) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = run("flags", "serve", "--port", "0", "--from", url)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{url}/api/v1/projects/: [Errno 111] Connection refused" in done.stderr


@pytest.mark.usefixtures("key")
def test_an_expression_there_that_never_ends_is_said_and_not_served(flagsmith: Flagsmith, run: Run) -> None:
    condition = {"operator": "REGEX", "property": "plan", "value": "(a+)+$"}
    rules = [{"type": "ALL", "rules": [{"type": "ANY", "rules": [], "conditions": [condition]}], "conditions": []}]
    with FlagsmithClient(flagsmith.url) as client:
        client.use_api_key(API_KEY)
        made = client.post("/api/v1/projects/1/segments/", {"name": "endless", "project": 1, "rules": rules})
        try:
            done = run("flags", "serve", "--port", "0", "--from", flagsmith.url)
        finally:
            client.delete(f"/api/v1/projects/1/segments/{made['id']}/")
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"The document of development in {flagsmith.url} cannot be served" in done.stderr
    assert "its segment 'endless' has a condition with REGEX '(a+)+$', which never ends for some texts" in done.stderr


@pytest.mark.usefixtures("key")
def test_an_answer_that_is_an_error_is_said(flagsmith: Flagsmith, run: Run) -> None:
    flagsmith.failing["/api/v1/environments/"] = 500
    try:
        done = run("flags", "serve", "--port", "0", "--from", flagsmith.url)
    finally:
        flagsmith.failing.clear()
    assert (done.exit_code, done.stdout) == (1, "")
    assert "/api/v1/environments/" in done.stderr
    assert "500" in done.stderr


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nowhere", "There is no stack 'nowhere' (Pulumi.nowhere.yaml); the stacks here are: local, "),
        ("nowhere.yaml", "There is no document at nowhere.yaml."),
        ("no/where", "There is no document at no/where."),
        ("flags/catalogue.yaml", "a catalogue is named without it."),
        ("", "--from is empty: name a stack, the address of a Flagsmith, or a saved document."),
        ("http://127.0.0.1:9/api/v1/", "--from must be http:// or https://, a host, and no path."),
        ("http://me:hunter2@127.0.0.1:9", "--from must not have a user and a password in it"),
        (
            "http://127.0.0.1:9",
            "There is no API key for the Flagsmith at http://127.0.0.1:9: the variable FLAGSMITH_API",
        ),
    ],
)
def test_a_source_that_is_none_is_said_in_the_words_of_the_option(
    run: Run, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    monkeypatch.delenv("FLAGSMITH_API_KEY", raising=False)
    for command in (("serve", "--port", "0"), ("document", "-e", "production")):
        done = run("flags", *command, "--from", source)
        assert (done.exit_code, done.stdout) == (1, "")
        assert said in done.stderr
        assert "hunter2" not in done.stderr
        assert "--url" not in done.stderr
