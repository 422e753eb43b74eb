"""Do the routes answer in the form that SDKs rely on, and do they agree with one another?"""

from collections.abc import Mapping
from typing import Any

from flagops.commands.smoke import routes
from flagops.commands.smoke.model import CheckFailedError, CheckSkippedError
from flagops.commands.smoke.responses import Flags, differences, of_identity, require
from flagops.commands.smoke.responses import flags as read_flags
from flagops.commands.smoke.visit import Visit

TIMES = 6  # that the same is asked: one answer of several workers, or of three, may be another
USERS = 4
TRAITS: routes.Traits = {"ff_smoke_text": "premium", "ff_smoke_number": 7, "ff_smoke_part": 0.5, "ff_smoke_truth": True}


def flags(visit: Visit) -> str:
    """The environment's flags come with its key, the same each time."""

    def check() -> str:
        first = _environment(visit)
        for _ in range(TIMES - 1):
            _same(first, _environment(visit), f"{routes.FLAGS} does not say the same twice")
        return f"{len(first)} flags, {TIMES} times the same"

    return visit.agreed(check)


def values(visit: Visit) -> str:
    """Flags that were made with a value have one: not all of them are null."""
    if visit.place.has_edge:
        raise CheckSkippedError("an edge does not say with which values flags were made")
    found = visit.probe.read(routes.flags(visit.keys.client_side))
    said = read_flags(found, routes.FLAGS)
    made = {flag["feature"]["name"]: flag["feature"].get("initial_value") for flag in found}
    given = [name for name, value in made.items() if value not in (None, "")]
    if not given:
        raise CheckSkippedError("no flag was made with a value")
    have = [name for name, (_, value) in said.items() if value is not None]
    example = f"{given[0]} was made with {made[given[0]]!r}"
    require(bool(have), f"every value is null, and {example}; if that is meant, --skip values")
    return f"{len(have)} of {len(said)} flags have a value"


def identities(visit: Visit) -> str:
    """Users get their own answer, the same each time and by GET and POST; what no rule decides is everybody's."""
    users = [routes.some_user() for _ in range(USERS)]

    def check() -> str:
        key, everybody = visit.keys.client_side, _raw(visit)
        for user in users:
            answers = [_user(visit, question, user) for question in _ways(user, key) * 2]
            for question, (_, found) in zip(_ways(user, key) * 2, answers, strict=True):
                _same(answers[0][1], found, f"{question.what} says something else for the same user")
            _is_the_environments(everybody, answers[0][0], f"{routes.IDENTITIES} for {user}")
        return f"{len(answers[0][1])} flags for each of {USERS} users, by GET and POST, twice"

    return visit.agreed(check)


def traits(visit: Visit) -> str:
    """A user's traits are taken as they are; the user is transient, so that nothing of it is kept."""
    user = routes.some_user()
    key = visit.keys.client_side
    if visit.place.authenticate is not None:
        here = visit.keys.environment
        if here.get("hide_sensitive_data") and not visit.place.has_edge:
            raise CheckSkippedError("the environment hides sensitive data, traits among it")
        if here.get("allow_client_traits") is False and not visit.place.has_edge:  # whose proxies do not ask
            key = visit.keys.server_side
    for given in (TRAITS, {name: TRAITS[name] for name in ("ff_smoke_text",)}):
        found, _ = _user(visit, routes.by_post(user, key, given), user)
        taken = {item.get("trait_key"): item.get("trait_value") for item in found["traits"] if isinstance(item, dict)}
        for name, value in given.items():
            has = taken.get(name)
            is_taken = has == value and isinstance(has, bool) == isinstance(value, bool)
            require(
                is_taken,
                f"the trait {name} was sent as {value!r} and is {has!r} in the answer; where an environment takes no "
                "traits from clients, or hides sensitive data, --skip traits",
            )
        extra = sorted(str(name) for name in set(taken) - set(given))
        require(not extra, f"the answer has traits that were not sent: {', '.join(extra)[:100]}")
    return f"{len(TRAITS)} traits"


def _ways(user: str, key: str) -> list[Any]:
    return [routes.by_get(user, key), routes.by_post(user, key)]


def _user(visit: Visit, question: Any, user: str) -> tuple[Mapping[str, Any], Flags]:
    found = visit.probe.read(question)
    return found, of_identity(found, question.what, user)


def _raw(visit: Visit) -> Flags:
    return _environment(visit)


def _environment(visit: Visit) -> Flags:
    return read_flags(visit.probe.read(routes.flags(visit.keys.client_side)), routes.FLAGS)


def _is_the_environments(everybody: Flags, answer: Mapping[str, Any], where: str) -> None:
    """What no segment decides is as `/flags/` says it, but for the value of one with variations."""
    hides = all(is_on for is_on, _ in everybody.values())  # an environment may hide flags that are off
    said = read_flags(answer["flags"], where)
    missing = sorted(set(everybody) ^ set(said))
    require(hides or not missing, f"{where} and {routes.FLAGS} do not have the same flags: {', '.join(missing)[:100]}")
    for flag in answer["flags"]:
        name = flag["feature"]["name"]
        is_ruled = flag.get("feature_segment") is not None or flag.get("identity") is not None
        if is_ruled or flag.get("id") is None or name not in everybody:
            continue  # without an id sensitive data is hidden, the segment too
        wanted, found = everybody[name], said[name]
        if flag["feature"]["type"] == "MULTIVARIATE":
            wanted = (wanted[0], found[1])
        _same({name: wanted}, {name: found}, f"{where} and {routes.FLAGS} disagree")


def _same(wanted: Flags, found: Flags, problem: str) -> None:
    wrong = list(differences(wanted, found, {**wanted, **found}))
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise CheckFailedError(f"{problem}: {wrong[0]}{more}")
