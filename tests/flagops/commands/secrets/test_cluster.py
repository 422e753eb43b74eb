"""`ff secrets` of a stack whose database is a Cluster of CloudNativePG."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from components.settings import Settings, sources
from flagops.commands.db import connections
from flagops.commands.secrets.catalogue import GENERATED, find, restarted, secret_of
from flagops.commands.secrets.rotate import DATABASE, require_checkable
from flagops.errors import FailedError, RefusedError
from flagops.kubernetes.objects import Manifest
from tests.components.settings.support import settings
from tests.flagops.commands.clusters import cluster, pod

CLUSTER: dict[str, Any] = {"postgres": {"mode": "cloudnativepg"}}


def test_the_administrators_secret_is_the_one_that_the_operator_takes() -> None:
    plain, clustered = settings(), settings(**CLUSTER)
    assert {item.name: (secret_of(item, plain), secret_of(item, clustered)) for item in GENERATED} == {
        item.name: (item.secret, item.secret if item.name != "postgres" else "flagsmith-pg-owner") for item in GENERATED
    }


def test_all_secrets_of_its_roles_are_the_stacks_own_and_are_renewed() -> None:
    for name in ("postgres", "database", "audit", "analytics"):
        assert sources.elsewhere(settings(**CLUSTER), name) is None, name


def test_the_exporter_is_restarted_with_the_administrators_rotation() -> None:
    assert restarted(find("postgres"), settings(**CLUSTER)) == "nobody"
    assert restarted(find("postgres"), settings(**CLUSTER, monitoring={"enabled": True})) == "PostgreSQL exporter"
    assert restarted(find("postgres"), settings(monitoring={"enabled": True})) == "nobody"


@dataclass
class Asked:
    """A stack's instance, of which a Cluster and its pods can be seen; nothing of it can be changed."""

    live: Manifest
    pods: dict[str, Manifest]
    settings: Settings = field(default_factory=lambda: settings(**CLUSTER))
    stack: Any = field(default_factory=lambda: SimpleNamespace(name="staging"))

    def get(self, _: str, kind: str, name: str) -> Manifest | None:
        return self.live if kind == "Cluster" else self.pods.get(name)


def asked(live: Manifest, *pods: Manifest) -> Any:
    return Asked(live, {item["metadata"]["name"]: item for item in pods})


@pytest.mark.parametrize("name", sorted(DATABASE))
@pytest.mark.parametrize(
    ("instance", "said"),
    [
        (asked(cluster(), pod(1, ready=False), pod(2)), "has no primary: flagsmith-pg-1 is not ready."),
        (asked(cluster(), pod(2)), "has no primary: flagsmith-pg-1 is not ready."),
        (
            asked(cluster(targetPrimary="pending"), pod(1), pod(2)),
            "is between two primaries: flagsmith-pg-1 is the primary, and pending is to be it.",
        ),
        (
            asked(cluster(targetPrimary="flagsmith-pg-2"), pod(1), pod(2)),
            "is between two primaries: flagsmith-pg-1 is the primary, and flagsmith-pg-2 is to be it.",
        ),
        (asked({"metadata": {"name": "flagsmith-pg"}, "spec": {}}), "has no primary yet."),
    ],
)
def test_without_a_primary_or_in_a_switchover_nothing_is_changed_and_it_is_said_what_to_do(
    instance: Any, said: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old primary and a pooler still answer for a while, so that asking the database is not enough."""
    monkeypatch.setattr(connections, "connections", lambda _: None)
    with pytest.raises(RefusedError) as caught:
        require_checkable(instance, find(name), 1)
    assert caught.value.message.startswith(
        f"Nothing was changed, since it could not be checked afterwards. The Cluster {said}"
    )
    assert "again when `ff status --stack staging` shows the Cluster well" in str(caught.value.hint)
    assert "docs/runbook.md, section 26" in str(caught.value.hint)


def test_a_missing_standby_holds_no_rotation_back_and_nothing_but_the_database_asks_for_a_primary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "connections", lambda _: None)
    require_checkable(asked(cluster(readyInstances=1), pod(1), pod(2, ready=False)), find("database"), 1)
    require_checkable(asked(cluster(targetPrimary="pending")), find("cookies"), 1)


def test_a_database_that_does_not_answer_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Any) -> None:
        raise FailedError("The database's connections cannot be listed: connection refused.")

    monkeypatch.setattr(connections, "connections", refused)
    with pytest.raises(FailedError) as caught:
        require_checkable(asked(cluster(), pod(1)), find("database"), 1)
    assert "`ff doctor --stack staging` says what is wrong; correct that, and run this again." in str(caught.value.hint)
