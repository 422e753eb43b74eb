"""Groups of people: made as declared, and with them people may do what they should and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.catalogue.problems import CatalogueError
from tests.flagops.commands.flags.support import EXAMPLE, Project, Run, example

READS = ("list flags", "list states")
TARGETS = ("toggle", "target", "reorder", "untarget")
DEFINES = ("make", "edit", "delete", "make a segment", "see server-side keys", "grant")


@pytest.fixture
def people(server: Project, run: Run, tmp_path: Path) -> Iterator[dict[str, httpx.Client]]:
    """One person for each group of the example, logged in."""
    assert server.double
    data = server.double.database
    names = {"admin": "flag_admins", "developer": "developers", "viewer": "viewers", "nobody": None}
    for name in names:
        data.insert("users", email=f"{name}@example.com", password="x", token=f"token-{name}", role="USER")

    def change(text: str) -> str:
        text = text.replace("{role: admin}", "{role: admin, members: [Admin@example.com]}")
        text = text.replace("role: developer", "role: developer\n      members: [developer@example.com]")
        return text.replace("{role: viewer}", "{role: viewer, members: [viewer@example.com]}")

    path = example(tmp_path, change)
    done = run("flags", "apply", str(path), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    assert run("flags", "plan", str(path), "--url", server.url).exit_code == 0
    clients = {
        name: httpx.Client(base_url=f"{server.url}/api/v1", headers={"Authorization": f"Token token-{name}"})
        for name in names
    }
    yield clients
    for client in clients.values():
        client.close()


def attempts(server: Project, person: httpx.Client, environment: str) -> dict[str, int]:
    """What a person tries, and how the server answers."""
    double = server.double
    assert double
    place = double.database.one("environments", name=environment)
    key, feature = place["api_key"], double.database.one("features", name="hebrew_ui_enabled")["id"]
    (state,) = double.database.rows("states", environment=place["id"], feature=feature, feature_segment=None)
    segment = double.database.one("segments", name="beta_users")["id"]
    override = {"feature_segment": {"segment": segment}, "enabled": True, "feature_state_value": {}}
    made = person.post(f"/environments/{key}/features/{feature}/create-segment-override/", json=override)
    links = double.database.rows("feature_segments", environment=place["id"], feature=feature)
    body = {"feature": feature, "environment": place["id"], "enabled": True}
    rules = [{"type": "ALL", "rules": [], "conditions": []}]
    answers = {
        "list flags": person.get("/projects/1/features/"),
        "list states": person.get(f"/features/featurestates/?environment={place['id']}"),
        "toggle": person.put(f"/features/featurestates/{state['id']}/", json=body),
        "target": made,
        "reorder": person.post(
            "/features/feature-segments/update-priorities/", json=[{"id": links[0]["id"], "priority": 0}]
        ),
        "untarget": person.delete(f"/features/feature-segments/{links[-1]['id']}/"),
        "make": person.post("/projects/1/features/", json={"name": "made"}),
        "edit": person.patch(f"/projects/1/features/{feature}/", json={"description": "x"}),
        "make a segment": person.post("/projects/1/segments/", json={"name": "made", "rules": rules}),
        "see server-side keys": person.get(f"/environments/{key}/api-keys/"),
        "grant": person.get("/projects/1/user-group-permissions/"),
        "delete": person.delete(f"/projects/1/features/{feature}/"),
    }
    return {what: answer.status_code for what, answer in answers.items()}


@pytest.mark.parametrize(
    ("person", "environment", "may"),
    [
        ("admin", "production", (*READS, *TARGETS, *DEFINES)),
        ("developer", "staging", (*READS, *TARGETS)),
        ("developer", "production", READS),
        ("viewer", "staging", READS),
        ("nobody", "staging", ()),
    ],
)
def test_people_may_do_what_their_group_may(
    server: Project, people: dict[str, httpx.Client], person: str, environment: str, may: tuple[str, ...]
) -> None:
    found = attempts(server, people[person], environment)
    allowed = {what for what, status in found.items() if status < 300}
    assert allowed == set(may)
    refused = {what: status for what, status in found.items() if what not in may}
    # Who may see nothing of a project is told that its flags are not there.
    assert all(status == (404 if what == "list flags" else 403) for what, status in refused.items())


def test_members_come_and_go_and_wait_for_an_account(
    server: Project, people: dict[str, httpx.Client], run: Run, tmp_path: Path
) -> None:
    assert people
    members = "{role: viewer, members: [nobody@example.com, new@example.com]}"
    path = example(tmp_path, lambda text: text.replace("{role: viewer}", members))
    planned = run("flags", "plan", str(path), "--url", server.url)
    assert "~ members viewer@example.com → nobody@example.com" in planned.stdout
    assert "new@example.com of group viewers has no account yet" in planned.stdout
    assert run("flags", "apply", str(path), "--url", server.url, "--yes").exit_code == 0
    assert server.double
    (group,) = server.double.database.rows("groups", name="viewers")
    assert [row["email"] for row in group["users"]] == ["nobody@example.com"]
    # Who is in a group without a list of members stays there.
    (developers,) = server.double.database.rows("groups", name="developers")
    assert [row["email"] for row in developers["users"]] == ["developer@example.com"]


def test_permissions_that_somebody_changed_are_set_back(applied: Project, run: Run) -> None:
    assert applied.double
    data = applied.double.database
    place, group = data.one("environments", name="production"), data.one("groups", name="developers")
    data.one("environment_grants", where=place["api_key"], group=group["id"])["permissions"] = ["UPDATE_FEATURE_STATE"]
    planned = run("flags", "plan", str(EXAMPLE), "--url", applied.url)
    assert planned.exit_code == 2
    assert "~ production: permissions UPDATE_FEATURE_STATE → VIEW_ENVIRONMENT" in planned.stdout
    assert run("flags", "apply", str(EXAMPLE), "--url", applied.url, "--yes").exit_code == 0
    assert run("flags", "plan", str(EXAMPLE), "--url", applied.url).exit_code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("access:\n  roles: [release_manager]\n", "access.roles: are of Flagsmith's Enterprise edition"),
        ("access:\n  groups:\n    x: {role: owner}\n", "must be one of admin, developer, viewer"),
    ],
)
def test_what_the_open_source_edition_lacks_is_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(f"project: X\nenvironments: [staging]\n{text}", encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load(path)
    assert said in caught.value.message
