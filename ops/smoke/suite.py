"""The checks by name, and how they are run."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping

from ops.errors import OpsError
from ops.smoke import certificate, round_trip, serving
from ops.smoke.keys import Keys
from ops.smoke.model import CheckFailedError, CheckSkippedError, Outcome, Place, Result

Check = Callable[[Place, Keys], str]
CHECKS: Mapping[str, Check] = {
    "liveness": serving.liveness,
    "readiness": serving.readiness,
    "version": serving.version,
    "flags": serving.flags,
    "wrong-key": serving.wrong_key,
    "no-key": serving.no_key,
    "identities": serving.identities,
    "environment-document": serving.document,
    "log-in": serving.log_in,
    "ui": serving.user_interface,
    "certificate": certificate.certificate,
    "redirect": certificate.redirect,
    "round-trip": round_trip.round_trip,
}


def chosen(skip: Collection[str]) -> list[str]:
    """The checks' names without those to skip. Raises OpsError for a name that is none."""
    unknown = [name for name in skip if name not in CHECKS]
    if unknown:
        raise OpsError(f"There is no check {unknown[0]!r} to skip.", hint=f"There are: {', '.join(CHECKS)}.")
    return [name for name in CHECKS if name not in skip]


def run(place: Place, keys: Keys, names: Collection[str]) -> Iterator[Result]:
    """Run the checks, one after the other; a failed one stops none."""
    for name in names:
        yield run_one(name, place, keys)


def run_one(name: str, place: Place, keys: Keys) -> Result:
    """Run one check."""
    started = time.monotonic()

    def ended(outcome: Outcome, detail: str) -> Result:
        return Result(name, outcome, detail, time.monotonic() - started)

    try:
        return ended(Outcome.PASSED, CHECKS[name](place, keys))
    except CheckSkippedError as reason:
        return ended(Outcome.SKIPPED, str(reason))
    except CheckFailedError as problem:
        return ended(Outcome.FAILED, str(problem))
    except OpsError as error:
        return ended(Outcome.FAILED, error.message)
