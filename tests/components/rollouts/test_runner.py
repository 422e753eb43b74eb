"""What runs rollouts, as the pod runs it: against the double and a real Prometheus, killed and started again."""

import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from components.rollouts.in_pod.declared import Broken, Declared, Guard, Step
from components.rollouts.in_pod.states import Cause, Stage
from tests.components.monitoring.prometheus import Prometheus, watching
from tests.components.rollouts.running import ENVIRONMENT, FLAG, SHARES, Rolling, Runners, steps
from tests.doubles.flagsmith import serve
from tests.fixtures_cluster import eventually
from tests.metrics import SCRAPES, parse_scrape
from tests.servers import LOOPBACK

ERRORS = Guard("errors", "checkout_errors", at_most=0.01, broken=Broken.BACK)
HOUR = timedelta(hours=1)
NEXT_LOOKS = 5
BY_THEN = 60


@pytest.fixture
def flagsmith() -> Iterator[Rolling]:
    with serve(Rolling()) as found:
        assert isinstance(found, Rolling)
        yield found


@pytest.fixture
def runners(flagsmith: Rolling, tmp_path: Path) -> Iterator[Runners]:
    found = Runners(tmp_path, flagsmith)
    yield found
    flagsmith.release.set()
    found.stop()


def declared(*guards: Guard, shares: tuple[float, ...] = SHARES) -> Declared:
    return Declared(FLAG, ENVIRONMENT, None, steps(*shares), start=datetime(2026, 1, 1, tzinfo=UTC), guards=guards)


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Prometheus]:
    """Debian's. Its errors are a share of 0.1 from the moment on that `broken` has, and 0 before."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed: sudo apt-get install prometheus")
    place = tmp_path / "prometheus"
    place.mkdir()
    rules = [{"record": "checkout_errors", "expr": f"vector(0.1) * (time() > bool {_breaks_at(tmp_path)})"}]
    with watching(program, place, rules, {}, seconds=1) as found:
        yield found


def _breaks_at(place: Path) -> int:
    """In an hour, but for the test that says otherwise by its name."""
    return int(time.time()) + (12 if "broken" in place.name else 3600)


def wait_for_looks(flagsmith: Rolling, number: int = NEXT_LOOKS) -> None:
    before = flagsmith.looks()
    eventually(lambda: flagsmith.looks() >= before + number, seconds=BY_THEN)


def is_done(flagsmith: Rolling) -> bool:
    memory = flagsmith.memory()
    return memory is not None and memory.stage is Stage.DONE


def raised(flagsmith: Rolling) -> list[float]:
    """Each share that was written and is another one than before it."""
    found: list[float] = []
    for share in flagsmith.shares:
        if share != (found or [0.0])[-1]:
            found.append(share)
    return found


def test_it_rises_step_by_step_to_the_end_and_tells_of_it(
    flagsmith: Rolling, runners: Runners, prometheus: Prometheus
) -> None:
    flagsmith.declare(declared(ERRORS))
    runners.prometheus = prometheus.url
    process = runners.start()
    eventually(lambda: is_done(flagsmith), seconds=BY_THEN)
    assert raised(flagsmith) == list(SHARES)
    wait_for_looks(flagsmith)
    found = runners.metrics()
    which = f'environment="{ENVIRONMENT}",feature="{FLAG}",segment=""'
    assert found[f"flagsmith_rollout_share_percent{{{which}}}"] == 100
    assert found[f'flagsmith_rollout_stage{{{which[:-11]},segment="",stage="done"}}'] == 1
    assert found["flagsmith_rollouts_up"] == 1
    assert [line["action"] for line in runners.log() if line.get("action") == "raise"] == ["raise"] * len(SHARES)
    assert runners.end(process) == 0


def test_a_broken_guard_takes_it_back_and_it_stays_there(
    flagsmith: Rolling, runners: Runners, prometheus: Prometheus
) -> None:
    rising = declared(ERRORS, shares=(1.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0))
    # However fast it is here: it is not at its end before the errors begin.
    flagsmith.declare(replace(rising, steps=(*rising.steps[:-1], Step(90, timedelta(seconds=1)), Step(100, HOUR))))
    runners.prometheus = prometheus.url
    runners.start()

    def is_paused() -> bool:
        memory = flagsmith.memory()
        return memory is not None and memory.stage is Stage.PAUSED

    eventually(is_paused, seconds=BY_THEN)
    memory, share = flagsmith.memory(), flagsmith.share()
    assert memory is not None
    assert memory.cause is Cause.GUARD
    assert "errors is broken: is 0.1, allowed are at most 0.01" in memory.why
    highest = max(flagsmith.shares)
    assert (share, flagsmith.shares.index(highest)) == (flagsmith.shares[-1], len(flagsmith.shares) - 2)
    wait_for_looks(flagsmith)
    assert flagsmith.share() == share
    found = runners.metrics()
    (back,) = (value for series, value in found.items() if series.startswith("flagsmith_rollout_rolled_back"))
    (paused,) = (value for series, value in found.items() if 'cause="guard"' in series)
    assert (back, paused) == (1, 1)


def test_while_prometheus_hangs_nothing_rises_and_then_it_goes_on(
    flagsmith: Rolling, runners: Runners, prometheus: Prometheus
) -> None:
    flagsmith.declare(declared(ERRORS))
    runners.prometheus = prometheus.url
    runners.start()
    eventually(lambda: flagsmith.share() >= 1, seconds=BY_THEN)
    prometheus.process.send_signal(signal.SIGSTOP)
    try:
        eventually(lambda: any("silent_since" in series for series in runners.metrics()), seconds=BY_THEN)
        share = flagsmith.share()
        wait_for_looks(flagsmith, 1)
        assert flagsmith.share() == share < 100
    finally:
        prometheus.process.send_signal(signal.SIGCONT)
    eventually(lambda: is_done(flagsmith), seconds=BY_THEN)
    assert raised(flagsmith) == list(SHARES)
    assert not any("silent_since{" in series for series in runners.metrics())


@pytest.mark.parametrize("when", ["GET", "PATCH"], ids=["before its write", "while its answer is on the way"])
def test_killed_at_every_step_it_does_none_twice_and_skips_none(
    flagsmith: Rolling, runners: Runners, when: str
) -> None:
    flagsmith.declare(declared())
    killed = 0

    def kill(method: str) -> None:
        nonlocal killed
        if method == when and killed < len(SHARES) and runners.running[-1].poll() is None:
            killed += 1
            runners.end(runners.running[-1], signal.SIGKILL)

    flagsmith.meanwhile = kill
    for _ in range(len(SHARES)):
        process = runners.start()
        eventually(lambda process=process: process.poll() is not None, seconds=BY_THEN)  # type: ignore[misc]
    runners.start()
    eventually(lambda: is_done(flagsmith), seconds=BY_THEN)
    assert killed == len(SHARES)
    assert raised(flagsmith) == list(SHARES)


def test_two_at_once_do_no_step_twice_and_skip_none(flagsmith: Rolling, runners: Runners) -> None:
    flagsmith.declare(declared())
    both = [runners.start(), runners.start()]
    eventually(lambda: is_done(flagsmith), seconds=BY_THEN)
    assert raised(flagsmith) == list(SHARES)
    assert [process.poll() for process in both] == [None, None]


def test_a_server_that_answers_500_in_the_middle_is_asked_again(flagsmith: Rolling, runners: Runners) -> None:
    flagsmith.declare(declared())
    runners.start()
    eventually(lambda: flagsmith.share() >= 1, seconds=BY_THEN)
    flagsmith.failing["/api/v1/projects/1/segments/"] = 500
    eventually(lambda: runners.metrics().get("flagsmith_rollouts_up") == 0, seconds=BY_THEN)
    share = flagsmith.share()
    wait_for_looks(flagsmith)
    assert flagsmith.share() == share
    flagsmith.failing.clear()
    eventually(lambda: is_done(flagsmith), seconds=BY_THEN)
    assert raised(flagsmith) == list(SHARES)
    eventually(lambda: runners.metrics()["flagsmith_rollouts_up"] == 1, seconds=BY_THEN)


def test_a_log_in_that_is_refused_is_said_once_and_not_to_be_well(flagsmith: Rolling, runners: Runners) -> None:
    flagsmith.declare(declared())
    (runners.home / "wrong").write_text("wrong\n", encoding="utf-8")
    runners.start(TOKEN_FILE=str(runners.home / "wrong"))
    wait_for_looks(flagsmith)
    assert runners.metrics()["flagsmith_rollouts_up"] == 0
    (line,) = runners.log()
    assert line["levelname"] == "ERROR"
    assert "401" in line["why"]
    assert "wrong" not in str(line)
    assert flagsmith.share() == 0


def test_it_is_ready_and_alive_and_says_what_there_is(flagsmith: Rolling, runners: Runners) -> None:
    flagsmith.declare(declared())
    runners.start()
    eventually(lambda: bool(runners.metrics()), seconds=BY_THEN)
    with httpx.Client(base_url=f"http://{LOOPBACK}:{runners.ports[-1]}", trust_env=False) as client:
        assert [client.get(path).status_code for path in ("/readyz", "/livez", "/")] == [200, 200, 404]


def test_the_recorded_scrape_has_the_metrics_that_there_are(
    flagsmith: Rolling, runners: Runners, prometheus: Prometheus
) -> None:
    silent = Guard("latency", "no_such_metric", at_most=1)
    few = Guard("buys", "checkout_errors", at_most=1, samples="vector(1)", least=100)
    flagsmith.declare(declared(ERRORS, silent, few))
    runners.prometheus = prometheus.url
    runners.start()
    recorded = set(parse_scrape((SCRAPES / "rollouts.txt").read_text(encoding="utf-8")).names)
    assert "flagsmith_rollout_guard_silent_since_timestamp_seconds" in recorded

    def exported() -> set[str]:
        return {series.partition("{")[0] for series in runners.metrics()}

    # Until Prometheus has a first sample, no guard has a value.
    eventually(lambda: exported() == recorded, seconds=BY_THEN)
