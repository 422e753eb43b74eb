"""Any catalogue goes to Flagsmith and back, and means the same for everybody on each way.

With FLAGSMITH_TEST_URL (support.py) this runs against a real Flagsmith.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from flagops.commands.flags.catalogue.values import Plain, same
from flagops.commands.flags.catalogue.write import text_of
from flagops.commands.flags.explain.remote_answer import traits_of
from flagops.commands.flags.serve.sources import from_catalogue
from flagops.serving.engine.context import Document
from flagops.serving.engine.explain import explain
from flagops.serving.engine.user import User
from flagops.serving.model.environment import ServedEnvironment
from flagops.serving.sdk.evaluated import evaluated
from tests.flagops.commands.flags.generated import CATALOGUE, ENVIRONMENTS, FLAGS, people
from tests.flagops.commands.flags.support import API_KEY, URL, Project, Run, project

EXAMPLES = int(os.environ.get("FLAGSMITH_TEST_CATALOGUES", "4"))
"""Catalogues, each with 200 users, that one run draws; always the same ones."""
Answers = Mapping[str, tuple[bool, Plain]]


def served(document: Document, who: User) -> Answers:
    """What `ff flags serve` answers a server-side key."""
    environment = ServedEnvironment(document, datetime.now(UTC))
    found = evaluated(environment, str(who.identifier), who.traits, is_server_side=True)
    return {flag.name: (flag.enabled, flag.value) for flag in found}


def explained(document: Document, who: User) -> Answers:
    traces = {name: explain(document, name, who) for name in FLAGS}
    return {name: (trace.enabled, trace.value) for name, trace in traces.items()}


def remote(server: Project, key: str, who: User) -> Answers:
    """What the server answers a client-side key, and keeps nothing of."""
    body = {"identifier": who.identifier, "transient": True, "traits": traits_of(who)}
    found = server.client.request("POST", "/api/v1/identities/", body=body, headers={"X-Environment-Key": key})
    return {row["feature"]["name"]: (row["enabled"], row["feature_state_value"]) for row in found["flags"]}


def agree(one: Answers, other: Answers, names: frozenset[str]) -> bool:
    return all(one[name][0] == other[name][0] and same(one[name][1], other[name][1]) for name in names)


def check(content: dict[str, Any], users: list[User], server: Project, run: Run, home: Path) -> None:
    path, back = home / "catalogue.yaml", home / "back.yaml"
    path.write_text(text_of(content), encoding="utf-8")
    done = run("flags", "apply", str(path), "--url", server.url, "--yes", "--rate", "1000")
    assert done.exit_code == 0, done.stderr
    out = run("flags", "export", "--url", server.url, "--out", str(back), "--force", "--like", str(path))
    assert out.exit_code == 0, out.stderr
    assert "Left out" not in out.stderr
    assert "Differs" not in out.stderr
    for each in (path, back):
        planned = run("flags", "plan", str(each), "--url", server.url)
        assert planned.exit_code == 0, planned.stdout
    declared, exported = ({item.name: item.document for item in from_catalogue(at).environments} for at in (path, back))
    public = frozenset(name for name, flag in content["flags"].items() if not flag.get("server_side_only"))
    for name, key in server.environments().items():
        document = server.client.get(f"/api/v1/environments/{key}/document/")
        for who in users:
            here = explained(document, who)
            assert agree(served(document, who), here, frozenset(FLAGS)), (name, who)
            there = remote(server, key, who)
            assert there.keys() == public
            assert agree(there, here, public), (name, who, there, here)
            assert served(exported[name], who) == served(declared[name], who), (name, who)


def test_any_catalogue_comes_back_and_means_the_same_for_everybody(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if URL not in os.environ:
        monkeypatch.setenv("FLAGSMITH_API_KEY", API_KEY)

    def once(content: dict[str, Any], seed: int) -> None:
        with project(environments=ENVIRONMENTS) as server:
            check(content, people(seed), server, run, tmp_path)

    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    drawn = given(CATALOGUE, some.integers(0, 2**31))(once)
    # Each example is a whole server: a smaller one that fails too would take minutes to find.
    said = settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=slow,
    )
    said(drawn)()
