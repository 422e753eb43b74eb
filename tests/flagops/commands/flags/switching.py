"""People who change flags by hand, in Flagsmith's own pages or by its API."""

from typing import Any

from tests.flagops.commands.flags.support import API_KEY, Project, Run

FLAG = "ml_model_v2_enabled"
"""On in staging, off in production, by the example."""
OTHER = "gpu_optimization_enabled"
ROLLOUT = "new_feature_rollout"
ANN = "ann@example.com"


def feature(server: Project, name: str = FLAG) -> dict[str, Any]:
    (found,) = [row for row in server.client.pages("/api/v1/projects/1/features/") if row["name"] == name]
    return dict(found)


def number(server: Project, environment: str) -> int:
    rows = server.client.pages("/api/v1/environments/", {"project": 1})
    return int(next(row["id"] for row in rows if row["name"] == environment))


def states(server: Project, name: str = FLAG, environment: str = "production") -> list[dict[str, Any]]:
    where = {"environment": number(server, environment), "feature": feature(server, name)["id"]}
    return list(server.client.pages("/api/v1/features/featurestates/", where))


def state(server: Project, name: str = FLAG, environment: str = "production") -> dict[str, Any]:
    """What the flag is there, without overrides."""
    (own,) = [row for row in states(server, name, environment) if not row["feature_segment"] and not row["identity"]]
    return own


def change(server: Project, name: str = FLAG, environment: str = "production", **fields: Any) -> None:
    """Change a flag's state, as whom `server.client` is."""
    own = state(server, name, environment)
    server.client.put(f"/api/v1/features/featurestates/{own['id']}/", {**own, **fields})


def switch(server: Project, name: str = FLAG, environment: str = "production", *, on: bool) -> None:
    change(server, name, environment, enabled=on)


def at_once(server: Project, body: dict[str, Any], name: str = FLAG, environment: str = "production") -> None:
    """Change a flag in an environment by the one request of newer releases, as whom `server.client` is."""
    key, of = server.environments()[environment], feature(server, name)["id"]
    server.client.request("PATCH", f"/api/__future__/environments/{key}/features/{of}/", body=body)


def on_for_user(server: Project, name: str, environment: str) -> None:
    """Switch a flag on for a single user, whom nobody knew."""
    path = f"/api/v1/environments/{server.environments()[environment]}/identities/"
    user = server.client.post(path, {"identifier": "ann"})["id"]
    body = {"feature": feature(server, name)["id"], "enabled": True, "feature_state_value": None}
    server.client.post(f"{path}{user}/featurestates/", body)


def as_ann(server: Project) -> None:
    """What is done from here on is done by a person with an account of her own."""
    assert server.double
    if not server.double.database.rows("users", email=ANN):
        server.double.database.insert("users", email=ANN, password="x", token="of-ann", role="ADMIN")
    server.client.log_in(ANN, "x")


def by_key(server: Project) -> None:
    """What is done from here on is done with the key that `ff` has."""
    server.client.use_api_key(API_KEY)


def set_flag(run: Run, server: Project, name: str, *options: str, yes: bool = True) -> Any:
    more = ("--yes",) if yes else ()
    return run("flags", "set", name, "--url", server.url, "--reason", "matches are late", *more, *options)


def tags(server: Project, name: str = FLAG) -> set[str]:
    labels = {row["id"]: row["label"] for row in server.client.pages("/api/v1/projects/1/tags/")}
    return {labels[number] for number in feature(server, name)["tags"]}


def is_served(server: Project, name: str, environment: str = "production", user: str = "") -> bool:
    with server.sdk(environment, local=False) as sdk:
        flags = sdk.get_identity_flags(user, traits={"country": "IL", "plan": "premium"}) if user else None
        return bool((flags or sdk.get_environment_flags()).is_feature_enabled(name))
