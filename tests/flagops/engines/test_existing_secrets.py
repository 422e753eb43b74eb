"""The direct engine shows no value of a Secret that somebody else made, as it shows none of its own."""

import base64
from collections.abc import Callable
from threading import Event as Flag
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flagops.engines.direct import rollout
from flagops.engines.events import Event
from flagops.errors import FailedError, OpsError
from flagops.kubernetes.client import Client
from flagops.kubernetes.namespace_secrets import AGAIN_SECONDS
from flagops.kubernetes.objects import Ref
from flagops.kubernetes.refusals import DeniedError

OWN, THEIRS, LATER = "a-password-of-the-program", "s3cret-of-somebody", "made-while-it-waits"
REF = Ref("apps/v1", "Deployment", "flags", "flagsmith")


def secret(**values: str) -> dict[str, Any]:
    return {"data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}}


class Cluster:
    """A cluster whose only Deployment does not become ready, for a reason with secrets in it."""

    def __init__(self) -> None:
        self.secrets = [secret(DATABASE_URL=f"postgresql://u:{THEIRS}@db.example.com/flags", host="db.example.com")]
        self.is_denied = False
        self.reads = 0

    def list(self, _: str, kind: str, namespace: str) -> list[dict[str, Any]]:
        assert (kind, namespace) == ("Secret", "flags")
        self.reads += 1
        if self.is_denied:
            raise DeniedError(403, "Forbidden", "no", "Cannot list secrets")
        return self.secrets

    def apply(self, manifest: dict[str, Any], *, force: bool) -> dict[str, Any]:
        assert not force
        return {**manifest, "metadata": {**manifest["metadata"], "uid": "1"}}


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[str], str]]:
    """Deploys, where the waiting says a text and then fails with it: what people see of it."""

    def deployed(cluster: Cluster, text: str, meanwhile: Callable[[], object] = lambda: None) -> tuple[list[str], str]:
        def waits(_: object, __: object, mask: Any, *, say: Callable[[str], None], **___: object) -> None:
            say(mask("ContainerCreating"))
            meanwhile()
            say(mask(text))
            raise FailedError(text)

        monkeypatch.setattr(rollout, "await_rollout", waits)
        manifest = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "flagsmith", "namespace": "flags"},
        }
        item = SimpleNamespace(ref=REF, manifest=manifest, ignored=(), timeout=None)
        program = SimpleNamespace(secrets=[OWN], objects=[item], by_ref={REF: item})
        events: list[Event] = []
        deployer = rollout.ObjectDeployer(
            cast("Client", cluster), cast("Any", program), {REF: None}, events.append, Flag()
        )
        with pytest.raises(OpsError) as caught:
            deployer.deploy(REF)
        return [event.message for event in events], caught.value.message

    return deployed


def test_neither_what_is_waited_for_nor_the_failure_shows_one(deploy: Any) -> None:
    cluster = Cluster()
    lines, failure = deploy(cluster, f"CrashLoopBackOff: {THEIRS} and {OWN} at db.example.com")
    assert failure == "CrashLoopBackOff: <secret> and <secret> at db.example.com"
    assert all(THEIRS not in line and OWN not in line for line in lines)
    assert any("<secret>" in line for line in lines)
    assert cluster.reads == 1, "not for each line"


def test_one_that_is_made_while_it_waits_is_known_soon(deploy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, now = Cluster(), [0.0]
    monkeypatch.setattr("flagops.kubernetes.namespace_secrets.time.monotonic", lambda: now[0])

    def made() -> None:
        now[0] += AGAIN_SECONDS + 1
        cluster.secrets.append(secret(token=LATER))

    lines, failure = deploy(cluster, f"CrashLoopBackOff: {LATER}", made)
    assert failure == "CrashLoopBackOff: <secret>"
    assert all(LATER not in line for line in lines)


def test_who_may_not_read_them_sees_the_rest(deploy: Any) -> None:
    cluster = Cluster()
    cluster.is_denied = True
    assert deploy(cluster, f"refused {OWN}")[1] == "refused <secret>"
