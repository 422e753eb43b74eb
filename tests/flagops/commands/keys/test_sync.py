"""`ff keys sync`: the Secrets of the applications are what the catalogue says, and nothing else is touched."""

import base64

import pytest

from flagops.kubernetes.objects import Ref
from tests.flagops.commands.keys.conftest import Applications

pytestmark = pytest.mark.cluster


def deployment(name: str, namespace: str, container: dict[str, object]) -> dict[str, object]:
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "app", **container}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": pod},
    }


def foreign(apps: Applications, **labels: str) -> None:
    """A Secret that somebody else made, where the shop's keys should go."""
    metadata = {"name": "flagsmith-keys", "namespace": apps.shop, "labels": labels}
    data = {"password": base64.b64encode(b"theirs").decode()}
    apps.instance.client.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})


def test_each_application_gets_its_keys(apps: Applications) -> None:
    shown = apps.ff("sync")
    address = f"http://flagsmith.{apps.instance.namespace}.svc.cluster.local:8000/api/v1/"
    common = {"FLAGSMITH_ENVIRONMENT_KEY": apps.client_key(), "FLAGSMITH_API_URL": address}
    (key,) = apps.server_keys()
    assert apps.secret(apps.shop) == {**common, "FLAGSMITH_SERVER_KEY": key["key"]}
    assert apps.secret(apps.scores) == common
    assert key["name"] == f"ff: {apps.shop}/flagsmith-keys"
    found = apps.manifest(apps.shop)
    assert found["type"] == "Opaque"
    assert found["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "ff"
    assert found["metadata"]["annotations"]["feature-flags/environment"] == "production"
    assert (
        f"{apps.shop}/flagsmith-keys (production): the Secret is created, with a new server-side key." in shown.stdout
    )
    assert "Deliveries: 2 changed, 0 right already." in shown.stderr


def test_the_address_in_the_secret_is_the_service_s(apps: Applications) -> None:
    service = apps.instance.get("v1", "Service", "flagsmith")
    assert service is not None
    assert [port["port"] for port in service["spec"]["ports"]][:1] == [8000]


def test_a_second_run_writes_nothing(apps: Applications) -> None:
    apps.ff("sync")
    before = [apps.manifest(name) for name in (apps.shop, apps.scores)]
    apps.flagsmith.forget()
    shown = apps.ff("sync")
    assert [apps.manifest(name) for name in (apps.shop, apps.scores)] == before
    assert {method for method, path in apps.flagsmith.requests if "login" not in path} == {"GET"}
    assert shown.stdout == ""
    assert "Deliveries: 0 changed, 2 right already." in shown.stderr


def test_a_dry_run_does_nothing(apps: Applications) -> None:
    shown = apps.ff("sync", "--dry-run")
    assert apps.server_keys() == []
    assert apps.instance.client.list("v1", "Secret", apps.shop) == []
    assert "Nothing is written. What would be done:" in shown.stderr
    assert "Deliveries: 2 to be changed, 0 right already." in shown.stderr


def test_what_somebody_changed_is_set_back_and_its_readers_are_named(apps: Applications) -> None:
    apps.ff("sync")
    whole: dict[str, object] = {"envFrom": [{"secretRef": {"name": "flagsmith-keys"}}]}
    one: dict[str, object] = {
        "env": [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "flagsmith-keys", "key": "K"}}}]
    }
    other: dict[str, object] = {"env": [{"name": "flagsmith-keys", "value": "x"}]}
    for name, container in (("basket", whole), ("cashier", one), ("door", other)):
        apps.instance.client.create(deployment(name, apps.shop, container))
    change = {"data": {"FLAGSMITH_ENVIRONMENT_KEY": base64.b64encode(b"wrong").decode()}}
    apps.instance.client.merge(Ref("v1", "Secret", apps.shop, "flagsmith-keys"), change)
    shown = apps.ff("sync")
    assert apps.secret(apps.shop)["FLAGSMITH_ENVIRONMENT_KEY"] == apps.client_key()
    assert f"-n {apps.shop} rollout restart deployment/basket" in shown.stdout
    assert f"-n {apps.shop} rollout restart deployment/cashier" in shown.stdout
    assert "deployment/door" not in shown.stdout
    assert "Their pods have the old keys until they are restarted:" in shown.stdout
    assert len(apps.server_keys()) == 1
    apps.instance.client.delete(Ref("v1", "Secret", apps.shop, "flagsmith-keys"))
    shown = apps.ff("sync")
    assert "Their pods have no keys, if they started without this Secret, until they are restarted:" in shown.stdout
    assert f"-n {apps.shop} rollout restart deployment/basket" in shown.stdout


def test_a_secret_of_somebody_else_is_left_alone_unless_it_is_adopted(apps: Applications) -> None:
    foreign(apps)
    shown = apps.ff("sync", expect=1)
    assert f"The Secret {apps.shop}/flagsmith-keys was not made by `ff keys`, and is left alone." in shown.stderr
    assert apps.secret(apps.shop) == {"password": "theirs"}
    assert apps.server_keys() == []
    assert apps.secret(apps.scores), "the other one is made"
    apps.ff("sync", "--adopt")
    assert apps.secret(apps.shop)["password"] == "theirs"
    assert apps.status(apps.server_key()) == 200
    assert "0 changed, 2 right already" in apps.ff("sync").stderr


def test_a_secret_of_the_platform_is_never_adopted(apps: Applications) -> None:
    delivery = {"environment": "production", "namespace": apps.instance.namespace, "secret": "flagsmith-django"}
    apps.declare(delivery)
    before = apps.manifest(apps.instance.namespace, "flagsmith-django")
    shown = apps.ff("sync", "--adopt", expect=1)
    assert "is of the platform itself" in shown.stderr
    assert apps.manifest(apps.instance.namespace, "flagsmith-django") == before


def test_a_missing_namespace_is_named_and_the_others_are_done(apps: Applications) -> None:
    apps.declare(
        {"environment": "production", "namespace": "nowhere", "server_side": True},
        {"environment": "production", "namespace": apps.scores},
    )
    shown = apps.ff("sync", expect=1)
    assert "There is no namespace 'nowhere' in context" in shown.stderr
    assert "Deliveries: 1 changed, 0 right already, 1 failed." in shown.stderr
    assert apps.server_keys() == [], "none is made that nobody gets"
    assert apps.secret(apps.scores)["FLAGSMITH_ENVIRONMENT_KEY"] == apps.client_key()


def test_a_refusal_of_flagsmith_s_shows_no_key(apps: Applications) -> None:
    apps.flagsmith.failing[f"/api/v1/environments/{apps.client_key()}/"] = 400
    shown = apps.ff("sync", expect=1)
    assert "/api/v1/environments/<secret>/api-keys/: status 400" in shown.stderr


def test_a_delivery_that_needs_no_server_side_key_any_more(apps: Applications) -> None:
    apps.ff("sync")
    apps.declare({"environment": "production", "namespace": apps.shop})
    shown = apps.ff("sync")
    assert "FLAGSMITH_SERVER_KEY" not in apps.secret(apps.shop)
    assert "the Secret is changed, the old key until 2" in shown.stdout
    assert apps.server_keys()[0]["expires_at"]


def test_a_delivery_that_is_of_another_environment_now(apps: Applications) -> None:
    apps.ff("sync")
    apps.declare({"environment": "staging", "namespace": apps.shop, "server_side": True})
    shown = apps.ff("sync")
    old, new = apps.server_keys()
    assert (old["expires_at"] is None, new["expires_at"]) == (False, None)
    assert apps.server_key() == new["key"]
    assert "production: the key" in shown.stderr
    assert "comes to its end" in shown.stderr


def test_a_delivery_that_is_gone_is_told_and_its_key_stays(apps: Applications) -> None:
    apps.ff("sync")
    apps.declare()
    shown = apps.ff("sync")
    assert "is of no delivery in this catalogue" in shown.stderr
    assert apps.server_keys()[0]["expires_at"] is None


def test_a_key_of_somebody_else_is_left_alone(apps: Applications) -> None:
    data = apps.flagsmith.database
    number = data.one("environments", name="production")["id"]
    ended = "2026-01-01T00:00:00Z"
    theirs = data.insert(
        "server_keys",
        key="ser.theirs",
        active=True,
        created_at=ended,
        name="theirs",
        expires_at=ended,
        environment=number,
    )
    apps.ff("sync")
    assert theirs in apps.server_keys()
