"""The recorded scrapes are those of the exporters that are deployed, and rules and panels look at nothing else."""

import re

import pytest

from components.settings import default_images
from tests.components.monitoring.test_exported import looked_at
from tests.metrics import NEWER, SCRAPES, parse_scrape

PINS = {
    "postgres-exporter": default_images.POSTGRES_EXPORTER_TAG,
    "redis-exporter": default_images.REDIS_EXPORTER_TAG,
}
PREFIXES = {"postgres-exporter": "pg_", "redis-exporter": "redis_", "kube-state-metrics": "kube_"}
# What one version has and the other has not: a panel asks for either.
EITHER = {
    "pg_stat_user_tables_size_bytes": {"pg_stat_user_tables_table_size_bytes", "pg_stat_user_tables_index_size_bytes"}
}


def version(name: str) -> tuple[int, ...]:
    """The version in the first line of a scrape."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", (SCRAPES / name).read_text(encoding="utf-8").splitlines()[0])
    assert found
    return tuple(map(int, found.groups()))


@pytest.mark.parametrize("name", PINS)
def test_a_scrape_is_of_the_version_that_is_deployed(name: str) -> None:
    assert "v" + ".".join(map(str, version(f"{name}.txt"))) == PINS[name], "record it anew: tests/scrapes/README.md"


@pytest.mark.parametrize(
    ("old", "new"),
    [(f"{path.stem}.txt", f"newer/{path.name}") for path in sorted(NEWER.iterdir())],
)
def test_what_is_called_newer_is_newer(old: str, new: str) -> None:
    assert version(new) > version(old)


@pytest.mark.parametrize("name", PREFIXES)
def test_what_rules_and_panels_look_at_is_in_the_scrape_of_its_own_exporter(name: str) -> None:
    known = set(parse_scrape((SCRAPES / f"{name}.txt").read_text(encoding="utf-8")).names)
    asked = {metric for metric in looked_at() if metric.startswith(PREFIXES[name])}
    assert len(asked) > 3
    replaced = set().union(*(names for metric, names in EITHER.items() if metric in known))
    assert asked - known - replaced == set()


def test_what_rules_and_panels_look_at_is_in_newer_ones_too() -> None:
    known = set(parse_scrape((NEWER / "postgres-exporter.txt").read_text(encoding="utf-8")).names)
    known |= set((NEWER / "kube-state-metrics.names").read_text(encoding="utf-8").split())
    missing = {metric for metric in looked_at() if metric.startswith(("pg_", "kube_"))} - known
    assert missing <= EITHER.keys()
    assert all(EITHER[metric] <= known & looked_at() for metric in missing)
