"""A double of the Edge Proxy that evaluates: in front of a Flagsmith, as the public name of a stack with an edge leads.

It answers as the real one was read and recorded to: from the document that it asks for with its own server-side key,
which it does for each answer, in place of every few seconds.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from flag_engine.engine import get_evaluation_result
from flagsmith.mappers import map_context_and_identity_data_to_context, map_environment_document_to_context

from tests.doubles.edge import RECORDED
from tests.doubles.proxy import Answer, Ask, Forward

PATHS = ("/api/v1/flags/", "/api/v1/identities/")
DOCUMENT = "/api/v1/environment-document/"
ALLOWED = {
    "access-control-allow-methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
    "access-control-max-age": "600",
}
Change = Callable[[Any], Any]


@dataclass
class EvaluatingEdge:
    """The two paths by a proxy, all else by Flagsmith.

    Attributes:
        client: The client-side key of its pair.
        server: The server-side key of its pair.
        changed: What becomes of an answer with flags, for a fault.
        is_frozen: Whether it goes on with the document that it has.
    """

    client: str
    server: str
    changed: Change = lambda body: body
    is_frozen: bool = False
    _document: Any = None

    def __call__(self, ask: Ask, forward: Forward) -> Answer:
        """The answer at the public name."""
        if ask.path not in PATHS:
            return forward(ask)
        if ask.method == "OPTIONS":
            wanted = ask.headers.get("access-control-request-headers", "")
            return _said(200, "OK", **ALLOWED, **{"access-control-allow-headers": wanted})
        if ask.key is None:
            return _said(500, "Internal Server Error")
        if ask.key not in (self.client, self.server):
            return _said(401, {"status": "unauthorized", "message": f"unknown key {ask.key!r}"})
        return self._evaluated(ask, self._known(forward), is_client=ask.key == self.client)

    def _known(self, forward: Forward) -> Any:
        if self._document is None or not self.is_frozen:
            found = forward(Ask("GET", DOCUMENT, {"x-environment-key": self.server}))
            assert found.status == 200, found
            self._document = found.json
        return self._document

    def _evaluated(self, ask: Ask, document: Any, *, is_client: bool) -> Answer:
        context = map_environment_document_to_context(document)
        given: Any = ask.json if ask.method == "POST" else {"identifier": unquote(ask.query.get("identifier", ""))}
        is_of_user = ask.path == PATHS[1]
        traits = [item for item in (given.get("traits") or []) if item["trait_value"] is not None] if is_of_user else []
        if is_of_user:
            known = {item["trait_key"]: item["trait_value"] for item in traits}
            context = map_context_and_identity_data_to_context(context, given["identifier"], known)
        project = document["project"]
        numbers = {state["feature"]["name"]: state["feature"] for state in document["feature_states"]}
        flags = [
            {
                "feature": {key: numbers[name][key] for key in ("id", "name", "type")},
                "enabled": flag["enabled"],
                "feature_state_value": flag["value"],
            }
            for name, flag in get_evaluation_result(context)["flags"].items()
            if not is_client or numbers[name]["id"] not in project["server_key_only_feature_ids"]
            if not is_client or flag["enabled"] or not project["hide_disabled_flags"]
        ]
        if is_of_user:
            return _said(200, self.changed({"identifier": given["identifier"], "traits": traits, "flags": flags}))
        return _said(200, self.changed(flags))


def _said(status: int, body: Any, **headers: str) -> Answer:
    text = body if isinstance(body, str) else json.dumps(body)
    kind = {"content-type": "text/plain; charset=utf-8"} if isinstance(body, str) else {}
    return Answer(status, {**RECORDED["headers"], **kind, **headers}, text.encode())
