"""The faults by name. Each is made anew for a run: some remember what they saw."""

import secrets
from collections.abc import Mapping
from dataclasses import replace

from tests.doubles.proxy import changes as change
from tests.doubles.proxy.faults import Made, answered, cached, errors, keyed, lost, manner, slow, then
from tests.doubles.proxy.rewriting import (
    DOCUMENT,
    FLAGS,
    IDENTITIES,
    SDK,
    all_flags,
    as_user,
    documents,
    each_flag,
    environments_states,
    in_identities,
    on,
    with_user,
)
from tests.doubles.proxy.server import Answer, Ask, Manner

SIGN_UP, LIVE, READY = "/api/v1/auth/users/", "/health/liveness/", "/health/readiness/"
LATE_SECONDS = 4.5  # that a late answer takes more: longer than any may take
BROKEN = {"DatabaseBackend": "unavailable: OperationalError", "MigrationsHealthCheck": "working"}


def faults() -> Mapping[str, Made]:
    """All of them."""
    return {**_up(), **_sent(), **_said(), **_users(), **_keys(), **_written()}


def _up() -> dict[str, Made]:
    return {
        "every third answer an error": errors(every=3),
        "every twentieth answer an error": errors(every=20, status=500),
        "every fifth connection closed": manner(Manner.CLOSE, every=5),
        "all answers late": slow(LATE_SECONDS),
        "every third answer late": slow(LATE_SECONDS, every=3),
        "users' answers late": slow(LATE_SECONDS, paths=(IDENTITIES,)),
        "liveness dead": answered(LIVE, lambda _: Answer(500)),
        "liveness hanging": manner(Manner.HANG, paths=(LIVE,)),
        "no answer at all": manner(Manner.HANG),
        "all connections closed": manner(Manner.CLOSE),
        "bytes that trickle": manner(Manner.TRICKLE),
        "users' bytes that trickle": manner(Manner.TRICKLE, paths=(IDENTITIES,)),
        "an answer without end": manner(Manner.ENDLESS, paths=(FLAGS,)),
        "readiness with a broken database": documents(lambda _: BROKEN, READY),
        "readiness that says nothing": documents(lambda _: {"status": "ok"}, READY),
        "another release": documents(lambda found: {**found, "image_tag": "2.1.0"}, "/version/"),
        "the user interface gone": answered("/login", lambda _: Answer(404, {"content-type": "text/html"})),
    }


def _sent() -> dict[str, Made]:
    cors = "access-control-allow-"
    return {
        "no CORS headers": answered("/api/", lambda answer: answer.without(f"{cors}origin", f"{cors}headers")),
        "another page's origin alone": answered(
            "/api/", lambda answer: answer.having(access_control_allow_origin="https://elsewhere.example.com")
        ),
        "the key's header not allowed": answered(
            "/api/", lambda answer: answer.having(access_control_allow_headers="accept, content-type"), "OPTIONS"
        ),
        "OPTIONS refused": answered("/api/", lambda _: Answer(405, {"content-type": "application/json"}), "OPTIONS"),
        "CORS headers at OPTIONS alone": answered(
            "/api/v1/identities/", lambda answer: answer.without(f"{cors}origin"), "POST"
        ),
        "text for JSON": answered(FLAGS, lambda answer: answer.having(content_type="text/plain")),
        "a page for JSON": answered(FLAGS, change.html),
        "half of the JSON": answered(IDENTITIES, lambda answer: replace(answer, body=answer.body[:-9])),
        "half of the body": manner(Manner.CUT, paths=(FLAGS,)),
        "compressed garbage": answered(FLAGS, change.garbage),
        "a redirect to http": answered("/api/", change.moved),
        "an empty object": answered("/api/", lambda answer: answer.with_json({})),
        "an empty list": answered("/api/", lambda answer: answer.with_json([])),
        "null": answered(IDENTITIES, lambda answer: answer.with_json(None)),
    }


def _said() -> dict[str, Made]:
    return {
        "all values null": each_flag(lambda flag: {**flag, "feature_state_value": None}),
        "numbers as text": each_flag(change.to_text),
        "on and off as text": each_flag(lambda flag: {**flag, "enabled": str(flag["enabled"]).lower()}),
        "on for off": each_flag(change.inverted),
        "on for off for users": in_identities(change.inverted),
        "on for off by POST": in_identities(change.inverted, "POST"),
        "a flag twice": all_flags(change.with_first_doubled),
        "a flag lost for users": documents(lambda found: {**found, "flags": found["flags"][:-1]}, IDENTITIES),
        "a flag without its value": each_flag(change.without_value),
        "the first answers for ever": cached(
            lambda ask: (ask.method, ask.target, ask.body, ask.key, ask.headers.get("origin")), *SDK
        ),
        "the first document for ever": cached(lambda ask: ask.key, DOCUMENT),
        "one variation for all": in_identities(change.one_variant),
        "the document without segments": documents(change.project(segments=[])),
        "the document without users' overrides": documents(lambda found: {**found, "identity_overrides": []}),
        "the document's flags on for off": documents(change.states_inverted),
        "another environment's document": documents(lambda found: {**found, "api_key": "another"}),
    }


def _users() -> dict[str, Made]:
    some = lambda: f"user-{secrets.token_hex(4)}"  # noqa: E731 - a name for what is given twice
    return {
        "traits ignored": on(IDENTITIES, change.without_traits, lambda _, answer: answer),
        "traits ignored and echoed": on(IDENTITIES, change.without_traits, change.traits_echoed),
        "traits as text": documents(change.strings_in_traits, IDENTITIES),
        "the identifier ignored": on(IDENTITIES, as_user(lambda: "somebody"), lambda _, answer: answer),
        "the identifier ignored and echoed": on(IDENTITIES, as_user(lambda: "somebody"), with_user),
        "variations that do not stick": on(IDENTITIES, as_user(some), with_user),
        "one user's answer for all": cached(one_of_each_key, IDENTITIES),
        "one user's answer for all, echoed": then(cached(one_of_each_key, IDENTITIES), with_user),
        "segments' overrides ignored": environments_states("feature_segment"),
        "users' overrides ignored": environments_states("identity"),
        "what is kept of users ignored": on(
            IDENTITIES,
            lambda ask: ask.with_query(transient="true") if ask.method == "GET" else ask,
            lambda _, answer: answer,
        ),
    }


def one_of_each_key(ask: Ask) -> tuple[str | None, ...]:
    """What tells users' requests apart where nobody looks at the user."""
    return ask.method, ask.key, ask.headers.get("origin")


def _keys() -> dict[str, Made]:
    return {
        "a wrong key taken": keyed(lambda _, good: good.get("client"), *SDK[:2]),
        "a wrong key taken for users by POST": keyed(
            lambda ask, good: good.get("client") if ask.method == "POST" else None, IDENTITIES
        ),
        "the document for clients": keyed(
            lambda ask, good: good.get("server") if ask.key and ask.key == good.get("client") else None, DOCUMENT
        ),
        "server-side flags for clients": keyed(
            lambda ask, good: good.get("server") if ask.key and ask.key == good.get("client") else None, *SDK[:2]
        ),
        "server-side flags for nobody": keyed(
            lambda ask, good: good.get("client") if ask.key and ask.key == good.get("server") else None, *SDK[:2]
        ),
        "one answer for all keys": cached(lambda ask: (ask.method, ask.target, ask.body), *SDK),
        "any password taken": answered("/api/v1/auth/login/", change.opened(200, {"key": "0" * 40})),
        "projects for strangers": answered("/api/v1/projects/", change.opened(200, [])),
        "sign-up open": answered(SIGN_UP, change.opened(400, change.TOO_SHORT)),
        "sign-up done": answered(SIGN_UP, change.opened(201, change.DONE)),
    }


def _written() -> dict[str, Made]:
    return {
        "changes accepted and lost": lost("PUT", "PATCH"),
        "deletions accepted and lost": lost("DELETE"),
        "all that is written lost": lost("POST", "PUT", "PATCH", "DELETE"),
    }
