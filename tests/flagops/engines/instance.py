"""The small program on the throw-away cluster: one stack and one namespace, removed after the test."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from flagops.engines.direct.api import DirectEngine
from flagops.engines.events import Event
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.lease import NAMESPACE, object_name
from flagops.kubernetes.objects import Manifest, Ref
from tests.flagops.engines.conftest import PROGRAM, sample_stack

KINDS = (
    *(("v1", kind) for kind in ("Secret", "Service", "ConfigMap", "Pod", "ServiceAccount")),
    *(("apps/v1", kind) for kind in ("Deployment", "ReplicaSet")),
    ("batch/v1", "Job"),
)


class Instance:
    """One stack, called as its namespace."""

    def __init__(self, name: str, kubeconfig: Path, context: str) -> None:
        self.name, self.kubeconfig, self.context = name, kubeconfig, context
        self.client = Client(connect(kubeconfig, context))
        self.events: list[Event] = []
        self.running: list[subprocess.Popen[str]] = []

    def engine(self, **settings: object) -> DirectEngine:
        stack = sample_stack(self.name, **settings)
        return DirectEngine(PROGRAM, stack, self.kubeconfig, self.context, self.events.append)

    def start_up(self, **settings: object) -> subprocess.Popen[str]:
        """`up` in a process of its own."""
        arguments = [self.name, str(self.kubeconfig), self.context, json.dumps(settings)]
        # What the client library leaves when it is killed goes with the cluster's directory.
        environment = {**os.environ, "TMPDIR": str(self.kubeconfig.parent)}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.flagops.engines.instance", *arguments], text=True, env=environment
        )
        self.running.append(process)
        return process

    def get(self, kind: str, name: str, api_version: str = "v1") -> Manifest | None:
        namespace = "" if kind == "Namespace" else self.name
        return self.client.get(Ref(api_version, kind, namespace, name))

    def deployment(self) -> Manifest | None:
        return self.get("Deployment", "web", "apps/v1")

    def password(self) -> str:
        secret = self.get("Secret", "data")
        assert secret
        return str(secret["data"]["password"])

    def state(self) -> Manifest | None:
        return self.client.get(Ref("v1", "Secret", NAMESPACE, object_name("sample", self.name)))

    def lease(self) -> Manifest | None:
        return self.client.get(Ref("coordination.k8s.io/v1", "Lease", NAMESPACE, object_name("sample", self.name)))

    def versions(self) -> dict[str, Any]:
        """The resourceVersion of everything there is of this stack."""
        found = [item for api, kind in KINDS for item in self._list(api, kind)]
        found += [item for item in (self.get("Namespace", self.name), self.state(), self.lease()) if item]
        return {item["metadata"]["uid"]: item["metadata"]["resourceVersion"] for item in found}

    def _list(self, api_version: str, kind: str) -> list[Manifest]:
        return self.client.list(api_version, kind, self.name)

    def clean_up(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()
        self.client.delete(Ref("v1", "Namespace", "", self.name))
        for ref in (("v1", "Secret"), ("coordination.k8s.io/v1", "Lease")):
            self.client.delete(Ref(*ref, NAMESPACE, object_name("sample", self.name)))
        self.client.close()


def main() -> None:
    """Run `up` as `start_up` asks."""
    name, kubeconfig, context, settings = sys.argv[1:]
    Instance(name, Path(kubeconfig), context).engine(**json.loads(settings)).up()


if __name__ == "__main__":
    main()
