"""An image that would sort a Cluster's text otherwise is refused, where the system's libraries sort it."""

from typing import Any

import pytest

from components.deployment.kept_data import losses
from components.deployment.sorting import follows_system
from components.postgres.cluster_spec import initial_database

IMAGE = "registry.example.com:5000/pg:17.{}"


def cluster(image: str, initdb: dict[str, Any] | None = None, written_by: str | None = None) -> dict[str, Any]:
    bootstrap = {"recovery": {"source": "origin"}} if initdb is None else {"initdb": initdb}
    status = {} if written_by is None else {"pgDataImageInfo": {"image": written_by, "majorVersion": 17}}
    return {
        "kind": "Cluster",
        "metadata": {"name": "flagsmith-pg"},
        "spec": {"imageName": image, "bootstrap": bootstrap},
        "status": status,
    }


def refused(before: str, after: str, initdb: dict[str, Any] | None, written_by: str | None = None) -> bool:
    found = list(losses(cluster(after), cluster(before, initdb, written_by), by_statement=False))
    assert all("answers would be wrong" in line for line in found)
    return bool(found)


HEBREW = {"localeCollate": "he_IL.UTF-8"}
BOOKWORM, TRIXIE = IMAGE.format("9-system-bookworm"), IMAGE.format("10-system-trixie@sha256:" + "5" * 64)


@pytest.mark.parametrize("initdb", [HEBREW, {"locale": "en_US.utf8"}, {"localeProvider": "icu", "icuLocale": "und"}])
def test_another_system_is_refused_where_it_sorts(initdb: dict[str, Any]) -> None:
    assert refused(BOOKWORM, TRIXIE, initdb)
    assert refused(TRIXIE, BOOKWORM, initdb)
    assert not refused(BOOKWORM, IMAGE.format("11-standard-bookworm"), initdb)


def test_who_wrote_the_data_counts_and_not_what_is_asked_for_since() -> None:
    assert refused(TRIXIE, TRIXIE, HEBREW, written_by=BOOKWORM)
    assert not refused(TRIXIE, BOOKWORM, HEBREW, written_by=BOOKWORM), "the way back"


@pytest.mark.parametrize(
    "initdb", [initial_database(), {}, None, {"localeCollate": "C"}, {"locale": "C.UTF-8"}, {"localeCollate": "POSIX"}]
)
def test_what_sorts_alike_everywhere_takes_any_image(initdb: dict[str, Any] | None) -> None:
    assert not refused(BOOKWORM, TRIXIE, initdb)
    assert not follows_system(cluster(BOOKWORM, initdb))


def test_an_image_that_does_not_say_its_system_is_let_through() -> None:
    assert not refused(BOOKWORM, IMAGE.format("10"), HEBREW)
