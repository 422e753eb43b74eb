"""The log-in of rollouts as its Job runs it: on a real PostgreSQL, with Django, and what stands in for Flagsmith."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from components.rollouts.login import EMAIL, SCRIPT
from tests.components.flagsmith.bootstrap.conftest import Database, Pod, copy_of, pod_of, server, template
from tests.servers import Postgres

__all__ = ["server"]

ORGANISATION, PROJECT = "FootAnalytics", "FootAnalytics"
RIGHTS = {"VIEW_PROJECT", "MANAGE_SEGMENTS"}
OF_ENVIRONMENTS = {"VIEW_ENVIRONMENT"}
OTHER_TOKEN = "b" * 40
OTHERS = ("CREATE_FEATURE", "EDIT_FEATURE", "DELETE_FEATURE", "UPDATE_FEATURE_STATE", "CREATE_PROJECT")
TABLES = (
    "users_ffadminuser",
    "users_userpermissiongroup",
    "users_userpermissiongroup_users",
    "organisations_userorganisation",
    "organisations_userorganisationpermission",
    "organisations_userorganisationpermission_permissions",
    "projects_userprojectpermission",
    "projects_userprojectpermission_permissions",
    "environments_userenvironmentpermission",
    "environments_userenvironmentpermission_permissions",
    "authtoken_token",
)


def login(**settings: object) -> Pod:
    """What the Job of a stack with these settings is given."""
    return pod_of({"rollouts": {"enabled": True}, **settings}, job="flagsmith-rollouts-login-")


@pytest.fixture(scope="module")
def projects(server: Postgres) -> str:
    """A database to copy: a project of three environments, somebody else's one, and all rights that there are."""
    made = template(server, "template_of_projects")
    for right in (*RIGHTS, *OF_ENVIRONMENTS, *OTHERS):
        made.query(f"INSERT INTO permissions_permissionmodel (key, description) VALUES ('{right}', '')")  # noqa: S608
    add_project(made, ORGANISATION, PROJECT, "development", "staging", "production")
    add_project(made, "Another", "theirs", "production")
    return made.name


@pytest.fixture(scope="module")
def first_run(projects: str, server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same after the first run of the script."""
    made = template(server, "template_of_a_login", projects)
    of_login(made, tmp_path_factory.mktemp("first-run")).run(login())
    return made.name


@pytest.fixture
def flagsmith(projects: str, server: Postgres, tmp_path: Path) -> Iterator[Database]:
    """A Flagsmith where the script did not run yet."""
    with copy_of(projects, server, tmp_path) as made:
        yield of_login(made, tmp_path)


@pytest.fixture
def again(first_run: str, server: Postgres, tmp_path: Path) -> Iterator[Database]:
    """A Flagsmith where the script ran once."""
    with copy_of(first_run, server, tmp_path) as made:
        yield of_login(made, tmp_path)


def of_login(database: Database, home: Path) -> Database:
    """A database with the script; alone, as in its pod: a script finds what lies beside it."""
    return replace(database, script=Path(shutil.copy(SCRIPT, home)), tables=TABLES)


def add_project(flagsmith: Database, organisation: str, project: str, *environments: str) -> None:
    flagsmith.query(f"INSERT INTO organisations_organisation (name) VALUES ('{organisation}')")  # noqa: S608
    flagsmith.query(
        f"INSERT INTO projects_project (name, organisation_id) SELECT '{project}', id FROM organisations_organisation"  # noqa: S608
        f" WHERE name = '{organisation}'"
    )
    for name in environments:
        add_environment(flagsmith, project, name)


def add_environment(flagsmith: Database, project: str, name: str) -> None:
    flagsmith.query(
        "INSERT INTO environments_environment (name, project_id, api_key, use_mv_v2_evaluation)"  # noqa: S608
        f" SELECT '{name}', id, '{project}-{name}', true FROM projects_project WHERE name = '{project}'"
    )


def rights_in_projects(flagsmith: Database) -> dict[tuple[str, bool], set[str]]:
    """What the account may, by project, and whether it is its administrator."""
    return rights(flagsmith, "project", "name")


def rights_in_environments(flagsmith: Database) -> dict[tuple[str, bool], set[str]]:
    """The same by the environment's key."""
    return rights(flagsmith, "environment", "api_key")


def rights(flagsmith: Database, kind: str, called: str) -> dict[tuple[str, bool], set[str]]:
    found: dict[tuple[str, bool], set[str]] = {}
    for place, admin, right in flagsmith.query(
        f"SELECT p.{called}, u.admin, r.permissionmodel_id FROM {kind}s_user{kind}permission u"  # noqa: S608
        f" JOIN {kind}s_{kind} p ON p.id = {kind}_id"
        f" LEFT JOIN {kind}s_user{kind}permission_permissions r ON r.user{kind}permission_id = u.id"
    ):
        found.setdefault((place, admin), set()).add(right)
    return found


ENVIRONMENTS = {(f"{PROJECT}-{name}", False): OF_ENVIRONMENTS for name in ("development", "staging", "production")}


def roles(flagsmith: Database) -> list[tuple[str, str]]:
    return flagsmith.query(
        "SELECT o.name, role FROM organisations_userorganisation JOIN organisations_organisation o"
        " ON o.id = organisation_id ORDER BY o.name"
    )


def tokens(flagsmith: Database) -> list[str]:
    return [key for (key,) in flagsmith.query("SELECT key FROM authtoken_token")]


def test_the_account_sees_the_project_manages_its_segments_and_may_nothing_else(flagsmith: Database) -> None:
    pod = login()
    said = flagsmith.run(pod)
    assert f"account {EMAIL}: created" in said
    ((email, password, staff, superuser),) = flagsmith.query(
        "SELECT email, password, is_staff, is_superuser FROM users_ffadminuser"
    )
    assert (email, staff, superuser) == (EMAIL, False, False)
    assert password.startswith("!"), "none that anybody could type"
    assert rights_in_projects(flagsmith) == {(PROJECT, False): RIGHTS}
    assert rights_in_environments(flagsmith) == ENVIRONMENTS
    assert roles(flagsmith) == [(ORGANISATION, "USER")]
    assert tokens(flagsmith) == [pod.variables["ROLLOUTS_TOKEN"]]


def test_again_it_changes_nothing(again: Database) -> None:
    before = again.rows
    assert all(before[table] for table in TABLES if "group" not in table and "organisationpermission" not in table)
    again.run(login())
    assert again.rows == before


def test_another_token_ends_the_one_of_before(again: Database) -> None:
    pod = login()
    assert tokens(again) == [pod.variables["ROLLOUTS_TOKEN"]] != [OTHER_TOKEN]
    before = again.rows
    again.run(pod.given(ROLLOUTS_TOKEN=OTHER_TOKEN))
    assert tokens(again) == [OTHER_TOKEN]
    assert {table for table in TABLES if before[table] != again.rows[table]} == {"authtoken_token"}


WIDER = """
    UPDATE projects_userprojectpermission SET admin = true;
    INSERT INTO projects_userprojectpermission_permissions (userprojectpermission_id, permissionmodel_id)
        SELECT id, 'CREATE_FEATURE' FROM projects_userprojectpermission;
    INSERT INTO projects_userprojectpermission (user_id, project_id, admin)
        SELECT u.id, p.id, true FROM users_ffadminuser u, projects_project p WHERE p.name = 'theirs';
    UPDATE environments_userenvironmentpermission SET admin = true;
    INSERT INTO environments_userenvironmentpermission_permissions (userenvironmentpermission_id, permissionmodel_id)
        SELECT id, 'UPDATE_FEATURE_STATE' FROM environments_userenvironmentpermission;
    INSERT INTO environments_userenvironmentpermission (user_id, environment_id, admin)
        SELECT u.id, e.id, true FROM users_ffadminuser u, environments_environment e WHERE api_key LIKE 'theirs%';
    UPDATE organisations_userorganisation SET role = 'ADMIN';
    INSERT INTO organisations_userorganisation (user_id, organisation_id, role)
        SELECT u.id, o.id, 'ADMIN' FROM users_ffadminuser u, organisations_organisation o WHERE o.name = 'Another';
    INSERT INTO organisations_userorganisationpermission (user_id, organisation_id)
        SELECT u.id, o.id FROM users_ffadminuser u, organisations_organisation o;
    INSERT INTO organisations_userorganisationpermission_permissions
        (userorganisationpermission_id, permissionmodel_id)
        SELECT id, 'CREATE_PROJECT' FROM organisations_userorganisationpermission;
    INSERT INTO users_userpermissiongroup (name, organisation_id) SELECT 'admins', id FROM organisations_organisation;
    INSERT INTO users_userpermissiongroup_users (userpermissiongroup_id, ffadminuser_id)
        SELECT g.id, u.id FROM users_userpermissiongroup g, users_ffadminuser u;
"""


def test_rights_that_somebody_gave_it_beside_are_taken_away(again: Database) -> None:
    pod = login()
    again.query(WIDER)
    assert len(rights_in_projects(again)) == len(roles(again)) == 2
    again.run(pod)
    assert rights_in_projects(again) == {(PROJECT, False): RIGHTS}
    assert rights_in_environments(again) == ENVIRONMENTS
    assert roles(again) == [(ORGANISATION, "USER")]
    assert again.query("SELECT * FROM users_userpermissiongroup_users") == []
    assert again.query("SELECT * FROM organisations_userorganisationpermission") == []


def test_an_environment_that_was_made_later_is_seen_after_the_next_run(again: Database) -> None:
    pod = login()
    add_environment(again, PROJECT, "later")
    assert rights_in_environments(again) == ENVIRONMENTS
    again.run(pod)
    assert rights_in_environments(again) == {**ENVIRONMENTS, (f"{PROJECT}-later", False): OF_ENVIRONMENTS}


@pytest.mark.parametrize(
    "change", ["password = 'pbkdf2_sha256$1$a$b'", "is_staff = true", "is_superuser = true", "is_active = false"]
)
def test_an_account_that_is_somebody_s_or_was_switched_off_is_left_alone(again: Database, change: str) -> None:
    # In other letters: Flagsmith's own log-in does not tell them apart either.
    again.query(f"UPDATE users_ffadminuser SET {change}, email = upper(email)")  # noqa: S608
    message = again.refuses(login())
    assert EMAIL in message
    assert ("stays so" if "active" in change else "delete it in Flagsmith") in message


def test_a_project_that_has_another_name_by_now_is_the_only_one(flagsmith: Database) -> None:
    pod = login()
    flagsmith.query("UPDATE projects_project SET deleted_at = now() WHERE name = 'theirs'")
    flagsmith.query(f"UPDATE projects_project SET name = 'renamed' WHERE name = '{PROJECT}'")  # noqa: S608
    flagsmith.run(pod)
    assert rights_in_projects(flagsmith) == {("renamed", False): RIGHTS}


def test_which_project_it_is_for_is_not_guessed(flagsmith: Database) -> None:
    flagsmith.query(f"UPDATE projects_project SET name = 'renamed' WHERE name = '{PROJECT}'")  # noqa: S608
    message = flagsmith.refuses(login())
    assert f"There are several projects, and none called '{PROJECT}'" in message
    flagsmith.query("UPDATE projects_project SET deleted_at = now()")
    assert "There is no project, and none called" in flagsmith.refuses(login())


def test_another_project_s_account_has_no_right_in_the_one_of_before(again: Database) -> None:
    again.run(login(admin={"organisation": "Another", "project": "theirs"}))
    assert rights_in_projects(again) == {("theirs", False): RIGHTS}
    assert rights_in_environments(again) == {("theirs-production", False): OF_ENVIRONMENTS}
    assert roles(again) == [("Another", "USER")]


def test_two_at_once_take_turns_and_make_one_account(flagsmith: Database) -> None:
    pod = login()
    both = [flagsmith.start(pod), flagsmith.start(pod)]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted("created" in text for text in said) == [False, True]
    assert tokens(flagsmith) == [pod.variables["ROLLOUTS_TOKEN"]]
    assert rights_in_environments(flagsmith) == ENVIRONMENTS
