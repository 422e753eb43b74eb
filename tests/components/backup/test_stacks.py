"""Whose a backup is, and what nobody may see of it: stacks that share a bucket, files of others, the process list."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest

from components.backup.containers import DRILL, DUMP, LIVE, RESTORE, SCRIPTS, UNPACK
from flagops.commands.db.psql import external
from tests.components.backup.conftest import HOST, Jobs
from tests.components.backup.running import last, pod, succeeded
from tests.components.backup.test_scripts import bucket
from tests.components.backup.watching import watching
from tests.servers import give_to_postgres

__all__ = ["bucket"]
OTHER = "staging.example.org"
FOREIGN = {
    "notes.json": b"[]",
    "flagsmith-notes.json": b"{}",
    "flagsmith-20260101T000000Z.json": b"no JSON",
    "flagsmith-20260102T000000Z.json": b'{"name": 3}',
    "flagsmith-20260103T000000Z.json": b'["flagsmith"]',
    "flagsmith-20260104T000000Z.json": b'{"name": "flagsmith-2099", "file": "x", "label": "", "sha256": ""}',
    "flagsmith-export.csv": b"a",
    "flagsmith-.dump": b"b",
    "flagsmith-20269999T999999Z.dump": b"c",
    "flagsmith": b"d",
}


def stored(jobs: Jobs, **variables: str) -> str:
    return str(jobs.backup(**variables)["stored"]["name"])


def named(jobs: Jobs, **variables: str) -> dict[str, str]:
    """The listed backups and whose they are."""
    found = last(succeeded(jobs.store("list", **variables)))["backups"]
    return {item["name"]: item["stack"] for item in found}


@pytest.mark.usefixtures("bucket")
def test_stacks_that_share_a_bucket_neither_see_nor_restore_nor_remove_each_others(jobs: Jobs) -> None:
    staging = stored(jobs, STACK=OTHER)
    # A backup is named by its second: the other stack's has to have a name of its own here.
    while datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ") in staging:
        time.sleep(0.05)
    production = [stored(jobs, KEEP="1"), stored(jobs, KEEP="1", BACKUP_LABEL="later")]
    assert named(jobs) == dict.fromkeys(production, HOST)
    assert named(jobs, STACK=OTHER) == {staging: OTHER}
    assert f"Fetched {production[0]}.dump" in succeeded(jobs.fetch()).stdout
    refused = jobs.fetch(staging)
    assert refused.returncode == 1
    assert f"There is no backup '{staging}' of the stack {HOST}" in refused.stderr

    jobs.environment["FROM_STACK"] = OTHER
    assert f"Fetched {staging}.dump" in succeeded(jobs.fetch(staging)).stdout
    assert f"Fetched {staging}.dump" in succeeded(jobs.fetch()).stdout


def test_backups_from_before_stay_readable_and_are_nobodys_latest(jobs: Jobs, bucket: Any) -> None:
    old = stored(jobs)
    for item in list(bucket.objects.all()):
        below = item.key.replace(f"{HOST}/", "")
        content = item.get()["Body"].read()
        if below.endswith(".json"):
            content = json.dumps({k: v for k, v in json.loads(content).items() if k != "stack"}).encode()
        bucket.put_object(Key=below, Body=content)
        item.delete()
    assert named(jobs) == {old: "unknown"}
    assert "There is no backup 'latest'" in jobs.fetch().stderr
    jobs.environment["FROM_STACK"] = "unknown"
    assert f"Fetched {old}.dump" in succeeded(jobs.fetch(old)).stdout
    del jobs.environment["FROM_STACK"]
    new = stored(jobs, KEEP="1")
    assert named(jobs) == {old: "unknown", new: HOST}, "what is of nobody known is removed by nobody"


def test_a_volume_of_before_is_the_stacks_own_and_its_backups_count(jobs: Jobs) -> None:
    old = stored(jobs)
    path = jobs.home / "store" / f"{old}.json"
    manifest = json.loads(path.read_text("utf-8"))
    del manifest["stack"]
    path.write_text(json.dumps(manifest), "utf-8")
    assert named(jobs) == {old: HOST}
    assert f"Fetched {old}.dump" in succeeded(jobs.fetch()).stdout


def test_a_backup_that_says_it_is_of_another_stack_is_refused_with_the_way(jobs: Jobs) -> None:
    other = stored(jobs, STACK=OTHER)
    assert "There is no backup 'latest'" in jobs.fetch().stderr
    refused = jobs.fetch(other)
    assert refused.returncode == 1
    assert f"is of the stack {OTHER}, and this is {HOST}" in refused.stderr
    assert f"ff db restore {other} --from-stack {OTHER}" in refused.stderr
    jobs.environment["FROM_STACK"] = OTHER
    succeeded(jobs.fetch(other))


def test_files_of_others_break_nothing_and_stay(jobs: Jobs) -> None:
    store = jobs.home / "store"
    store.mkdir()
    for name, content in FOREIGN.items():
        (store / name).write_bytes(content)
    own = stored(jobs, KEEP="1")
    assert named(jobs) == {own: HOST}
    assert f"Fetched {own}.dump" in succeeded(jobs.fetch()).stdout
    assert {path.name for path in store.iterdir()} >= FOREIGN.keys()


def test_objects_of_others_below_the_prefix_break_nothing(jobs: Jobs, bucket: Any) -> None:
    for name, content in FOREIGN.items():
        for prefix in ("flagsmith/eu/", f"flagsmith/eu/{HOST}/", f"flagsmith/eu/{HOST}/deeper/"):
            bucket.put_object(Key=prefix + name, Body=content)
    own = stored(jobs, KEEP="1")
    assert named(jobs) == {own: HOST}


# It is in no other test: the watch sees the processes of those that run at the same time too.
PASSWORD = "z%bra @ca:fé/?&\\n"


def watched(jobs: Jobs, form: str) -> str:
    """The database's URL, in a form, for a new role with the password."""
    jobs.postgres.query("DROP ROLE IF EXISTS watched", "postgres")
    jobs.postgres.query("CREATE ROLE watched SUPERUSER LOGIN", "postgres")
    connection = psycopg2.connect(jobs.postgres.url("postgres"))
    connection.autocommit = True
    connection.cursor().execute("ALTER ROLE watched PASSWORD %s", (PASSWORD,))
    connection.close()
    return form.format(quote(PASSWORD, safe=""), f"127.0.0.1:{jobs.postgres.port}")


@pytest.mark.parametrize(
    "form", ["postgresql://watched:{}@{}/flagsmith", "postgresql://watched@{1}/flagsmith?password={0}"]
)
def test_no_password_and_no_passphrase_is_in_the_process_list(jobs: Jobs, form: str) -> None:
    jobs.environment |= {"DATABASE_URL": watched(jobs, form), "BACKUP_PASSPHRASE": "correct-horse"}
    with watching([PASSWORD, quote(PASSWORD, safe=""), "correct-horse"]) as found:
        jobs.backup()
        succeeded(jobs.restore())
        succeeded(jobs.drill())
    assert found == set()


def test_the_watch_sees_a_password_that_is_an_argument(jobs: Jobs) -> None:
    jobs.work()
    with watching(["an-argument"]) as found:
        source = 'sleep 1 & psql -c "SELECT pg_sleep(1)" "$DATABASE_URL?application_name=an-argument"; wait'
        jobs.run(["bash", "-c", source], {"PATH": "/usr/bin:/bin"}, None)
        ends = time.monotonic() + 5
        while not found and time.monotonic() < ends:
            time.sleep(0.01)
    assert found


@pytest.mark.parametrize(
    ("url", "rest", "password"),
    [
        ("postgresql://u:p@h/d", "postgresql://u@h/d", "p"),
        ("postgres://u@h:5433/d?sslmode=require", "postgres://u@h:5433/d?sslmode=require", None),
        ("postgresql://u:p%40q%2F%25@a:1,[::1]:2/d?x=1", "postgresql://u@a:1,[::1]:2/d?x=1", "p@q/%"),
        ("postgresql://u:a:b@h/d", "postgresql://u@h/d", "a:b"),
        ("postgresql://h/d?user=u&password=p%26q&sslmode=require", "postgresql://h/d?user=u&sslmode=require", "p&q"),
        ("postgresql:///d?password=p", "postgresql:///d", "p"),
        ("postgresql://h/d?options=-c%20a%3Db@c", "postgresql://h/d?options=-c%20a%3Db@c", None),
        ("postgresql://u:%5C%5Cn@h/d", "postgresql://u@h/d", "\\\\n"),
    ],
)
def test_a_url_is_taken_apart_as_libpq_does_it(jobs: Jobs, url: str, rest: str, password: str | None) -> None:
    jobs.work()
    source = (SCRIPTS / "database-url.sh").read_text("utf-8") + 'printf "%s\\n%s" "$URL" "${PGPASSWORD-unset}"'
    done = succeeded(jobs.run(["bash", "-c", source], {"DATABASE_URL": url}, None))
    assert done.stdout == f"{rest}\n{'unset' if password is None else password}"


def test_a_prompt_on_an_external_database_connects_without_the_password_in_its_arguments(jobs: Jobs) -> None:
    jobs.work()
    url = watched(jobs, "postgresql://watched:{}@{}/flagsmith")
    with watching([PASSWORD, quote(PASSWORD, safe="")]) as found:
        command = external(["--command", "SELECT 1 + 1, pg_sleep(1)", "--tuples-only"])
        done = succeeded(jobs.run(command, {"DATABASE_URL": url}, None))
        assert done.stdout.split() == ["2", "|"]
    assert found == set()


def test_no_script_gives_the_url_to_a_program() -> None:
    assert {*DUMP, *UNPACK, *RESTORE, *LIVE, *DRILL} <= {path.name for path in SCRIPTS.iterdir()}
    for path in SCRIPTS.glob("*.sh"):
        if path.name != "database-url.sh":
            assert not re.search(r"\$\{?DATABASE_URL", path.read_text("utf-8")), path.name


def test_a_url_of_another_kind_is_refused_without_showing_it(jobs: Jobs) -> None:
    jobs.work()
    give_to_postgres(jobs.home)
    done = pod(jobs.shell(*DUMP, DATABASE_URL="host=h password=zebra"), jobs.storing("put"))
    assert done.returncode != 0
    assert "DATABASE_URL is no URL" in done.stderr
    assert "zebra" not in done.stdout + done.stderr
