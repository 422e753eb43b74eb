"""Explains a flag of a running Flagsmith: its document is evaluated here, and the server is asked too."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from flagops.commands.flags.documents.other_flags import asks_flags, traits_of
from flagops.commands.flags.explain.remote_answer import Comparison, ask, compare
from flagops.commands.flags.server.engine import STATIC, engine_of
from flagops.errors import NotFoundError, RefusedError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.throwaway import kept
from flagops.serving.engine.context import Document
from flagops.serving.engine.explain import explain
from flagops.serving.engine.trace import Trace
from flagops.serving.engine.user import User

Row = Mapping[str, Any]


def explained(connection: Connection, flag: str, environment: str, user: User) -> tuple[Trace, Comparison]:
    """Why the user gets the flag as they do, and what the server says itself.

    Raises OpsError for a flag or an environment that there is not.
    """
    place = connection.environment(environment)
    feature = find(kept(connection.client.pages(f"/api/v1/projects/{connection.project}/features/")), flag)
    document = connection.client.get(f"/api/v1/environments/{place.key}/document/")
    _require_known(connection, document, flag)
    names = {row["id"]: row["key"] for row in feature["multivariate_options"] if row.get("key")}
    trace = explain(document, flag, user, names)
    if trace.reason == STATIC:
        trace = replace(trace, reason=engine_of(connection.client).reason(trace.reason))
    remote = ask(connection.client, place.key, flag, user)
    return trace, compare(document, trace, remote, is_server_side=bool(feature["is_server_key_only"]))


def _require_known(connection: Connection, document: Document, flag: str) -> None:
    """Raise RefusedError for a flag whose segments ask for other flags: what the server makes of it is not known."""
    for segment in document["project"]["segments"]:
        is_for_it = any(state["feature"]["name"] == flag for state in segment["feature_states"])
        if is_for_it and asks_flags(traits_of(segment["rules"])):
            raise RefusedError(
                f"The segment {segment['name']!r} of {flag} asks for another flag: "
                f"{engine_of(connection.client).said_of_flags}.",
                hint="Ask the server itself: `ff flags get`, or an SDK without local evaluation.",
            )


def find(features: Iterable[Row], name: str) -> Row:
    """The flag called `name`, which clients get."""
    known = {row["name"]: row for row in features}
    if name not in known:
        near = get_close_matches(name, known)
        raise NotFoundError(
            f"There is no flag {name!r} in the project" + (f"; near it: {', '.join(near)}." if near else "."),
            hint="`ff flags get --environment NAME` lists the flags that are served.",
        )
    return known[name]
