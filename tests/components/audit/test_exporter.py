"""The exporter against a real PostgreSQL and a real HTTPS endpoint: each entry at least once, whatever happens."""

import signal
from pathlib import Path
from threading import Event

import pytest

from tests.components.audit.collector import TAKEN, Answer, Collector, Entry, Exporters
from tests.components.audit.exported import add, wait_for_all
from tests.components.audit.log import GRANTS, RECORDED, Log, write
from tests.fixtures_cluster import eventually
from tests.recording import ROOT

ALL = 49
SCRAPE = ROOT / "tests" / "scrapes" / "audit-exporter.txt"


def test_everything_is_shipped_once_in_its_order_and_then_what_is_new(
    log: Log, collector: Collector, exporters: Exporters, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("first\n", encoding="utf-8")
    process = exporters.to(collector, TOKEN_FILE=str(token))
    wait_for_all(log, collector)
    assert collector.rows == list(range(1, ALL + 1))
    assert [len(batch) for batch in collector.batches] == [10, 10, 10, 10, 9]
    assert collector.taken == sorted(log.read(), key=lambda entry: int(entry["row"]))
    token.write_text("second", encoding="utf-8")
    (new,) = add(log)
    wait_for_all(log, collector)
    assert collector.rows[ALL:] == [new]
    assert collector.tokens == ["Bearer first"] * 5 + ["Bearer second"]

    def the_metrics_say_so() -> bool:
        found = exporters.metrics()
        return (found["flagsmith_audit_exported_total"], found["flagsmith_audit_export_up"]) == (ALL + 1, 1)

    eventually(the_metrics_say_so)
    assert exporters.metrics()["flagsmith_audit_export_lag_seconds"] == 0
    scrape = [line for line in SCRAPE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert {line.split()[0] for line in scrape} == set(exporters.metrics()), "the recorded ones are the real ones"
    assert exporters.end(process) == 0


def test_a_restarted_exporter_goes_on_where_the_last_one_was(
    log: Log, collector: Collector, exporters: Exporters
) -> None:
    exporters.to(collector)
    wait_for_all(log, collector)
    exporters.end(exporters.running[0])
    new = add(log, 3)
    exporters.to(collector)
    wait_for_all(log, collector)
    assert collector.rows[ALL:] == new


@pytest.mark.parametrize("before_the_answer", [True, False], ids=["before the answer", "after the answer"])
def test_killed_at_every_batch_it_loses_nothing_and_repeats_by_the_same_id(
    log: Log, collector: Collector, exporters: Exporters, before_the_answer: bool
) -> None:
    """At least once: what was on its way when it was killed comes again, with the same id."""
    kills = iter(range(6))
    died = Event()

    def answer(_: list[Entry]) -> Answer:
        if next(kills, None) is not None:
            if before_the_answer:
                exporters.end(exporters.running[-1], signal.SIGKILL)
            died.set()
        return TAKEN

    collector.answer = answer
    exporters.to(collector)
    for _ in range(6):
        assert died.wait(30)
        if not before_the_answer:
            exporters.end(exporters.running[-1], signal.SIGKILL)
        died.clear()
        exporters.to(collector)
    wait_for_all(log, collector)
    assert {entry["id"] for entry in collector.taken} == {entry["id"] for entry in log.read()}
    assert len({(entry["row"], entry["id"]) for entry in collector.taken}) == ALL
    if before_the_answer:
        assert len(collector.rows) > ALL


def test_an_entry_that_appears_below_others_is_shipped_too(
    log: Log, collector: Collector, exporters: Exporters
) -> None:
    exporters.to(collector)
    wait_for_all(log, collector)
    slow, quick = log.connect(), log.connect()
    late = write(slow)
    early = write(quick)
    assert early == late + 1
    quick.commit()

    def the_later_one_is_shipped() -> bool:
        return early in collector.rows

    eventually(the_later_one_is_shipped)
    assert late not in collector.rows

    def the_number_between_is_kept() -> bool:
        found = log.query("SELECT first_id, last_id FROM feature_flags_audit.gap")
        return found == [(late, late)]

    eventually(the_number_between_is_kept)
    # Also by the next exporter, and also when it is old: its transaction is still open.
    exporters.end(exporters.running[0])
    log.query("UPDATE feature_flags_audit.gap SET noticed = now() - interval '23 hours'")
    exporters.to(collector)
    (more,) = add(log)

    def the_next_one_is_shipped() -> bool:
        return more in collector.rows

    eventually(the_next_one_is_shipped)
    assert log.query("SELECT first_id FROM feature_flags_audit.gap") == [(late,)]
    slow.commit()
    wait_for_all(log, collector)
    assert collector.rows[ALL:] == [early, more, late]

    def no_number_is_missing() -> bool:
        return log.query("SELECT * FROM feature_flags_audit.gap") == []

    eventually(no_number_is_missing)
    slow.close()
    quick.close()


def test_numbers_that_nobody_can_fill_any_more_are_forgotten(
    log: Log, collector: Collector, exporters: Exporters
) -> None:
    exporters.to(collector)
    wait_for_all(log, collector)
    failed = log.connect()
    lost = [write(failed) for _ in range(3)]
    (after,) = add(log)

    def the_range_is_kept() -> bool:
        return log.query("SELECT first_id, last_id FROM feature_flags_audit.gap") == [(lost[0], lost[-1])]

    eventually(the_range_is_kept)
    failed.rollback()
    failed.close()
    log.query("UPDATE feature_flags_audit.gap SET noticed = now() - interval '9 minutes'")
    (again,) = add(log)

    def the_next_one_is_shipped() -> bool:
        return again in collector.rows

    eventually(the_next_one_is_shipped)
    assert log.query("SELECT count(*) FROM feature_flags_audit.gap") == [(1,)]
    log.query("UPDATE feature_flags_audit.gap SET noticed = now() - interval '11 minutes'")

    def the_range_is_forgotten() -> bool:
        return log.query("SELECT * FROM feature_flags_audit.gap") == []

    eventually(the_range_is_forgotten)
    assert collector.rows[ALL:] == [after, again]
    assert [event for event in exporters.events() if event["level"] == "error"] == []


def test_a_transaction_left_open_for_a_day_is_given_up_and_said(
    log: Log, collector: Collector, exporters: Exporters
) -> None:
    exporters.to(collector)
    wait_for_all(log, collector)
    leftover = log.connect()
    number = write(leftover)
    add(log)

    def the_number_is_kept() -> bool:
        return log.query("SELECT first_id FROM feature_flags_audit.gap") == [(number,)]

    eventually(the_number_is_kept)
    log.query("UPDATE feature_flags_audit.gap SET noticed = now() - interval '25 hours'")

    def it_is_given_up() -> bool:
        return exporters.metrics()["flagsmith_audit_export_gaps_given_up_total"] == 1

    eventually(it_is_given_up)
    (said,) = [event for event in exporters.events() if event["level"] == "error"]
    assert (said["first"], said["last"]) == (number, number)
    leftover.close()


def test_after_a_restore_all_is_shipped_again_and_a_number_used_twice_is_another_entry(
    log: Log, collector: Collector, exporters: Exporters
) -> None:
    exporters.to(collector)
    wait_for_all(log, collector)
    (lost,) = add(log)
    wait_for_all(log, collector)
    before = {entry["row"]: entry["id"] for entry in collector.taken}
    exporters.end(exporters.running[0])
    # As a restore does: the tables are made anew from an older dump, and the exporter's own schema stays.
    tables = log.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    log.query(f"DROP TABLE {', '.join(name for (name,) in tables)} CASCADE")
    log.query(RECORDED.read_text(encoding="utf-8"))
    log.query(f"SELECT setval(pg_get_serial_sequence('audit_auditlog', 'id'), {ALL})")
    log.query(GRANTS.read_text(encoding="utf-8"))
    # Passed before the exporter is back: the number alone would not show it.
    assert add(log, 2)[0] == lost
    exporters.to(collector)

    def the_new_ones_are_shipped() -> bool:
        return log.last() in collector.rows

    eventually(the_new_ones_are_shipped)
    again = collector.taken[ALL + 1 :]
    assert [entry["row"] for entry in again] == list(range(1, ALL + 3))
    assert all(entry["id"] == before[entry["row"]] for entry in again[:ALL])
    assert again[ALL]["row"] == lost
    assert again[ALL]["id"] != before[lost]
    assert any("exported from its start" in event["event"] for event in exporters.events())
