"""Before a Flagsmith that is well stands a proxy with one fault: the smoke tests fail, or say what they do not see."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

import pytest

from flagops.commands.smoke import http, in_time, model, round_trip, suite
from flagops.commands.smoke import visit as visiting
from flagops.commands.smoke.in_time import InTime
from flagops.commands.smoke.model import CheckResult, CheckStatus, SmokeTarget
from flagops.commands.smoke.round_trip import UNSEEN as UNSEEN_THERE
from flagops.commands.smoke.visit import visit
from flagops.flagsmith_api import client
from flagops.flagsmith_api.client import FlagsmithClient
from tests.doubles.flagsmith import Flagsmith, serve
from tests.doubles.proxy import Fault, serve_fault
from tests.doubles.proxy.table import faults

Behind = Callable[[Fault], AbstractContextManager[str]]
FAULTS = faults()
LATE = {name for name in FAULTS if "late" in name}
COMING_AND_GOING = {name for name in FAULTS if name.startswith("every ")} | {"variations that do not stick"}
CHECKS = suite.chosen(["certificate", "redirect"])
FEW = ("liveness", "readiness", "flags", "identities", "answers")  # where each answer takes its time
IN_PROCESS = "http://flagsmith.invalid"  # nobody listens there
# Without an administrator's key nothing tells what an answer should say: these agree with themselves.
UNSEEN = {
    "numbers as text",
    "on for off",
    "the first answers for ever",
    "one variation for all",
    "traits ignored and echoed",
    "the identifier ignored and echoed",
    "segments' overrides ignored",
    "users' overrides ignored",
    "what is kept of users ignored",
    "server-side flags for nobody",
    "changes accepted and lost",
    "deletions accepted and lost",
    "all that is written lost",
    "the document for clients",
    "server-side flags for clients",
    "the first document for ever",
    "the document without segments",
    "the document without users' overrides",
    "the document's flags on for off",
    "another environment's document",
}


class Clock:
    """A clock that late answers put forward: nobody waits for them, and no answer is late because a machine is busy."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        self._ahead += seconds


@pytest.fixture
def fault(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The fault's name; the patience is shorter than with a server far away: the double answers in milliseconds.

    Where a fault comes and goes it is the other way round: a second try must not excuse it, and there are many.
    """
    if name in LATE:
        clock = Clock()
        monkeypatch.setattr(in_time, "time", clock)
        monkeypatch.setattr("tests.doubles.proxy.faults.time", clock)
    if any(word in name for word in ("hanging", "answer at all", "trickle", "without end", "half of the body")):
        monkeypatch.setattr(http, "REQUEST_SECONDS", 1.0)
    monkeypatch.setattr(http, "START_SECONDS", 0.2)
    monkeypatch.setattr(http, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(client, "FIRST_WAIT", 0.02)
    # Seconds from the beginning: the checks that come first take a part.
    margin, pause = (1.0, 0.02) if name in COMING_AND_GOING else (0.1, 0.05)
    for module in (visiting, round_trip):
        monkeypatch.setattr(module, "MARGIN", margin)
        monkeypatch.setattr(module, "PAUSE", pause)
    return name


@pytest.fixture(autouse=True)
def _no_certificate_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is plain HTTP here, and to read the certificates that are trusted takes longer than most answers."""
    monkeypatch.setattr(visiting, "InTime", partial(InTime, verify=False))


@pytest.fixture(scope="module")
def prepared() -> Flagsmith:
    """A Flagsmith with flags of every kind, all of which are right; each test has a copy."""
    flagsmith = Flagsmith()
    key = flagsmith.add_environments("development", "production")["development"]
    with serve(flagsmith), FlagsmithClient(flagsmith.url) as admin:
        admin.log_in(flagsmith.email, flagsmith.password)
        project = "/api/v1/projects/1"
        admin.post(f"{project}/features/", {"name": "banner", "initial_value": "hello", "default_enabled": True})
        limit = admin.post(f"{project}/features/", {"name": "limit", "initial_value": 5})
        # Three, so that chance does not give one user the same a dozen times.
        options = [
            {"type": "unicode", "string_value": text, "default_percentage_allocation": 33} for text in ("new", "newer")
        ]
        split = {"name": "design", "initial_value": "control", "type": "MULTIVARIATE", "multivariate_options": options}
        admin.post(f"{project}/features/", split)
        condition = {"operator": "EQUAL", "property": "plan", "value": "premium"}
        rules = [{"type": "ALL", "rules": [{"type": "ANY", "rules": [], "conditions": [condition]}], "conditions": []}]
        segment = admin.post(f"{project}/segments/", {"name": "premium", "rules": rules})
        path = f"/api/v1/environments/{key}/features/{limit['id']}/create-segment-override/"
        value = {"type": "int", "integer_value": 9}
        admin.post(path, {"feature_segment": {"segment": segment["id"]}, "enabled": True, "feature_state_value": value})
    return flagsmith


@pytest.fixture
def flagsmith(prepared: Flagsmith) -> Flagsmith:
    """The Flagsmith that is well, which the proxies of this test ask in this process."""
    found = Flagsmith()
    found.take(prepared)
    return found


@pytest.fixture
def well(flagsmith: Flagsmith, key: str) -> SmokeTarget:
    """All that is known of it; its address is the proxy's."""
    return SmokeTarget(
        url=IN_PROCESS,
        environment_key=key,
        version=flagsmith.version,
        staleness=0,
        authenticate=lambda asking: asking.log_in(flagsmith.email, flagsmith.password),
        seconds=120,
    )


@pytest.fixture
def behind(flagsmith: Flagsmith) -> Behind:
    """The address of a proxy with a fault, before the Flagsmith that is well."""
    return lambda fault: serve_fault(IN_PROCESS, fault, flagsmith.application())


def results(place: SmokeTarget, checks: Sequence[str] = CHECKS) -> Iterator[CheckResult]:
    with visit(place) as visited:
        yield from suite.run(visited, checks)


def first_failed(place: SmokeTarget, checks: Sequence[str] = CHECKS) -> CheckResult | None:
    return next((result for result in results(place, checks) if result.outcome is CheckStatus.FAILED), None)


def assert_seen(fault: str, place: SmokeTarget) -> None:
    """A check fails; of late answers the one for them, and for that alone."""
    if fault not in LATE:
        assert first_failed(place) is not None
        return
    found = first_failed(replace(place, seconds=600), FEW)
    assert found is not None
    assert (found.name, found.detail.partition(":")[0]) == ("answers", "too slow")


def test_a_flagsmith_that_is_well_passes_through_the_proxy(well: SmokeTarget, behind: Behind) -> None:
    with behind(lambda ask, forward: forward(ask)) as url:
        assert first_failed(replace(well, url=url)) is None
        assert first_failed(replace(well, url=url, authenticate=None)) is None


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen(fault: str, well: SmokeTarget, behind: Behind) -> None:
    with behind(FAULTS[fault]()) as url:
        assert_seen(fault, replace(well, url=url))


@pytest.mark.parametrize("name", FAULTS)
def test_without_an_administrator_a_fault_is_seen_or_said_not_to_be(
    fault: str, well: SmokeTarget, behind: Behind
) -> None:
    with behind(FAULTS[fault]()) as url:
        place = replace(well, url=url, authenticate=None)
        if fault not in UNSEEN:
            assert_seen(fault, place)
            return
        found = list(results(place))
    assert [result for result in found if result.outcome is CheckStatus.FAILED] == []
    (unseen,) = [result for result in found if result.name == "round-trip"]
    assert (unseen.outcome, unseen.detail) == (CheckStatus.SKIPPED, UNSEEN_THERE)


@pytest.mark.parametrize("name", ["bytes that trickle", "no answer at all", "users' bytes that trickle"])
def test_it_ends_in_time_whatever_the_server_does(fault: str, well: SmokeTarget, behind: Behind) -> None:
    started = time.monotonic()
    with behind(FAULTS[fault]()) as url:
        found = list(results(replace(well, url=url, seconds=2)))
    assert any(result.outcome is CheckStatus.FAILED for result in found)
    assert time.monotonic() - started < 2 + model.CLEAN_UP_SECONDS + visiting.KEY_SECONDS + 5
