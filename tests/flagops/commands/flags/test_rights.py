"""Rights that people have beside their groups: shown in a plan, and taken away by a strict catalogue alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx
import pytest

from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.catalogue.rules import check
from flagops.commands.flags.reconcile.apply import Reviewed, apply
from flagops.commands.flags.reconcile.change import FlagPlan
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.rights import NOT_LOOKED_AT
from flagops.commands.flags.reconcile.view import sentence
from flagops.errors import OpsError
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import environments_of
from tests.flagops.commands.flags.giving import EVE, GIVEN, giver
from tests.flagops.commands.flags.support import ENVIRONMENTS, Project, Run, example

ADMINISTRATOR = "admin@example.com"
SMALL = f"""project: FootAnalytics
environments: [{", ".join(ENVIRONMENTS)}]
access:
  groups:
    viewers: {{role: viewer}}
"""
ALLOWED = "access:\n  strict: true\n  administrators: [Admin@example.com]\n"


@pytest.fixture
def eve(server: Project) -> Iterator[httpx.Client]:
    """Somebody of the organisation without rights, logged in."""
    assert server.double
    server.double.database.insert("users", email=EVE, password="x", token="token-eve", role="USER")
    with httpx.Client(base_url=f"{server.url}/api/v1", headers={"Authorization": "Token token-eve"}) as client:
        yield client


@contextmanager
def logged_in(server: Project) -> Iterator[Connection]:
    """A connection as the administrator, as the one to a stack is."""
    assert server.double
    with FlagsmithClient(server.url, longest_wait=0.05) as client:
        client.log_in(ADMINISTRATOR, server.double.password)
        environments = tuple(environments_of(client, 1))
        yield Connection(client, 1, 1, "FootAnalytics", environments, None, server.url, ("user", ADMINISTRATOR))


def planned(connection: Connection, path: Path) -> Reviewed:
    return Reviewed.now(connection, desired(load(path)[0]))


def small(home: Path, change: Callable[[str], str] = lambda text: text) -> Path:
    """A catalogue of people alone."""
    path = home / "catalogue.yaml"
    path.write_text(change(SMALL), encoding="utf-8")
    return path


@pytest.fixture
def viewers(server: Project, run: Run, tmp_path: Path) -> Project:
    """A project with the group of that catalogue."""
    done = run("flags", "apply", str(small(tmp_path)), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    return server


def strict(text: str) -> str:
    return text.replace("access:\n", ALLOWED)


def rights(plan: FlagPlan) -> list[str]:
    return [line for line in plan.unmanaged if line.startswith("rights of ")]


def test_rights_that_somebody_gave_himself_outlive_his_group_until_a_strict_catalogue_takes_them(
    server: Project, eve: httpx.Client, run: Run, tmp_path: Path
) -> None:
    def catalogue(members: str, text: str) -> str:
        return text.replace("{role: admin}", f"{{role: admin, members: [{members}]}}")

    path = example(tmp_path, lambda text: catalogue(EVE, text))
    assert run("flags", "apply", str(path), "--url", server.url, "--yes").exit_code == 0
    production = server.environments()["production"]
    for where in ("projects/1", f"environments/{production}"):
        assert eve.post(f"/{where}/user-permissions/", json={"user": 2, "admin": True}).status_code == 201

    path = example(tmp_path, lambda text: catalogue("", text))
    done = run("flags", "apply", str(path), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    assert eve.patch("/projects/1/features/1/", json={"description": "hers"}).status_code == 200
    shown = run("flags", "plan", str(path), "--url", server.url)
    assert "rights of eve@example.com (project: admin; production: admin): not in the catalogue, left" in shown.stdout
    assert "`access.strict: true` takes them away" in shown.stdout

    path = example(tmp_path, lambda text: strict(catalogue("", text)))
    shown = run("flags", "plan", str(path), "--url", server.url)
    assert shown.exit_code == 2, shown.stdout
    assert " ~ rights of eve@example.com\n     - project admin\n     - production: permissions admin" in shown.stdout
    done = run("flags", "apply", str(path), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    assert eve.get("/projects/1/features/").status_code == 404
    assert run("flags", "plan", str(path), "--url", server.url).exit_code == 0


@pytest.mark.parametrize("way", GIVEN)
def test_every_way_to_have_rights_is_shown_and_is_closed(
    way: str, viewers: Project, eve: httpx.Client, tmp_path: Path
) -> None:
    assert eve
    assert viewers.double
    path = small(tmp_path)
    with logged_in(viewers) as connection:
        give = giver(connection)
        assert rights(planned(connection, path).plan) == []
        title = give(way)

        reviewed = planned(connection, path)
        loose = rights(reviewed.plan)
        assert len(loose) == 1, loose
        assert loose[0].startswith(f"rights of {title}")
        assert not reviewed.plan.has_changes

        path = small(tmp_path, strict)
        reviewed = planned(connection, path)
        assert rights(reviewed.plan) == []
        (step,) = reviewed.plan.changes
        assert sentence(step).startswith(f"rights of {title}")
        assert reviewed.plan.counts()[step.environment].delete == 1
        apply(connection, reviewed, on_change=lambda _: None, rate=1000)
        after = planned(connection, path).plan
        assert (after.changes, rights(after)) == ((), [])


def test_a_server_that_fails_now_and_then_keeps_no_right(viewers: Project, eve: httpx.Client, tmp_path: Path) -> None:
    assert eve
    assert viewers.double
    with logged_in(viewers) as connection:
        give = giver(connection)
        for way in GIVEN:
            give(way)
        viewers.double.every = 3
        reviewed = planned(connection, small(tmp_path, strict))
        assert len(reviewed.plan.changes) == len(GIVEN)
        apply(connection, reviewed, on_change=lambda _: None, rate=1000)
        viewers.double.every = 0
        assert planned(connection, small(tmp_path, strict)).plan.changes == ()


def test_a_name_that_was_made_to_hide_something_is_one_line(viewers: Project, tmp_path: Path) -> None:
    with logged_in(viewers) as connection:
        name = "ci\n\x1b[2K . flag made_by_hand"
        prefix = connection.client.post("/api/v1/organisations/1/master-api-keys/", {"name": name})["prefix"]
        (line,) = rights(planned(connection, small(tmp_path)).plan)
        said = "organisation: everything, made by admin@example.com"
        assert line == f"rights of API key ci??[2K . flag made_by_hand ({prefix}) ({said})"
        reviewed = planned(connection, small(tmp_path, strict))
        apply(connection, reviewed, on_change=lambda _: None, rate=1000)
        assert planned(connection, small(tmp_path, strict)).plan.changes == ()


def test_who_may_administer_and_which_keys_there_may_be_is_said_in_the_catalogue(
    viewers: Project, eve: httpx.Client, tmp_path: Path
) -> None:
    assert eve
    with logged_in(viewers) as connection:
        client = connection.client
        client.post("/api/v1/organisations/1/users/2/update-role/", {"role": "ADMIN"})
        client.post("/api/v1/projects/1/user-permissions/", {"user": 2, "admin": True})
        prefix = client.post("/api/v1/organisations/1/master-api-keys/", {"name": "ci"})["prefix"]
        client.post("/api/v1/organisations/1/invite/", {"invites": [{"email": "new@example.com"}]})
        text = f"access:\n  strict: true\n  administrators: [{EVE}, new@example.com]\n  api_keys: [{prefix}]\n"
        reviewed = planned(connection, small(tmp_path, lambda before: before.replace("access:\n", text)))
        # Her personal rights too: they are less than what she may anyhow.
        assert (reviewed.plan.changes, rights(reviewed.plan)) == ((), [])


def test_the_last_administrator_is_not_taken_away(viewers: Project, run: Run, tmp_path: Path) -> None:
    path = small(tmp_path, lambda text: text.replace("access:\n", "access:\n  strict: true\n"))
    refused = run("flags", "apply", str(path), "--url", viewers.url, "--yes")
    assert refused.exit_code == 1
    assert "would leave the organisation without an administrator: admin@example.com" in refused.stderr
    assert "access.administrators" in refused.stderr


def test_a_key_is_not_shown_keys_and_the_plan_says_so(viewers: Project, run: Run, tmp_path: Path) -> None:
    path = small(tmp_path, strict)
    shown = run("flags", "plan", str(path), "--url", viewers.url, "--json")
    assert NOT_LOOKED_AT in shown.stdout
    with logged_in(viewers) as connection:
        assert planned(connection, path).plan.waiting == ()


def test_a_list_that_is_refused_is_no_empty_list(viewers: Project, tmp_path: Path) -> None:
    assert viewers.double
    with logged_in(viewers) as connection:
        viewers.double.failing["/api/v1/organisations/1/master-api-keys/"] = 403
        with pytest.raises(OpsError, match=r"master-api-keys.*403"):
            planned(connection, small(tmp_path, strict))
        # What older releases do not have they cannot grant.
        viewers.double.failing.clear()
        viewers.double.replaced["/api/v1/organisations/1/trust-relationships/"] = "/no/such/path"
        assert planned(connection, small(tmp_path, strict)).plan.changes == ()


def test_reading_rights_takes_as_many_requests_for_one_as_for_a_thousand(viewers: Project, tmp_path: Path) -> None:
    assert viewers.double
    data = viewers.double.database
    for number in range(1000):
        person = data.insert("users", email=f"p{number}@example.com", password="x", token=str(number), role="USER")
        data.insert("project_rights", where="1", user=person["id"], permissions=["VIEW_PROJECT"], admin=False)
    with logged_in(viewers) as connection:
        viewers.double.forget()
        plan = planned(connection, small(tmp_path)).plan
    assert len(rights(plan)) == 1000
    count = 5 + len(ENVIRONMENTS) + 10 + 2 * len(ENVIRONMENTS)
    # Two of them, the lists of projects and environments, were read by connecting.
    assert plan.requests == count == viewers.double.requests.total() + 2


def test_a_whole_key_in_a_catalogue_is_refused_without_showing_it(tmp_path: Path) -> None:
    secret = "AbCdEfGh.only-for-tests-0123456789"
    path = small(tmp_path, lambda text: text.replace("access:\n", f"access:\n  api_keys: [{secret}]\n"))
    (problem,) = [item for item in check(load(path)[0], date(2026, 1, 1)) if item.key[0] == "access"]
    assert "is a whole key, which is a secret" in problem.text
    assert secret not in problem.text
