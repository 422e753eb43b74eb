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


def test_keys_whose_secret_is_not_there_yet_are_written_when_it_is(database: Database) -> None:
    pod = pod_of({"edge": EDGE})
    said = database.run(pod.given(SDK_KEY_1_APPLICATIONS=None))
    assert "keys of staging: not all of them are in their Secrets yet" in said
    assert database.servers("staging") == {}
    own = database.clients["staging"]
    assert own != pod.client("staging"), "without a Secret it has a key of Flagsmith's own making"
    said = database.refuses(pod)
    assert f'"staging": {own}' in said
    assert "write it into the Secret if you make that one" in said
    database.run(pod.given(SDK_KEY_1_CLIENT=own))
    assert database.clients["staging"] == own
    assert set(database.servers("staging")) == {pod.server("staging"), pod.server("staging", "edge")}


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
