"""A deployed stack whose Flagsmith answers, the namespaces of two applications, and a catalogue with their keys."""

import base64
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.testing import Result

from flagops.flagsmith_api.administrator import password
from flagops.kubernetes.objects import Manifest, Ref
from flagops.stacks.deployed import Instance
from tests.containers import Containers
from tests.doubles.flagsmith import Flagsmith, serve
from tests.flagops.commands.conftest import instance, place

__all__ = ["instance", "place"]

Run = Callable[..., Result]


@dataclass
class Applications:
    """The applications of a test, and how they stand.

    Attributes:
        shop: The namespace of one, which evaluates locally.
        scores: The namespace of another, whose keys browsers see.
        seen: All keys that there ever were: no output may have one.
    """

    instance: Instance
    flagsmith: Flagsmith
    catalogue: Path
    invoke: Run
    shop: str
    scores: str
    seen: set[str]

    def declare(self, *deliveries: dict[str, Any]) -> None:
        declared = {
            "project": self.instance.settings.admin.project,
            "environments": ["development", "staging", "production"],
            "keys": list(deliveries),
        }
        self.catalogue.write_text(yaml.safe_dump(declared), encoding="utf-8")

    def ff(self, command: str, *arguments: str, expect: int = 0) -> Result:
        """Run `ff keys` with the catalogue; no key may be in what it prints."""
        self._look()
        shown = self.invoke("keys", command, *arguments, "--catalogue", str(self.catalogue))
        self._look()
        text = shown.stdout + shown.stderr
        assert not [key for key in self.seen if key in text]
        assert shown.exit_code == expect, text
        return shown

    def _look(self) -> None:
        data = self.flagsmith.database
        self.seen |= {row["api_key"] for row in data.rows("environments")}
        self.seen |= {row["key"] for row in data.rows("server_keys")}

    def manifest(self, namespace: str, name: str = "flagsmith-keys") -> Manifest:
        found = self.instance.client.get(Ref("v1", "Secret", namespace, name))
        assert found is not None
        return found

    def secret(self, namespace: str, name: str = "flagsmith-keys") -> dict[str, str]:
        data = self.manifest(namespace, name)["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def server_key(self) -> str:
        """The server-side key that the shop has."""
        return self.secret(self.shop)["FLAGSMITH_SERVER_KEY"]

    def client_key(self, environment: str = "production") -> str:
        return str(self.flagsmith.database.one("environments", name=environment)["api_key"])

    def server_keys(self) -> list[dict[str, Any]]:
        """All server-side keys, the oldest first."""
        return self.flagsmith.database.rows("server_keys")

    def status(self, key: str) -> int:
        """What Flagsmith answers who asks with a key."""
        return httpx.get(f"{self.flagsmith.url}/api/v1/flags/", headers={"X-Environment-Key": key}).status_code


@pytest.fixture
def flagsmith(instance: Instance, containers: Containers) -> Iterator[Flagsmith]:
    """The double, where the API's pods answer."""
    settings = instance.settings
    made = Flagsmith(settings.admin_email, password(instance), settings.admin.project, settings.version)
    with serve(made, containers.api_port):
        made.add_environments("development", "staging", "production")
        yield made


@pytest.fixture
def apps(instance: Instance, flagsmith: Flagsmith, run: Run, tmp_path: Path) -> Iterator[Applications]:
    """The shop gets production's keys with a server-side one, the scores get the client key alone."""
    suffix = secrets.token_hex(3)
    names = (f"shop-{suffix}", f"scores-{suffix}")
    for name in names:
        instance.client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    found = Applications(instance, flagsmith, tmp_path / "catalogue.yaml", run, *names, set())
    found.declare(
        {"environment": "production", "namespace": found.shop, "server_side": True},
        {"environment": "production", "namespace": found.scores},
    )
    yield found
    for name in names:
        instance.client.delete(Ref("v1", "Namespace", "", name))
