"""The exporter against a real PostgreSQL and a real HTTPS endpoint: each entry at least once, whatever happens."""

import json
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest

from components.audit.reader import SCRIPTS
from tests.components.audit.collector import TAKEN, Answer, Collector, Entry, Exporters
from tests.components.audit.conftest import GRANTS, RECORDED, Log, write
from tests.fixtures_cluster import eventually
from tests.in_pod import SHARED
from tests.recording import ROOT

ALL = 49
SCRAPE = ROOT / "tests" / "scrapes" / "audit-exporter.txt"


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    made = Collector(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def exporters(log: Log, tmp_path: Path) -> Iterator[Exporters]:
    made = Exporters(log, tmp_path)
    yield made
    made.stop()


def add(log: Log, count: int = 1) -> list[int]:
    """New entries, committed."""
    connection = log.connect()
    numbers = [write(connection) for _ in range(count)]
    connection.commit()
    connection.close()
    return numbers


def caught_up(log: Log, collector: Collector) -> bool:
    """Whether every entry was taken, and the cursor says so."""
    at = log.query("SELECT last_id FROM feature_flags_audit.cursor")
    return set(collector.rows) >= set(range(1, log.last() + 1)) and at == [(log.last(),)]


def wait_for_all(log: Log, collector: Collector) -> None:
    def every_entry_is_exported() -> bool:
        return caught_up(log, collector)

    eventually(every_entry_is_exported)


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


def test_what_the_endpoint_refuses_keeps_nothing_back_and_is_offered_again(
    log: Log, collector: Collector, exporters: Exporters
) -> None:
    bad = {7, 8, 30}
    collector.answer = lambda batch: (
        (422, {}, '{"detail": "not mine"}') if bad & {entry["row"] for entry in batch} else TAKEN
    )
    exporters.to(collector)

    def the_rest_is_taken() -> bool:
        return set(collector.rows) == set(range(1, ALL + 1)) - bad

    eventually(the_rest_is_taken)

    def the_metrics_say_how_many_are_refused() -> bool:
        return exporters.metrics()["flagsmith_audit_export_refused"] == 3

    eventually(the_metrics_say_how_many_are_refused)
    kept = log.query("SELECT id, answer FROM feature_flags_audit.refused ORDER BY id")
    assert kept == [(number, '422: {"detail": "not mine"}') for number in sorted(bad)]
    refusals = [event for event in exporters.events() if event["level"] == "error"]
    assert {event["row"] for event in refusals} == bad
    # Within the hour nobody is bothered with them again; a restart offers them once.
    sent = len(collector.batches)
    (new,) = add(log)

    def the_new_one_is_taken() -> bool:
        return new in collector.rows

    eventually(the_new_one_is_taken)
    assert len(collector.batches) == sent + 1
    exporters.end(exporters.running[0])
    bad.remove(30)
    exporters.to(collector)

    def one_is_taken_at_last() -> bool:
        return log.query("SELECT id FROM feature_flags_audit.refused ORDER BY id") == [(7,), (8,)]

    eventually(one_is_taken_at_last)
    assert collector.rows.count(30) == 1
    bad.clear()
    log.query("UPDATE feature_flags_audit.refused SET tried = now() - interval '61 minutes'")

    def none_is_left() -> bool:
        return log.query("SELECT * FROM feature_flags_audit.refused") == []

    eventually(none_is_left)
    assert set(collector.rows) == set(range(1, log.last() + 1))


def test_a_batch_that_is_too_large_is_sent_in_halves(log: Log, collector: Collector, exporters: Exporters) -> None:
    collector.answer = lambda batch: (413, {}, "") if len(batch) > 3 else TAKEN
    exporters.to(collector)
    wait_for_all(log, collector)
    assert collector.rows == list(range(1, ALL + 1))
    assert log.query("SELECT * FROM feature_flags_audit.refused") == []


def test_an_endpoint_that_is_busy_is_left_alone_for_as_long_as_it_wants(
    log: Log, collector: Collector, exporters: Exporters
) -> None:
    answers = iter([(429, {"Retry-After": "3"}, ""), (503, {}, "later"), (401, {}, ""), (404, {}, "")])
    collector.answer = lambda _: next(answers, TAKEN)
    exporters.to(collector)
    wait_for_all(log, collector)
    pauses = [later - earlier for earlier, later in pairwise(collector.times)]
    assert pauses[0] >= 3
    # Doubled each time, less up to a half of it.
    assert pauses[1] >= 1
    assert pauses[2] >= 2
    assert [len(batch) for batch in collector.batches[:5]] == [10] * 5
    assert collector.rows == list(range(1, ALL + 1))
    assert log.query("SELECT * FROM feature_flags_audit.refused") == [], "nothing is wrong with the entries"


def test_while_nothing_is_delivered_the_metrics_say_for_how_long(
    log: Log, collector: Collector, exporters: Exporters
) -> None:
    collector.answer = lambda _: (500, {}, "broken")
    process = exporters.to(collector)

    def it_says_so() -> bool:
        return any("broken" in event.get("why", "") for event in exporters.events())

    eventually(it_says_so)
    found = exporters.metrics()
    assert found["flagsmith_audit_export_up"] == 0
    assert found["flagsmith_audit_export_lag_seconds"] > 0
    assert exporters.end(process) == 0, "it stops at once, and sends them again next time"
    assert log.query("SELECT last_id FROM feature_flags_audit.cursor") == [(0,)]


def test_another_address_gets_neither_entries_nor_token(
    log: Log, collector: Collector, exporters: Exporters, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Collector(tmp_path / "other")
    token = tmp_path / "token"
    token.write_text("secret", encoding="utf-8")
    collector.answer = lambda _: (307, {"Location": other.url}, "")
    try:
        exporters.to(collector, TOKEN_FILE=str(token))

        def it_came_back() -> bool:
            return len(collector.batches) >= 2

        eventually(it_came_back)
        assert other.batches == []
        assert log.query("SELECT last_id FROM feature_flags_audit.cursor") == [(0,)]
    finally:
        other.stop()


def test_a_certificate_that_nobody_vouches_for_is_refused(log: Log, collector: Collector, exporters: Exporters) -> None:
    exporters.start(URL=collector.url)

    def it_says_why() -> bool:
        return any("CERTIFICATE_VERIFY_FAILED" in event.get("why", "") for event in exporters.events())

    eventually(it_says_why)
    assert collector.batches == []
    assert log.query("SELECT last_id FROM feature_flags_audit.cursor") == [(0,)]


@pytest.mark.parametrize("url", ["http://audit.example.com/", "ftp://127.0.0.1/", "http://127.0.0.1.example.com/"])
def test_nothing_goes_over_a_network_in_clear(exporters: Exporters, url: str) -> None:
    process = exporters.start(URL=url)
    assert process.wait(30) == 1
    assert f"only exported to https, and not to {url}" in exporters.said.read_text(encoding="utf-8")


def test_a_second_exporter_waits_until_the_first_is_gone(log: Log, collector: Collector, exporters: Exporters) -> None:
    first = exporters.to(collector)
    wait_for_all(log, collector)
    exporters.port += 1
    exporters.to(collector)

    def the_second_one_waits() -> bool:
        return any("another exporter is at work" in event["event"] for event in exporters.events())

    eventually(the_second_one_waits)
    exporters.end(first, signal.SIGKILL)
    (new,) = add(log)
    wait_for_all(log, collector)
    assert collector.rows.count(new) == 1


def test_a_database_that_was_away_is_waited_for(log: Log, collector: Collector, exporters: Exporters) -> None:
    exporters.to(collector)
    wait_for_all(log, collector)
    log.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flagsmith-audit'")

    def it_says_so() -> bool:
        return any(event["event"] == "the audit log cannot be read" for event in exporters.events())

    eventually(it_says_so)
    (new,) = add(log)
    wait_for_all(log, collector)
    assert collector.rows[ALL:] == [new]


def test_the_kubelet_is_told_when_it_hangs_and_not_when_it_waits(
    log: Log, collector: Collector, exporters: Exporters
) -> None:
    released = Event()
    answers = iter([(503, {"Retry-After": "5"}, "")])

    def answer(_: list[Entry]) -> Answer:
        waits = next(answers, None)
        if waits is None:
            released.wait(30)
        return waits or TAKEN

    collector.answer = answer
    short = "import export_audit as it; it.HUNG_SECONDS = 2; it.TICK = 0.2; it.main()"
    exporters.to(collector, "-c", short, PYTHONPATH=f"{SCRIPTS}:{SHARED}")

    def it_waits() -> bool:
        return len(collector.batches) == 1 and exporters.livez() == 200

    eventually(it_waits)
    # Until the endpoint gets the second batch, and says nothing.
    while len(collector.batches) < 2:
        assert exporters.livez() == 200

    def it_counts_as_hung() -> bool:
        return exporters.livez() == 503

    eventually(it_counts_as_hung)
    released.set()
    wait_for_all(log, collector)


def test_its_own_log_can_be_the_endpoint(log: Log, exporters: Exporters) -> None:
    process = exporters.start(SINK="stdout")

    def all_is_printed() -> bool:
        return len(exporters.output.read_text(encoding="utf-8").splitlines()) == ALL

    eventually(all_is_printed)
    assert exporters.end(process) == 0
    lines = exporters.output.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["row"] for line in lines] == list(range(1, ALL + 1))
    assert log.query("SELECT last_id FROM feature_flags_audit.cursor") == [(ALL,)]
