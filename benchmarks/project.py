"""The project that is measured: as many flags as a team has, three segments, and every fifth flag overridden in one.

Segments as in the catalogue of a platform: customers of a plan in a country, people who joined a trial, a country.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

FLAGS, OVERRIDDEN_EVERY = 50, 5
SEGMENTS: Mapping[str, list[tuple[str, str, str]]] = {
    "premium_users": [("plan", "EQUAL", "premium"), ("country", "EQUAL", "IL")],
    "beta_users": [("beta_participant", "EQUAL", "true"), ("signup_date", "GREATER_THAN", "2024-01-01")],
    "israeli_users": [("country", "EQUAL", "IL")],
}


@dataclass(frozen=True)
class Keys:
    """The client-side and a server-side key of the environment."""

    client: str
    server: str


def prepare(client: httpx.Client, admin: Mapping[str, str]) -> Keys:
    """The keys of the project's first environment, after what is missing in the project was made."""
    credentials = {"email": admin["ADMIN_EMAIL"], "password": admin["ADMIN_PASSWORD"]}
    client.headers["Authorization"] = f"Token {answer(client.post('/api/v1/auth/login/', json=credentials))['key']}"
    project = answer(client.get("/api/v1/projects/"))[0]["id"]
    environments = answer(client.get("/api/v1/environments/", params={"project": project}))["results"]
    key = str(environments[0]["api_key"])
    flags = _flags(client, project)
    _segments(client, project, key, flags)
    server = str(answer(client.post(f"/api/v1/environments/{key}/api-keys/", json={"name": "benchmark"}))["key"])
    del client.headers["Authorization"]
    served = len(answer(client.get("/api/v1/flags/", headers={"X-Environment-Key": key})))
    if served != FLAGS:
        sys.exit(f"The first environment serves {served} flags in place of {FLAGS}; use a database without any flags.")
    return Keys(key, server)


def _flags(client: httpx.Client, project: int) -> dict[str, int]:
    path = f"/api/v1/projects/{project}/features/"
    known = {item["name"]: item["id"] for item in answer(client.get(path, params={"page_size": 100}))["results"]}
    for name in sorted({f"benchmark_{number:02}" for number in range(FLAGS)} - set(known)):
        body = {"name": name, "default_enabled": True, "initial_value": "a value"}
        known[name] = answer(client.post(path, json=body))["id"]
    return known


def _segments(client: httpx.Client, project: int, key: str, flags: Mapping[str, int]) -> None:
    path = f"/api/v1/projects/{project}/segments/"
    if answer(client.get(path))["results"]:
        return
    made = []
    for name, conditions in SEGMENTS.items():
        rules = [
            {"type": "ANY", "rules": [], "conditions": [{"property": trait, "operator": operator, "value": value}]}
            for trait, operator, value in conditions
        ]
        rule = {"type": "ALL", "rules": rules, "conditions": []}
        body = {"name": name, "project": project, "rules": [rule]}
        made.append(answer(client.post(path, json=body))["id"])
    for number, name in enumerate(sorted(flags)[::OVERRIDDEN_EVERY]):
        body = {
            "enabled": False,
            "feature_state_value": {"type": "unicode", "string_value": "another value"},
            "feature_segment": {"segment": made[number % len(made)]},
        }
        answer(client.post(f"/api/v1/environments/{key}/features/{flags[name]}/create-segment-override/", json=body))


def answer(response: httpx.Response) -> Any:
    """The JSON of an answer; ends the benchmark at one that is no success."""
    if not response.is_success:
        sys.exit(f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text[:300]}")
    return response.json()
