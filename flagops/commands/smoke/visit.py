"""One run of the smoke tests: the place, the time that is left, and what all checks ask with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flagops.commands.smoke.http import CheckClient
from flagops.commands.smoke.in_time import Deadline, InTime
from flagops.commands.smoke.keys import SmokeKeys
from flagops.commands.smoke.ledger import Ledger
from flagops.commands.smoke.model import CheckFailedError, SmokeTarget
from flagops.waiting import NotYet, until

MARGIN = 3.0  # seconds for the requests themselves, beside what the caches may take
PAUSE = 0.25  # seconds between two looks
KEY_SECONDS = 3.0  # for giving a key back, when no time is left


@dataclass(frozen=True)
class Visit:
    """What a check is given.

    Attributes:
        place: The Flagsmith to test.
        deadline: When the run ends.
        ledger: How all answers came.
        transport: What every request goes through.
        probe: Asks as applications and browsers do.
        keys: The keys, and an administrator's client.
        settled: From when caches show nothing that was changed before the run.
    """

    place: SmokeTarget
    deadline: Deadline
    ledger: Ledger
    transport: InTime
    probe: CheckClient
    keys: SmokeKeys
    settled: Deadline

    def agreed(self, check: Callable[[], str]) -> str:
        """What `check` sees: again until caches have forgotten what was changed before this run, and then once more."""

        def seen() -> str | NotYet:
            has_settled = not self.settled.left
            try:
                return check()
            except CheckFailedError as problem:
                self.deadline.check()
                if has_settled:
                    raise
                return NotYet(str(problem))

        # What is seen after the last check is raised by itself, a moment before this would be over.
        return until(seen, self.settled.left + 2 * PAUSE, late="Answers do not agree", longest_pause=PAUSE)


@contextmanager
def visit(place: SmokeTarget) -> Iterator[Visit]:
    """A run, which ends `place.seconds` from now; the keys that it made are given back at its end."""
    deadline, ledger = Deadline(place.seconds), Ledger()
    transport = InTime(deadline, ledger)
    keys = SmokeKeys(place, transport)
    try:
        probe = CheckClient(place.url, deadline, ledger, transport)
        yield Visit(place, deadline, ledger, transport, probe, keys, Deadline(place.staleness + MARGIN))
    finally:
        deadline.extend(KEY_SECONDS)
        keys.give_back()
        transport.shut()
