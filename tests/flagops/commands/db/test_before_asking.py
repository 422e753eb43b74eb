"""What cannot be done to a Cluster is refused before anybody is asked to type the stack's name."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.fake_cluster import NAMESPACE, FakeCluster, fake_cluster
from tests.flagops.commands.clusters import cluster, pod
from tests.flagops.commands.db.moving_world import project

Run = Callable[..., Result]
LABELS = {"cnpg.io/cluster": "flagsmith-pg", "cnpg.io/podRole": "instance"}
CLUSTERED = {"mode": "cloudnativepg", "cluster": {"backup": {"enabled": True}}}


def made(home: Path, postgres: dict[str, Any], monkeypatch: pytest.MonkeyPatch, there: FakeCluster) -> None:
    """The stack `staging` with that database, in a cluster in which a Cluster of three servers is well."""
    project(home, postgres)
    for variable, name in (("FF_PROJECT", ""), ("KUBECONFIG", "kubeconfig"), ("FF_STATE_DIR", "state")):
        monkeypatch.setenv(variable, str(home / name))
    there.kubeconfig(home / "kubeconfig", "staging")
    there.add("v1", "Namespace", NAMESPACE)
    live = cluster()
    there.add("postgresql.cnpg.io/v1", "Cluster", "flagsmith-pg", spec=live["spec"], status=live["status"])
    for number in (1, 2, 3):
        server = pod(number)
        rest = {"metadata": {"labels": LABELS}, "spec": server["spec"], "status": server["status"]}
        there.add("v1", "Pod", server["metadata"]["name"], **rest)


@pytest.fixture
def there() -> Iterator[FakeCluster]:
    with fake_cluster() as served:
        yield served


@pytest.mark.parametrize(
    ("postgres", "line", "said"),
    [
        (CLUSTERED, "db restore --to yesterday", "'yesterday' must be a moment with its time zone"),
        (CLUSTERED, "db restore --to 2026-11-20T13:05", "must be a moment with its time zone"),
        (CLUSTERED, "db restore --to 0001-01-01T00:00:00+09:00", "must be a moment with its time zone"),
        (CLUSTERED, "db restore --to 2999-01-01T00:00:00Z", "may not be archived yet"),
        (
            CLUSTERED,
            "db restore --to 2026-11-20T13:05:00Z --from-stack x.example.com",
            "leave out --from-stack, or --to.",
        ),
        (CLUSTERED, "db drill --base --from-stack x.example.com", "leave out --from-stack, or --base."),
        (CLUSTERED, "db switchover --to flagsmith-pg-9", "is not a server of the Cluster; there are: flagsmith-pg-1, "),
        (CLUSTERED, "db switchover --to flagsmith-pg-1", "flagsmith-pg-1 is the primary already."),
        ({"mode": "embedded"}, "db restore --to 2026-11-20T13:05:00Z", "it is not a Cluster of CloudNativePG"),
        ({"mode": "embedded"}, "db switchover", "it has no standby that could take over"),
        ({"mode": "embedded"}, "db backups --base", "it is not a Cluster of CloudNativePG"),
        ({"mode": "embedded"}, "db drill --base", "it is not a Cluster of CloudNativePG"),
    ],
)
def test_it_is_refused_for_what_is_wrong_and_not_for_a_missing_terminal(
    postgres: dict[str, Any],
    line: str,
    said: str,
    there: FakeCluster,
    tmp_path: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made(tmp_path, postgres, monkeypatch, there)
    shown = run(*line.split(), "--stack", "staging")
    assert shown.exit_code == 1, shown.stdout + shown.stderr
    assert said in " ".join(shown.stderr.split())
    assert "there is no terminal" not in shown.stderr


def test_who_may_go_on_is_told_which_server_takes_over_and_asked(
    there: FakeCluster, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, CLUSTERED, monkeypatch, there)
    shown = run("db", "switchover", "--stack", "staging")
    assert "This makes flagsmith-pg-2 the primary of the stack staging (staging)" in " ".join(shown.stderr.split())
    assert "there is no terminal" in shown.stderr
