"""A fresh database gets what the stack's Secrets hold, and a database in use keeps what people made."""

import hashlib

import pytest

from tests.components.flagsmith.bootstrap.conftest import EDGE, ENVIRONMENTS, Database, Pod, pod_of


def has_password(database: Database, password: str) -> bool:
    """Whether the one account lets the password in."""
    ((stored,),) = database.query("SELECT password FROM users_ffadminuser")
    _, salt, digest = stored.split("$")
    return bool(hashlib.md5((salt + password).encode()).hexdigest() == digest)  # noqa: S324 - Django's, in tests


def test_a_fresh_flagsmith_has_exactly_the_keys_of_the_secrets_and_a_second_run_changes_nothing(
    database: Database, pod: Pod
) -> None:
    database.run(pod)
    assert database.clients == {name: pod.client(name) for name in ENVIRONMENTS}
    for name in ENVIRONMENTS:
        assert database.servers(name) == {pod.server(name): None, pod.server(name, "edge"): None}
    assert database.query(
        "SELECT email, is_superuser, is_staff, is_active, role FROM users_ffadminuser"
        " JOIN organisations_userorganisation AS o ON o.user_id = users_ffadminuser.id"
    ) == [("admin@flags.localhost", True, True, True, "ADMIN")]
    assert has_password(database, pod.variables["ADMIN_PASSWORD"])
    before = database.rows
    said = database.run(pod)
    assert database.rows == before
    assert "created" not in said
    assert "added" not in said


def test_accounts_of_people_stay_as_they_are(database: Database, pod: Pod) -> None:
    database.run(pod)
    database.run(pod.given(ADMIN_PASSWORD="another one"))
    assert has_password(database, pod.variables["ADMIN_PASSWORD"]), "one that was set is left alone"
    database.query("UPDATE users_ffadminuser SET password = '!none', email = 'Admin@Flags.localhost'")
    database.run(pod.given(ADMIN_PASSWORD="another one"))
    assert has_password(database, "another one"), "an account without a password gets one"
    database.query("UPDATE users_ffadminuser SET password = '!none', last_login = now()")
    before = database.rows
    database.run(pod)
    assert database.rows == before, "somebody logs in to it by other means"
    database.query("UPDATE users_ffadminuser SET email = 'somebody@example.com'")
    before = database.rows
    assert "no account is made" in database.run(pod)
    assert database.rows == before


def test_an_empty_database_waits_for_secrets_that_are_not_there_yet(database: Database, pod: Pod) -> None:
    lacking = {"SDK_KEY_1_APPLICATIONS": None, "SDK_KEY_2_CLIENT": None}
    said = database.refuses(pod.given(**lacking))
    assert "with other client keys than those of your Secrets, for good" in said
    assert "these do not have both keys yet: flagsmith-sdk-keys-staging, flagsmith-sdk-keys-production." in said
    database.run(pod)
    assert database.clients == {name: pod.client(name) for name in ENVIRONMENTS}


def test_keys_that_come_later_are_written_when_it_runs_again(older: Database) -> None:
    pod = pod_of({"edge": EDGE, "sdkKeys": {"clientKeys": older.clients}})
    said = older.run(pod.given(SDK_KEY_1_APPLICATIONS=None))
    assert "environment staging: not all of its keys are in the Secret flagsmith-sdk-keys-staging" in said
    assert "ff keys register" in said
    assert older.servers("staging") == {}
    assert set(older.servers("production")) == {pod.server("production"), pod.server("production", "edge")}
    older.run(pod)
    assert set(older.servers("staging")) == {pod.server("staging"), pod.server("staging", "edge")}


SERVER, CLIENT = "SDK_KEY_0_APPLICATIONS", "SDK_KEY_0_CLIENT"


@pytest.mark.parametrize(
    ("variable", "like", "said"),
    [
        (CLIENT, "", "The client key of 'development' in the Secret flagsmith-sdk-keys-development is empty"),
        (SERVER, "ser.abc\n", "The server-side key of 'development' in the Secret flagsmith-sdk-keys-development is"),
        (CLIENT, "ser.4kTq9ZpLw3Xv7Rb2Nc8Yd6", "FLAGSMITH_ENVIRONMENT_KEY is for the client key, which is public"),
        (SERVER, "26SjW1XbVgVEXPhD6h1kQz", "a server-side key, which is secret and begins with 'ser.'"),
        (CLIENT, "SDK_KEY_2_CLIENT", "The client key of 'production' in the Secret flagsmith-sdk-keys-production is"),
        (SERVER, "SDK_KEY_2_APPLICATIONS", "is one of 'development' too: each is given once"),
    ],
)
def test_keys_that_cannot_be_are_refused(database: Database, pod: Pod, variable: str, like: str, said: str) -> None:
    assert said in database.refuses(pod.given(**{variable: pod.variables.get(like, like)}))
    assert database.rows["users_ffadminuser"] == []


def test_all_keys_that_cannot_be_are_named_at_once(database: Database, pod: Pod) -> None:
    wrong = {CLIENT: pod.server("production"), SERVER: pod.client("staging"), "SDK_KEY_2_EDGE": "ser. "}
    said = database.refuses(pod.given(**wrong)).splitlines()
    assert [line.partition(" in the Secret")[0] for line in said] == [
        "The client key of 'development'",
        "The server-side key of 'development'",
        "The client key of 'staging'",
        "The server-side key of 'production'",
        "The server-side key of 'production'",
    ], "two are of a wrong kind, two are given twice, and one has a blank"
