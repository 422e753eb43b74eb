"""`ff secrets` of a stack whose database is a Cluster of CloudNativePG."""

from typing import Any

from components.settings import sources
from flagops.commands.secrets.catalogue import GENERATED, find, restarted, secret_of
from tests.components.settings.support import settings

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
