"""What an API pod sees around it: the database, Redis, names, and the time."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

from components.flagsmith.caches import CACHES
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.kubernetes.client import CONNECT_SECONDS
from flagops.pods.python_in_pod import run_python

SCRIPT: Final = Path(__file__).with_name("in_pod") / "dependencies.py"

MOST_SKEW = 5.0  # seconds; what is signed with a time is refused from some minutes on, so this warns early
SCARCE = 0.9  # of the connections: what is left does not outlast a rollout


def dependencies(examination: Examination) -> Iterator[DoctorFinding]:
    """Ask from within a pod of the API, with its own connections."""
    variable = "" if examination.instance.settings.redis.mode == "none" else CACHES["flags"].location
    before = time.time()
    seen = run_python(examination.instance, SCRIPT, [variable], what="The API's pod cannot look around")
    after = time.time()
    yield from _database(examination, seen["database"])
    yield from of_collation(stack=examination.instance.stack.name, seen=seen["database"])
    if variable:
        yield from of_redis(examination, seen["redis"])
    yield from _clocks(examination, seen, before, after)


def _database(examination: Examination, seen: dict[str, Any]) -> Iterator[DoctorFinding]:
    stack, host = examination.instance.stack.name, seen["host"]
    evidence = (f"{host}: {examination.mask(seen.get('error', ''))}",)
    embedded = examination.instance.settings.postgres.mode == "embedded"
    state = seen["state"]
    if state == "dns":
        yield _unresolved(examination, "The database's", host, evidence)
    elif state == "password":
        yield DoctorFinding(
            "database-password",
            "The database refuses the password of the API.",
            evidence,
            f"ff restart --stack {stack}"
            + (" -c database -c api -c task-processor" if embedded else "")
            + "   (pods take a changed Secret when they start)",
        )
    elif state == "full":
        yield DoctorFinding(
            "database-out-of-connections",
            "The database takes no more connections.",
            evidence,
            f"ff restart --stack {stack}   (frees them; then raise postgres.maxConnections, or lower gunicorn.workers)",
        )
    elif state != "ok":
        yield DoctorFinding(
            "database-down",
            "The database does not answer; flags that are cached are still served for seconds.",
            evidence,
            f"ff logs --stack {stack} -c database" if embedded else f"ff db psql --stack {stack}",
        )
    elif seen["used"] >= SCARCE * seen["limit"]:
        yield DoctorFinding(
            "database-connections-scarce",
            "The database is about to run out of connections.",
            (f"{seen['used']} of {seen['limit']} are in use",),
            f"ff db connections --stack {stack}",
        )


def of_collation(stack: str, seen: dict[str, Any]) -> Iterator[DoctorFinding]:
    """Whether the database's text is sorted as its indexes are."""
    if seen.get("collation"):
        name, before, now = seen["collation"]
        yield DoctorFinding(
            "collation-changed",
            "The database's text is sorted by another version of a library than its indexes: they miss rows, and take "
            "duplicates.",
            (f"{name}: made by version {before}, and the server has {now}",),
            f"ff db backup --stack {stack} && ff db psql --stack {stack} -- -c 'REINDEX DATABASE \"{name}\"' "
            f"-c 'ALTER DATABASE \"{name}\" REFRESH COLLATION VERSION'",
        )


def of_redis(examination: Examination, seen: dict[str, Any]) -> Iterator[DoctorFinding]:
    """What the script saw of Redis, judged."""
    stack, host = examination.instance.stack.name, seen["host"]
    evidence = (f"{host}: {examination.mask(seen.get('error', ''))}",)
    meanwhile = "flags are served from the database meanwhile, slower"
    state, allowed = seen["state"], examination.instance.settings.caches.socket_timeout * 1000
    embedded = examination.instance.settings.redis.mode == "embedded"
    look = f"ff logs --stack {stack} -c cache" if embedded else f"ff cache info --stack {stack}"
    if state == "dns":
        yield _unresolved(examination, "Redis'", host, evidence)
    elif state == "password":
        fix = f"ff restart --stack {stack}" + (" -c cache -c api -c task-processor" if embedded else "")
        yield DoctorFinding("redis-password", f"Redis refuses the password of the API; {meanwhile}.", evidence, fix)
    elif state == "hung":
        fix = f"ff restart --stack {stack} -c cache" if embedded else look
        yield DoctorFinding("redis-hung", f"Redis takes connections and answers nothing; {meanwhile}.", evidence, fix)
    elif state != "ok":
        yield DoctorFinding("redis-down", f"Redis cannot be reached; {meanwhile}.", evidence, look)
    elif seen["milliseconds"] > allowed:
        yield DoctorFinding(
            "redis-slow",
            "Redis is slower than Flagsmith waits for it, so that the caches do not work.",
            (f"{seen['milliseconds']:.0f} ms a round trip; caches.socketTimeout allows {allowed:.0f} ms",),
            f"ff cache latency --stack {stack}",
        )


def _unresolved(examination: Examination, whose: str, host: str, evidence: tuple[str, ...]) -> DoctorFinding:
    return DoctorFinding(
        "dns",
        f"{whose} name {host} cannot be resolved in the API's pod.",
        evidence,
        f"{examination.instance.kubectl_anywhere} -n kube-system get pods -l k8s-app=kube-dns",
    )


def _clocks(examination: Examination, seen: dict[str, Any], before: float, after: float) -> Iterator[DoctorFinding]:
    """Compare the clocks of the pod's node, the database, the API server and this machine."""
    yield from _skewed("the node of an API pod", seen["time"], "this machine", before, after)
    database = seen["database"].get("time")
    if database is not None:
        asked = seen["database"]["asked"]
        yield from _skewed("the database", database, "the node of an API pod", asked, asked)
    yield from _api_server(examination)


def _api_server(examination: Examination) -> Iterator[DoctorFinding]:
    # It comes with the Kubernetes SDK, which takes half a second to import.
    from urllib3 import Timeout

    instance = examination.instance
    headers: dict[str, str] = {}
    instance.api.update_params_for_auth(headers, [], ["BearerToken"], "/version", "GET", None)
    before = time.time()
    pool = instance.api.rest_client.pool_manager
    answer = pool.request("GET", f"{instance.client.host}/version", headers=headers, timeout=Timeout(CONNECT_SECONDS))
    after = time.time()
    date = answer.headers.get("Date")
    if date is not None:
        # The header has whole seconds: the clock was up to one later.
        said = parsedate_to_datetime(date).timestamp()
        yield from _skewed("the API server", said, "this machine", before - 1, after)


def _skewed(whose: str, said: float, other: str, earliest: float, latest: float) -> Iterator[DoctorFinding]:
    skew = said - latest if said > latest else min(0.0, said - earliest)
    if abs(skew) > MOST_SKEW:
        direction = "ahead of" if skew > 0 else "behind"
        yield DoctorFinding(
            "clock-skew",
            f"The clock of {whose} is {abs(skew):.0f} s {direction} that of {other}.",
            (f"{whose}: {_shown(said)}; {other}: {_shown(latest)}",),
            "timedatectl status   (on the machine whose clock is wrong: is its time service running?)",
        )


def _shown(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(sep=" ", timespec="seconds")
