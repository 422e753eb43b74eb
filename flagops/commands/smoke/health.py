"""Is it up? Liveness, readiness, version."""

import re

from flagops.commands.smoke.http import Question
from flagops.commands.smoke.model import CheckFailedError
from flagops.commands.smoke.responses import require
from flagops.commands.smoke.visit import Visit

TIMES = 3  # that each is asked: behind one address are several pods
RELEASE = re.compile(r"\d+\.\d+\.\d+")  # not the word "unknown" of one that was built from its sources


def liveness(visit: Visit) -> str:
    """The process answers."""
    for _ in range(TIMES):
        found = visit.probe.json("/health/liveness/")
        require(found == {"status": "ok"}, f"/health/liveness/ says {str(found)[:100]}")
    return "ok"


def readiness(visit: Visit) -> str:
    """The database answers, and is migrated."""
    for _ in range(TIMES):
        found = visit.probe.json("/health/readiness/")
        require(isinstance(found, dict) and bool(found), f"/health/readiness/ says {str(found)[:100]}")
        broken = {name: state for name, state in found.items() if state != "working"}
        require(not broken, f"not working: {broken}")
        missing = [part for part in ("Database", "Migration") if not any(part in name for name in found)]
        require(not missing, f"/health/readiness/ says nothing of {', '.join(missing)}: {', '.join(found)}")
        visit.ledger.is_ready = True
    return ", ".join(found)


def version(visit: Visit) -> str:
    """It is the release that the settings name, in every pod, and the header says the same."""
    wanted, seen = visit.place.version, set()
    for _ in range(TIMES):
        body = visit.probe.json("/version/")
        require(isinstance(body, dict), f"/version/ says {str(body)[:100]}")
        found = body.get("image_tag")
        require(isinstance(found, str) and bool(found), "/version/ has no image_tag")
        if wanted is not None and found != wanted:
            raise CheckFailedError(f"it is {found}, and the settings say {wanted}: was it rolled out?")
        seen.add(found)
    said = visit.probe.ask(Question(path="/health/liveness/")).headers.get("Flagsmith-Version", "")
    seen |= {name for name in [said] if RELEASE.fullmatch(name) and all(RELEASE.fullmatch(each) for each in seen)}
    require(len(seen) == 1, f"it is several releases at once: {', '.join(sorted(seen))}")
    return str(found)
