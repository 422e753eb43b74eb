"""The project that is measured: as many flags as a team has, three segments, and every fifth flag overridden in one.

Segments as in the catalogue of a platform: customers of a plan in a country, people who joined a trial, a country.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg2

FLAGS, OVERRIDDEN_EVERY = 50, 5
MANY, OVERRIDES = "many-overrides", 750
Conditions = list[tuple[str, str, str]]
SEGMENTS: Mapping[str, Conditions] = {
    "premium_users": [("plan", "EQUAL", "premium"), ("country", "EQUAL", "IL")],
    "beta_users": [("beta_participant", "EQUAL", "true"), ("signup_date", "GREATER_THAN", "2024-01-01")],
    "israeli_users": [("country", "EQUAL", "IL")],
}


@dataclass(frozen=True)
class Keys:
    """The client-side and a server-side key of the environment."""

    client: str
    server: str


def prepare(client: httpx.Client, admin: Mapping[str, str], *, many: bool = False) -> Keys:
    """The keys of the project's first environment, after what is missing in the project was made.

    With `many` it is the project MANY, which is made: with as many segments as give 750 overrides, each of all flags.
    """
    credentials = {"email": admin["ADMIN_EMAIL"], "password": admin["ADMIN_PASSWORD"]}
    client.headers["Authorization"] = f"Token {answer(client.post('/api/v1/auth/login/', json=credentials))['key']}"
    projects = answer(client.get("/api/v1/projects/"))
    project = (
        _many(client, projects, admin["DATABASE_URL"])
        if many
        else next(known["id"] for known in projects if known["name"] != MANY)
    )
    key = _environment(client, project)
    flags = _flags(client, project)
    if many:
        _segments(client, project, key, flags, dict(_numbered(OVERRIDES // FLAGS)), every=1, all_segments=True)
    else:
        _segments(client, project, key, flags, SEGMENTS, every=OVERRIDDEN_EVERY)
    server = str(answer(client.post(f"/api/v1/environments/{key}/api-keys/", json={"name": "benchmark"}))["key"])
    del client.headers["Authorization"]
    served = len(answer(client.get("/api/v1/flags/", headers={"X-Environment-Key": key})))
    if served != FLAGS:
        sys.exit(f"The first environment serves {served} flags in place of {FLAGS}; use a database without any flags.")
    return Keys(key, server)


def _many(client: httpx.Client, projects: Sequence[Mapping[str, Any]], database: str) -> int:
    """The project MANY, of an organisation of its own, and without the bound of 100 overrides in an environment."""
    for known in projects:
        if known["name"] == MANY:
            return int(known["id"])
    organisation = answer(client.post("/api/v1/organisations/", json={"name": MANY}))["id"]
    made = int(answer(client.post("/api/v1/projects/", json={"name": MANY, "organisation": organisation}))["id"])
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE projects_project SET max_segment_overrides_allowed = 1000 WHERE id = %s", (made,))
    connection.close()
    return made


def _environment(client: httpx.Client, project: int) -> str:
    known = answer(client.get("/api/v1/environments/", params={"project": project}))["results"]
    first = (
        known[0] if known else answer(client.post("/api/v1/environments/", json={"name": "One", "project": project}))
    )
    return str(first["api_key"])


def _numbered(number: int) -> Iterator[tuple[str, Conditions]]:
    for index in range(number):
        yield f"plan_{index:02}", [("plan", "EQUAL", f"plan_{index:02}"), ("country", "EQUAL", f"C{index:02}")]


def _flags(client: httpx.Client, project: int) -> dict[str, int]:
    path = f"/api/v1/projects/{project}/features/"
    known = {item["name"]: item["id"] for item in answer(client.get(path, params={"page_size": 100}))["results"]}
    for name in sorted({f"benchmark_{number:02}" for number in range(FLAGS)} - set(known)):
        body = {"name": name, "default_enabled": True, "initial_value": "a value"}
        known[name] = answer(client.post(path, json=body))["id"]
    return known


def _segments(
    client: httpx.Client,
    project: int,
    key: str,
    flags: Mapping[str, int],
    segments: Mapping[str, Conditions],
    *,
    every: int,
    all_segments: bool = False,
) -> None:
    """The segments, and overrides of every n-th flag: in one of them in turn, or in all."""
    path = f"/api/v1/projects/{project}/segments/"
    if answer(client.get(path))["results"]:
        return
    made = []
    for name, conditions in segments.items():
        rules = [
            {"type": "ANY", "rules": [], "conditions": [{"property": trait, "operator": operator, "value": value}]}
            for trait, operator, value in conditions
        ]
        rule = {"type": "ALL", "rules": rules, "conditions": []}
        body = {"name": name, "project": project, "rules": [rule]}
        made.append(answer(client.post(path, json=body))["id"])
    for number, name in enumerate(sorted(flags)[::every]):
        for segment in made if all_segments else [made[number % len(made)]]:
            body = {
                "enabled": False,
                "feature_state_value": {"type": "unicode", "string_value": "another value"},
                "feature_segment": {"segment": segment},
            }
            path = f"/api/v1/environments/{key}/features/{flags[name]}/create-segment-override/"
            answer(client.post(path, json=body))


def answer(response: httpx.Response) -> Any:
    """The JSON of an answer; ends the benchmark at one that is no success."""
    if not response.is_success:
        sys.exit(f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text[:300]}")
    return response.json()
