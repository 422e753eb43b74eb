"""The exporter and its endpoint, a real HTTPS one: what is refused, too large, busy, elsewhere or not to be trusted."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from tests.components.audit.collector import TAKEN, Collector, Exporters
from tests.components.audit.exported import add, wait_for_all
from tests.components.audit.log import Log
from tests.fixtures_cluster import eventually
from tests.recording import ROOT

ALL = 49
SCRAPE = ROOT / "tests" / "scrapes" / "audit-exporter.txt"


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


def test_its_own_log_can_be_the_endpoint(log: Log, exporters: Exporters) -> None:
    process = exporters.start(SINK="stdout")

    def all_is_printed() -> bool:
        return len(exporters.output.read_text(encoding="utf-8").splitlines()) == ALL

    eventually(all_is_printed)
    assert exporters.end(process) == 0
    lines = exporters.output.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["row"] for line in lines] == list(range(1, ALL + 1))
    assert log.query("SELECT last_id FROM feature_flags_audit.cursor") == [(ALL,)]
