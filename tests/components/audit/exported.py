"""Entries of the audit log, and how far the exporter is with them."""

from tests.components.audit.collector import Collector
from tests.components.audit.log import Log, write
from tests.fixtures_cluster import eventually


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
