"""Evaluation on the server and from the environment's document, held against one another."""

from collections.abc import Iterator

from flagops.commands.smoke import evaluated, routes
from flagops.commands.smoke.http import Question
from flagops.commands.smoke.model import CheckFailedError
from flagops.commands.smoke.responses import Flags, differences, of_identity, require
from flagops.commands.smoke.responses import flags as read_flags
from flagops.commands.smoke.visit import Visit

USERS, SEGMENTS = 4, 4  # that are compared: users without traits, and one in each of so many segments


def document(visit: Visit) -> str:
    """SDKs with local evaluation get the document, and users get from the server what the document says."""
    key = visit.keys.server_side
    people: list[tuple[str, routes.Traits]] = [(routes.some_user(), {}) for _ in range(USERS)]

    def check() -> str:
        found = checked(visit.probe.read(routes.document(key)), visit.keys.client_side)
        users = people + [(routes.some_user(), traits) for traits in evaluated.traits_of_segments(found, SEGMENTS)]
        for question, wanted, said in _pairs(visit, found, users):
            wrong = list(differences(wanted, said, {**wanted, **said}))
            if wrong:
                raise CheckFailedError(f"{question.what} and the environment's document disagree: {wrong[0]}")
        segments = len(found["project"]["segments"])
        said_of = f"{len(found['feature_states'])} flags and {segments} segments say the same for {len(users)} users"
        return f"{said_of}; the edge was not asked with a server-side key" if visit.place.has_edge else said_of

    return visit.agreed(check)


def checked(found: object, key: str) -> evaluated.Document:
    """The document, when it has the form that SDKs rely on and is of the environment with this key."""
    require(isinstance(found, dict), f"{routes.DOCUMENT} is not an object: {str(found)[:100]}")
    assert isinstance(found, dict)  # noqa: S101 - for the type checker
    require(found.get("api_key") == key, f"{routes.DOCUMENT} is of another environment")
    project = found.get("project")
    require(isinstance(found.get("feature_states"), list), f"{routes.DOCUMENT} has no feature_states")
    is_whole = isinstance(project, dict) and isinstance(project.get("segments"), list)
    require(is_whole, f"{routes.DOCUMENT} has no segments")
    names = [state["feature"]["name"] for state in found["feature_states"]]
    twice = {name for name in names if names.count(name) > 1}
    require(not twice, f"{routes.DOCUMENT} has {', '.join(sorted(twice))[:100]} twice")
    return found


def _pairs(
    visit: Visit, found: evaluated.Document, users: list[tuple[str, routes.Traits]]
) -> Iterator[tuple[Question, Flags, Flags]]:
    """Each question with what its answer has to say and what it says.

    A proxy of the edge knows no server-side key but its own, and takes traits also where clients may not send any.
    """
    has_edge = visit.place.has_edge
    found = evaluated.at_edge(found) if has_edge else found
    servers = () if has_edge else ((visit.keys.server_side, False),)
    for key, is_client in (*servers, (visit.keys.client_side, True)):

        def seen(flags: Flags, *, is_client: bool = is_client) -> Flags:
            return evaluated.for_clients(found, flags) if is_client else flags

        question = routes.flags(key)
        said = read_flags(visit.probe.read(question), question.what)
        if not (is_client and evaluated.hides_disabled(found)):  # then this route forgets to hide the server's own
            yield question, seen(evaluated.environment(found)), said
        for user, traits in users:
            if traits and is_client and not has_edge and found.get("allow_client_traits") is False:
                continue
            asked = [routes.by_post(user, key, traits)] + ([] if traits else [routes.by_get(user, key)])
            for each in asked:
                answer = of_identity(visit.probe.read(each), each.what, user)
                yield each, seen(evaluated.identity(found, user, traits)), answer
