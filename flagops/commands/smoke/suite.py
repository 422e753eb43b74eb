"""The checks by name, and how they are run."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping

from flagops.commands.smoke import browser, certificate, edge, health, local, published, refusals, round_trip, serving
from flagops.commands.smoke.model import CheckFailedError, CheckResult, CheckSkippedError, CheckStatus, OutOfTimeError
from flagops.commands.smoke.visit import Visit
from flagops.errors import BadInputError, OpsError

FIRST = "liveness"


def answers(visit: Visit) -> str:
    """All answers of the run came without an error, and in time."""
    return visit.ledger.judge()


Check = Callable[[Visit], str]
CHECKS: Mapping[str, Check] = {
    FIRST: health.liveness,
    "readiness": health.readiness,
    "version": health.version,
    "flags": serving.flags,
    "values": serving.values,
    "wrong-key": refusals.wrong_key,
    "no-key": refusals.no_key,
    "client-key": refusals.client_key,
    "identities": serving.identities,
    "traits": serving.traits,
    "environment-document": local.document,
    "edge": edge.answers,
    "edge-documents": edge.keeps_documents,
    "browsers": browser.browsers,
    "sign-up": refusals.sign_up,
    "log-in": refusals.log_in,
    "ui": browser.user_interface,
    "certificate": certificate.certificate,
    "redirect": certificate.redirect,
    "unpublished": published.unpublished,
    "further-names": published.further_names,
    "round-trip": round_trip.round_trip,
    "answers": answers,
}


OF_AN_EDGE = frozenset(
    {
        *("flags", "wrong-key", "identities", "traits", "edge", "edge-documents", "browsers"),
        *("certificate", "redirect", "unpublished", "further-names"),
    }
)
"""What there is to see of an edge alone; the other checks ask the API."""


def chosen(skip: Collection[str]) -> list[str]:
    """The checks' names without those to skip. Raises OpsError for a name that is none, or when none is left."""
    unknown = [name for name in skip if name not in CHECKS]
    if unknown:
        raise BadInputError(f"There is no check {unknown[0]!r} to skip.", hint=f"There are: {', '.join(CHECKS)}.")
    names = [name for name in CHECKS if name not in skip]
    if not names:
        raise BadInputError("--skip leaves out every check, so nothing would be tested.", hint="Leave one --skip out.")
    return names


def run(visit: Visit, names: Collection[str]) -> Iterator[CheckResult]:
    """Run the checks, one after the other. A failed one stops none, but for a server that does not live."""
    for number, name in enumerate(names):
        result = run_one(name, visit)
        yield result
        if name == FIRST and result.outcome is CheckStatus.FAILED:
            reason = f"not looked at: {FIRST} failed"
            yield from (CheckResult(other, CheckStatus.SKIPPED, reason, 0) for other in list(names)[number + 1 :])
            return


def run_one(name: str, visit: Visit) -> CheckResult:
    """Run one check."""
    started = time.monotonic()

    def ended(outcome: CheckStatus, detail: str) -> CheckResult:
        return CheckResult(name, outcome, detail, time.monotonic() - started)

    if visit.place.is_edge and name not in OF_AN_EDGE:
        return ended(CheckStatus.SKIPPED, "an edge alone answers nothing else")
    try:
        if name != "answers":  # which asks nothing
            visit.deadline.check()
        return ended(CheckStatus.PASSED, CHECKS[name](visit))
    except CheckSkippedError as reason:
        return ended(CheckStatus.SKIPPED, str(reason))
    except OutOfTimeError as problem:
        return ended(CheckStatus.FAILED, f"not looked at to its end: {problem}")
    except CheckFailedError as problem:
        return ended(CheckStatus.FAILED, str(problem))
    except OpsError as error:
        return ended(CheckStatus.FAILED, error.message)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # An answer that is JSON and of a form that no Flagsmith gives.
        return ended(
            CheckStatus.FAILED, f"an answer has a form that Flagsmith's have not: {type(error).__name__} {error}"
        )
