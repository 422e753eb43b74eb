"""Our own exporters, when they can see nothing: by a real Prometheus, and by promtool on what they said then."""

import math
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.components.audit.log import ROLE
from tests.components.monitoring.alerts.promtool import rules
from tests.components.monitoring.world import READER, World, made
from tests.fixtures_cluster import eventually

LAG = "flagsmith_audit_export_lag_seconds"
BLIND, NOT_EXPORTED, LAGS = "FlagsmithFlagMetricsBlind", "FlagsmithAuditNotExported", "FlagsmithAuditLags"
REFUSED, GIVEN_UP, RECURRING = "FlagsmithAuditRefused", "FlagsmithAuditGivenUp", "FlagsmithRecurringTaskGivenUp"
FAIL, TASKS_GIVEN_UP = "FlagsmithTasksFail", "FlagsmithTasksGivenUp"
WANTED = (BLIND, NOT_EXPORTED, LAGS, REFUSED, GIVEN_UP, RECURRING, FAIL, TASKS_GIVEN_UP)
SECONDS = 60


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str, str], str]) -> Iterator[World]:
    prometheus, promtool = (program(name, "prometheus") for name in ("prometheus", "promtool"))
    with made(tmp_path_factory.mktemp("blind"), prometheus, promtool, [rules()[name] for name in WANTED]) as world:
        yield world


@pytest.fixture
def world(running: World) -> Iterator[World]:
    """All is well before, and can be made well afterwards."""

    def all_is_well() -> bool:
        seen = running.prometheus.ask(f"flagsmith_flag_metrics_up == 1 and on () {LAG} == 0")
        return bool(seen) and running.prometheus.firing() == set()

    eventually(all_is_well, seconds=SECONDS)
    yield running
    running.mend()
    eventually(all_is_well, seconds=SECONDS)


def wait_for(world: World, *expected: str) -> None:
    def the_expected_alerts_fire_and_no_others() -> bool:
        return world.prometheus.firing() == set(expected)

    eventually(the_expected_alerts_fire_and_no_others, seconds=SECONDS)


def test_what_is_well_fires_nothing_by_promtool_either(world: World, tmp_path: Path) -> None:
    assert set(world.scrapes()) == {"flag-metrics", "audit-exporter"}
    assert world.fires_by_promtool(tmp_path) == set()


@pytest.mark.parametrize(("role", "alert"), [(READER, BLIND), (ROLE, NOT_EXPORTED)])
def test_a_role_that_may_not_log_in_fires(world: World, tmp_path: Path, role: str, alert: str) -> None:
    world.forbid(role)
    wait_for(world, alert)
    assert world.fires_by_promtool(tmp_path) == {alert}


def test_an_endpoint_that_does_not_know_the_token_any_more_fires(world: World, tmp_path: Path) -> None:
    world.collector.answer = lambda _: (401, {}, "who are you?")
    world.add("1 hour")
    wait_for(world, NOT_EXPORTED, LAGS)
    assert world.fires_by_promtool(tmp_path) == {NOT_EXPORTED, LAGS}


def test_entries_that_the_endpoint_refuses_fire_until_it_takes_them(world: World, tmp_path: Path) -> None:
    world.collector.answer = lambda _: (422, {}, "not mine")
    world.add()
    wait_for(world, REFUSED)
    assert world.fires_by_promtool(tmp_path) == {REFUSED}
    world.collector.answer = lambda _: (200, {}, "")
    world.log.query("UPDATE feature_flags_audit.refused SET tried = now() - interval '61 minutes'")
    wait_for(world)


def test_a_database_that_is_gone_fires_and_its_lag_grows(world: World, tmp_path: Path) -> None:
    def lag() -> float:
        values = [float(item["value"][1]) for item in world.prometheus.ask(LAG)]
        return values[0] if values else math.nan

    world.postgres.stop()
    wait_for(world, BLIND, NOT_EXPORTED)

    def the_lag_is_more_than_three_seconds() -> bool:
        return lag() > 3

    eventually(the_lag_is_more_than_three_seconds, seconds=SECONDS)
    assert world.fires_by_promtool(tmp_path) == {BLIND, NOT_EXPORTED}


def test_an_exporter_that_starts_without_its_database_knows_no_lag(world: World, tmp_path: Path) -> None:
    world.forbid(ROLE)
    world.audit.end(world.audit.running[-1], signal.SIGKILL)
    world.audit.to(world.collector)

    def nothing_is_known() -> bool:
        found = world.prometheus.ask('{__name__=~"flagsmith_audit_export_(lag_seconds|refused)"}')
        return [item["value"][1] for item in found] == ["NaN", "NaN"]

    eventually(nothing_is_known, seconds=SECONDS)
    wait_for(world, NOT_EXPORTED)
    assert world.fires_by_promtool(tmp_path) == {NOT_EXPORTED}


def test_exporters_that_hang_fire(world: World, tmp_path: Path) -> None:
    for process in (world.flag_metrics, world.audit.running[-1]):
        process.send_signal(signal.SIGSTOP)
    wait_for(world, BLIND, NOT_EXPORTED)
    assert world.scrapes() == {}
    assert world.fires_by_promtool(tmp_path) == {BLIND, NOT_EXPORTED}


def test_numbers_that_are_given_up_by_the_first_look_of_an_exporter_fire(world: World, tmp_path: Path) -> None:
    leftover = world.log.connect()
    with leftover.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('audit_auditlog', 'id')), txid_current()")
    world.add()

    def the_number_is_kept() -> bool:
        return bool(world.log.query("SELECT * FROM feature_flags_audit.gap"))

    eventually(the_number_is_kept)
    world.audit.end(world.audit.running[-1])
    world.log.query("UPDATE feature_flags_audit.gap SET noticed = now() - interval '25 hours'")
    world.audit.to(world.collector)
    wait_for(world, GIVEN_UP)
    # There the count is as high from the first scrape on, so none of it is new.
    assert world.fires_by_promtool(tmp_path) == set()
    leftover.close()
    # It fires for a day.
    world.audit.end(world.audit.running[-1])
    world.prometheus.forget("flagsmith_audit_export_gaps_given_up_total")
    world.audit.to(world.collector)


def test_a_recurring_task_that_is_given_up_and_tasks_that_fail_fire_by_their_names(
    world: World, tmp_path: Path
) -> None:
    world.flags(
        "INSERT INTO task_processor_recurringtask (task_identifier, is_disabled, num_consecutive_failures)"
        " VALUES ('tasks.hourly', true, 4)"
    )
    wait_for(world, RECURRING)
    (alert,) = world.prometheus.ask(f'ALERTS{{alertname="{RECURRING}"}}')
    assert alert["metric"]["task_identifier"] == "tasks.hourly"
    assert world.fires_by_promtool(tmp_path) == {RECURRING}
    # What docs/runbook.md has to bring it back.
    world.flags(
        "UPDATE task_processor_recurringtask SET is_disabled = false, num_consecutive_failures = 0,"
        " is_locked = false WHERE task_identifier = 'tasks.hourly'"
    )
    wait_for(world)
    world.flags(
        "INSERT INTO task_processor_task (scheduled_for, is_locked, num_failures)"
        " SELECT now(), false, 3 FROM generate_series(1, 2);"
        "INSERT INTO task_processor_taskrun (task_id, result) SELECT id, 'FAILURE' FROM task_processor_task, "
        "generate_series(1, 3)"
    )
    wait_for(world, FAIL, TASKS_GIVEN_UP)
    assert world.fires_by_promtool(tmp_path) == {FAIL, TASKS_GIVEN_UP}
    world.flags("DELETE FROM task_processor_taskrun; DELETE FROM task_processor_task")
