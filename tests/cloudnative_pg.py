"""CloudNativePG's real operator: a process of this machine that looks after the throw-away cluster."""

import hashlib
import json
import os
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
import pytest
import trustme
import yaml

from flagops.console import progress
from flagops.local_cluster import binaries, pins
from flagops.local_cluster.build import GoMissingError
from tests.containers import CLUSTERS_NAMESPACE
from tests.crds import served
from tests.doubles.cloudnative_pg.instance_managers import InstanceManagers
from tests.doubles.cloudnative_pg.plugin import plugin
from tests.doubles.cloudnative_pg.serving import NoAddressError, listening
from tests.doubles.cloudnative_pg.watching import key
from tests.fixtures_cluster import eventually
from tests.go_programs import answer, sources
from tests.platform import Platform
from tests.servers import LOOPBACK, free_port

MODULE: Final = "github.com/cloudnative-pg/cloudnative-pg"
NAME: Final = "cloudnative-pg"
SOURCE: Final = pins.GoModule(directory=NAME, module=MODULE, packages={NAME: f"{MODULE}/cmd/manager"})
"""Only tests run it, so that `ff cluster up` knows nothing of it; its program is kept in the same cache."""

NAMESPACE: Final = "cnpg-system"
GROUP: Final = "/apis/postgresql.cnpg.io/v1"
STOP_SECONDS: Final = 30
LOG_CHARACTERS: Final = 4000


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build the operator before the first test: it may take longer than a test may."""
    needed = any({"cnpg", "cnpg_archived"} & {*getattr(item, "fixturenames", ())} for item in session.items)
    if not needed or session.config.option.collectonly:
        return
    capture: Any = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled(), suppress(GoMissingError):
        binaries.resolve(SOURCE, progress())


@dataclass
class Operator:
    """The operator that runs, and what it looks after.

    Attributes:
        platform: The cluster.
        managers: The stand-in for the instance managers, which sees each state of Clusters and their pods.
        log: What the operator writes.
        namespace: A namespace for the module's tests, in which Pod Security enforces `restricted`.
    """

    platform: Platform
    managers: InstanceManagers
    log: Path
    namespace: str = CLUSTERS_NAMESPACE

    @property
    def http(self) -> httpx.Client:
        return self.platform.http

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Make or change objects, as Pulumi does it; fields that the API server does not know are refused."""
        for manifest in manifests:
            answer = self.http.patch(
                path(manifest),
                params={"fieldManager": "tests", "force": "true", "fieldValidation": "Strict"},
                content=json.dumps(manifest),
                headers={"Content-Type": "application/apply-patch+yaml"},
            )
            assert answer.is_success, f"{answer.status_code}: {answer.text}"

    def cluster(self, name: str) -> dict[str, Any]:
        """A Cluster as it is now; its status is empty until the operator has seen it."""
        self.managers.check()
        return {"status": {}, **self.managers.clusters.items[self.namespace, name]}

    def instances(self, cluster: str) -> dict[str, dict[str, Any]]:
        """The pods of a Cluster's instances that are not on their way out, by name."""
        pods = (pod["metadata"] | {"pod": pod} for pod in self.managers.pods.items.values())
        mine = [item for item in pods if item["namespace"] == self.namespace and "deletionTimestamp" not in item]
        return {item["name"]: item["pod"] for item in mine if item["labels"]["cnpg.io/cluster"] == cluster}

    def states(self, cluster: str) -> list[dict[str, Any]]:
        """Each state that a Cluster has had."""
        self.managers.check()
        events = (item for _, item in list(self.managers.clusters.events))
        return [{"status": {}, **item} for item in events if key(item) == (self.namespace, cluster)]

    def items(self, plural: str, group: str = "/api/v1", **labels: str) -> list[dict[str, Any]]:
        """What there is of a kind in the namespace, but for what is on its way out."""
        found = self.platform.items(f"{group}/namespaces/{self.namespace}/{plural}", **labels)
        return [item for item in found if "deletionTimestamp" not in item["metadata"]]

    @contextmanager
    def own_namespace(self) -> Iterator[None]:
        """The namespace. In the end it holds nothing of the operator's, whose definitions would else not be removed."""
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace, "labels": labels}})

        def nothing_of_the_operator_is_left() -> bool:
            left = [self.platform.items(f"{GROUP}/namespaces/{self.namespace}/{plural}") for plural in OWN]
            kinds = ("pods", "persistentvolumeclaims")
            left += [self.platform.items(f"/api/v1/namespaces/{self.namespace}/{plural}") for plural in kinds]
            return not any(left)

        try:
            yield
        finally:
            for plural in OWN:
                self.http.delete(f"{GROUP}/namespaces/{self.namespace}/{plural}").raise_for_status()
            eventually(nothing_of_the_operator_is_left)


OWN: Final = ("poolers", "clusters")
PLURALS: Final = {"Namespace": "namespaces", "Secret": "secrets", "Cluster": "clusters", "Pooler": "poolers"}


def path(manifest: Mapping[str, Any]) -> str:
    """Where an object is."""
    version, metadata = manifest["apiVersion"], manifest["metadata"]
    group = f"/api/{version}" if version == "v1" else f"/apis/{version}"
    namespace = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{group}{namespace}/{PLURALS[manifest['kind']]}/{metadata['name']}"


@cache
def definitions() -> tuple[dict[str, Any], ...]:
    """The definitions of the operator's kinds, from its own module."""
    directory = sources(NAME, MODULE, pins.version(SOURCE)) / "config" / "crd" / "bases"
    found = tuple(
        yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for path in sorted(directory.glob("*.yaml"))
    )
    assert len(found) > 10, directory
    return found


@pytest.fixture(scope="module")
def cnpg(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """The operator, and a stand-in for the instance managers; gone after the module's tests, with all its kinds."""
    with _operating(platform, tmp_path_factory.mktemp("operator"), plugins=None) as made:
        yield made


@pytest.fixture(scope="module")
def cnpg_archived(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """The same with a plugin of the Barman Cloud's name."""
    # A socket's path is short.
    with (
        TemporaryDirectory(prefix="p-") as plugins,
        plugin(Path(plugins)),
        _operating(platform, tmp_path_factory.mktemp("operator"), plugins=Path(plugins)) as made,
    ):
        yield made


@contextmanager
def _operating(platform: Platform, home: Path, *, plugins: Path | None) -> Iterator[Operator]:
    program = _program()
    architecture = answer(NAME, "env", "GOARCH").strip()
    managers = InstanceManagers(
        platform.http,
        home,
        pins.version(SOURCE).removeprefix("v"),
        architecture,
        hashlib.sha256(program.read_bytes()).hexdigest(),
    )
    made = Operator(platform, managers, home / "log")
    with (
        served(platform.http, definitions()),
        _running(program, architecture, home, platform, plugins),
        managers.running(),
        made.own_namespace(),
    ):
        yield made


def _program() -> Path:
    """The operator's program; the test is skipped where it cannot run, which is a failure in CI."""
    try:
        listening().close()
        return binaries.resolve(SOURCE, progress())[NAME]
    except (GoMissingError, NoAddressError) as error:
        pytest.skip(str(error))


@contextmanager
def _running(program: Path, architecture: str, home: Path, platform: Platform, plugins: Path | None) -> Iterator[None]:
    """The process: without webhooks in the cluster, since nothing in it reaches this machine; it checks by itself."""
    # It finds here the programs that it gives to instances.
    programs = home / "operator"
    programs.mkdir()
    (programs / f"manager_{architecture}").symlink_to(program)
    authority = trustme.CA()
    certificate = authority.issue_cert(LOOPBACK)
    (home / "apiserver.crt").write_bytes(certificate.cert_chain_pems[0].bytes())
    secret = home / "apiserver.key"
    secret.touch(mode=0o600)
    secret.write_bytes(certificate.private_key_pem.bytes())
    port = free_port()
    command = [str(program), "controller", "--webhook-port", str(port), "--metrics-bind-address", "0"]
    environment = {
        "PATH": os.defpath,
        "HOME": str(home),
        "KUBECONFIG": str(platform.cluster.kubeconfig),
        "OPERATOR_NAMESPACE": NAMESPACE,
        "OPERATOR_IMAGE_NAME": f"ghcr.io/cloudnative-pg/cloudnative-pg:{pins.version(SOURCE).removeprefix('v')}",
        "WEBHOOK_CERT_DIR": str(home),
        "PLUGIN_SOCKET_DIR": str(plugins or home / "no-plugins"),
    }
    context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    with (home / "log").open("wb") as log, httpx.Client(verify=context, trust_env=False) as probe:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)

        def the_operator_is_ready() -> bool:
            assert process.poll() is None, (home / "log").read_text(errors="replace")[-LOG_CHARACTERS:]
            with suppress(httpx.TransportError):
                return probe.get(f"https://{LOOPBACK}:{port}/readyz").is_success
            return False

        try:
            eventually(the_operator_is_ready)
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
