"""`ff keys list`, by an address alone; and what needs a cluster says so."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from tests.doubles.flagsmith import Flagsmith, serve

Run = Callable[..., Result]
PAST = "2026-01-01T00:00:00Z"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Flagsmith]:
    monkeypatch.setenv("FLAGSMITH_API_KEY", "an-organisation-s-key")
    with serve(Flagsmith()) as made:
        made.add_environments("production")
        made.database.api_keys.add("an-organisation-s-key")
        for name, ends, active in (("ff: shop/keys", PAST, True), ("theirs", PAST, True), ("old", None, False)):
            made.database.insert(
                "server_keys",
                key=f"ser.{name}",
                active=active,
                created_at=PAST,
                name=name,
                expires_at=ends,
                environment=1,
            )
        yield made


def test_keys_are_masked_unless_they_are_asked_for(served: Flagsmith, run: Run) -> None:
    client = str(served.database.one("environments")["api_key"])
    for options in ((), ("--json",)):
        shown = run("keys", "list", "--url", served.url, *options)
        assert shown.exit_code == 0, shown.stderr
        assert client not in shown.stdout
        assert "ser." not in shown.stdout
        assert "<secret>" in shown.stdout
    found = json.loads(run("keys", "list", "--url", served.url, "--show-secrets", "--json").stdout)
    assert [(row["kind"], row["name"], row["key"]) for row in found] == [
        ("client", "", client),
        ("server", "ff: shop/keys", "ser.ff: shop/keys"),
        ("server", "theirs", "ser.theirs"),
        ("server", "old", "ser.old"),
    ]


def test_what_is_served_and_should_not_be_is_said(served: Flagsmith, run: Run) -> None:
    found = json.loads(run("keys", "list", "--url", served.url, "--json").stdout)
    assert [row["note"] for row in found] == [
        "",
        "over, and still served: `ff keys sync` deletes it",
        "over, and still served: delete it in the UI",
        "inactive, and still served: delete it in the UI",
    ]
    assert found[1]["expires"] == PAST


@pytest.mark.parametrize("command", [("sync",), ("rotate", "production", "--client", "--yes")])
def test_secrets_need_a_cluster(command: tuple[str, ...], served: Flagsmith, run: Run, tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.yaml"
    catalogue.write_text("project: footanalytics-platform\nenvironments: [production]\n", encoding="utf-8")
    shown = run("keys", *command, "--url", served.url, "--catalogue", str(catalogue))
    assert shown.exit_code == 1
    assert "Secrets are written into a cluster, and an address alone names none." in shown.stderr
    assert "Name the --stack too" in shown.stderr
