"""What applications ask: answered by the code that `ff flags serve` answers with, from the double's database."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from flagops.serving.http.message import Answer, Request
from flagops.serving.model.backend import Kept, KeptTrait
from flagops.serving.model.environment import Feature, ServedEnvironment
from flagops.serving.sdk.routes import ROUTES, Handler, respond
from tests.doubles.flagsmith import limits
from tests.doubles.flagsmith.answers import database, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row
from tests.doubles.flagsmith.document import document
from tests.doubles.flagsmith.identities import keep

sdk = Blueprint("sdk", __name__)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PREFIX = "/api/v1"


class Stored:
    """The database, as what answers are made from."""

    def __init__(self, data: Database) -> None:
        self._data = data

    @property
    def identities(self) -> "Stored":
        return self

    @property
    def reports(self) -> "Stored":
        return self

    def environment(self, key: str) -> ServedEnvironment | None:
        """By a client-side key; by a server-side one also when it is over: only deleting ends a key."""
        rows = self._data.rows("environments", api_key=key)
        rows += [self._data.get("environments", row["environment"]) for row in self._data.rows("server_keys", key=key)]
        return self._environment(rows[0]) if rows else None

    def _environment(self, row: Row) -> ServedEnvironment:
        names = ("created_date", "description", "initial_value", "default_enabled")
        features = self._data.rows("features", project=row["project"])
        states = self._data.rows("states", environment=row["id"], identity=None)
        return ServedEnvironment(
            document(self._data, row),
            row["updated_at"],
            {item["id"]: Feature(**{name: item[name] for name in names}) for item in features},
            {item["id"]: item["feature_segment"] for item in states if item["feature_segment"]},
            int(row["updated_at"].timestamp()),
        )

    def _row(self, environment: ServedEnvironment, identifier: str) -> Row | None:
        wanted = {"environment": environment.document["id"], "identifier": identifier}
        return next(iter(self._data.rows("identities", **wanted)), None)

    def find(self, environment: ServedEnvironment, identifier: str) -> Kept | None:
        row = self._row(environment, identifier)
        return Kept(identifier, dict(row["traits"])) if row else None

    def save(self, environment: ServedEnvironment, user: Kept) -> None:
        if any(list(limits.whole(trait.value)) for trait in user.traits.values() if type(trait.value) is int):
            raise RefusalError(500, None)  # PostgreSQL's, which nobody expects
        row = self._row(environment, user.identifier)
        if row is None:
            row = keep(self._data, environment.document["id"], user.identifier)
            for name, trait in user.traits.items():
                user.traits[name] = KeptTrait(trait.value, self._data.insert("traits")["id"])
        row["traits"] = dict(user.traits)

    def evaluated(self, environment: ServedEnvironment, feature: str, count: int, *, enabled: bool | None) -> None:
        number = environment.document["id"]
        self._data.insert("evaluations", environment=number, feature=feature, count=count, enabled=enabled)

    def happened(self, environment: ServedEnvironment, event: Mapping[str, Any]) -> None:
        self._data.insert("events", environment=environment.document["id"], event=event)


def _view(methods: Mapping[str, Handler]) -> Callable[[], Response]:
    def view() -> Response:
        return response(respond(Stored(database()), asked(), methods))

    return view


def asked() -> Request:
    """The request that Flask is at; several ask for it."""
    if "asked" not in g:
        headers = {name.lower(): value for name, value in request.headers.items()}
        g.asked = Request(request.method, request.path, request.args, headers, request.get_data())
    found = g.asked
    assert isinstance(found, Request)
    return found


def response(answer: Answer) -> Response:
    """An answer for Flask."""
    return Response(answer.body, answer.status, dict(answer.headers), content_type=answer.kind)


def add_to(blueprint: Blueprint) -> None:
    for path, methods in ROUTES.items():
        if path.startswith(PREFIX):
            blueprint.add_url_rule(
                path.removeprefix(PREFIX), path, _view(methods), methods=METHODS, provide_automatic_options=False
            )


add_to(sdk)


@sdk.get("/environments/<key>/document/")
def environment_document_for_people(key: str) -> Any:
    user()
    return jsonify(document(database(), database().one("environments", api_key=key)))
