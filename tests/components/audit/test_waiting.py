"""What the exporter waits for: another one that ends, a database that comes back; and how the kubelet sees it hang."""

import signal
from threading import Event

from components.audit.reader import SCRIPTS
from tests.components.audit.collector import TAKEN, Answer, Collector, Entry, Exporters
from tests.components.audit.exported import add, wait_for_all
from tests.components.audit.log import Log
from tests.fixtures_cluster import eventually
from tests.in_pod import SHARED
from tests.recording import ROOT

ALL = 49
SCRAPE = ROOT / "tests" / "scrapes" / "audit-exporter.txt"


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
