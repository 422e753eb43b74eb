"""A server that runs for long keeps nothing beyond its bounds, and leaves nothing behind when it ends."""

import gc
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from flagops.serving.model.backend import Kept, KeptTrait
from flagops.serving.server.kept import KeptIdentities
from flagops.serving.server.seen import LAST, LONGEST, MOST_NAMES
from tests.flagops.serving.support import Served, events, served_file, wait_until

ROUNDS = 15
LISTENERS = 5


def open_things() -> tuple[int, int]:
    """Threads, and open files and sockets, of this process."""
    gc.collect()
    return threading.active_count(), psutil.Process().num_fds()


@contextmanager
def settled() -> Iterator[None]:
    """All that the block opened is closed after it."""
    before = open_things()
    yield
    wait_until(lambda: all(now <= then for now, then in zip(open_things(), before, strict=True)))


def edit(path: Path, number: int, good: str) -> None:
    broken = number % 3 == 2
    changed = good.replace("enabled: false", "enabled: true", 1) if number % 2 else good
    path.write_text("flags: [" if broken else changed, encoding="utf-8")


def test_edits_broken_edits_and_restarts_leave_nothing_behind(catalogue: Path) -> None:
    good = catalogue.read_text(encoding="utf-8")
    with served_file(catalogue) as first:  # which starts what lives as long as the process does
        first.flags()
    with settled():
        for _ in range(3):
            catalogue.write_text(good, encoding="utf-8")
            with served_file(catalogue) as served, ExitStack() as listening:
                url = f"{served.url}sse/environments/{served.key()}/stream"
                streams = [listening.enter_context(events(url)) for _ in range(LISTENERS)]
                for told in streams:
                    next(told)
                inside = None
                for number in range(1, ROUNDS):
                    edit(catalogue, number, good)
                    served.wait()
                    served.flags("staging", f"user-{number}", plan="premium")
                    inside = inside or open_things()
                assert all(now <= then + 1 for now, then in zip(open_things(), inside or (0, 0), strict=True))
                assert len(served.state.changes) == LISTENERS


def test_a_listener_that_leaves_is_let_go_of(service: Served) -> None:
    url = f"{service.url}sse/environments/{service.key()}/stream"
    with settled():
        for _ in range(3):
            with events(url) as told:
                next(told)
                assert len(service.state.changes) == 1
            wait_until(lambda: len(service.state.changes) == 0)


def test_more_listeners_than_may_are_told_so(service: Served) -> None:
    service.state.changes._most = 1  # noqa: SLF001 - 500 connections would test the same, in a minute
    url = f"{service.url}sse/environments/{service.key()}/stream"
    with events(url) as told:
        next(told)
        answer = httpx.get(url)
        assert (answer.status_code, answer.json()) == (
            503,
            {"detail": "1 connections listen already, which is the most."},
        )


@pytest.mark.parametrize(("most", "characters", "kept"), [(3, 10**6, 3), (100, 40, 4)])
def test_users_who_are_kept_make_room_for_new_ones(service: Served, most: int, characters: int, kept: int) -> None:
    environment = service.state.environments["staging"]
    found = KeptIdentities(most, characters)
    for number in range(10):
        found.save(environment, Kept(f"user-{number}", {"a": KeptTrait("bc")}))
    assert len(found) == kept
    assert found.find(environment, "user-0") is None
    assert found.find(environment, "user-9") is not None
    found.save(environment, Kept("user-9", {"a": KeptTrait("x" * 100)}))
    assert found.find(environment, "user-9") is not None


def test_what_clients_say_is_kept_in_short_and_within_bounds(service: Served) -> None:
    reports = service.state.reports
    for number in range(LAST + 50):
        service.get(f"api/v1/flags/?{'x' * 500}", service.key(), headers={"User-Agent": f"{number}{'y' * 900}"})
    assert len(reports.requests) == LAST
    assert all(len(item.client) <= LONGEST for item in reports.requests)
    rows = [{"event": f"event-{number}", "value": "z" * 900} for number in range(MOST_NAMES + 100)]
    service.ask("POST", "v1/events", service.key(), json={"events": rows})
    assert (len(reports.events), reports.events["others"], len(reports.last_events)) == (MOST_NAMES + 1, 100, LAST)
    counts = {f"no_flag_{number}": 1 for number in range(1000)}
    service.ask("POST", "api/v1/analytics/flags/", service.key(), json=counts)
    assert reports.reads == {}
