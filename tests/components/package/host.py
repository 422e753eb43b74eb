"""The package as Pulumi runs it: a process of its own, asked by gRPC, with a monitor and an engine that record."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, resource_pb2_grpc

from components.package.component import TYPE
from flagops.evaluation.generated import Placeholders
from flagops.evaluation.graph import build
from flagops.evaluation.monitor import RecordingMonitor
from flagops.evaluation.program import Program
from flagops.stacks.files import load_stack
from tests.recording import ROOT

PROJECT, STACK = "feature-flags", "local"
ASKED = (
    "GetDeploymentInfo",
    "Invoke",
    "ReadResource",
    "RegisterResource",
    "RegisterResourceOutputs",
    "SupportsFeature",
)
PARENT = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:pulumi:Stack::{PROJECT}-{STACK}"


class Monitor(RecordingMonitor):
    """Records what the process registers; `uid` is what a cluster gave a namespace before."""

    def __init__(self) -> None:
        super().__init__(Placeholders())
        self.uid: str | None = None

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        above = parent.split("::")[2] if parent else "pulumi:pulumi:Stack"
        qualified = type_ if above == "pulumi:pulumi:Stack" else f"{above}${type_}"
        return f"urn:pulumi:{STACK}::{PROJECT}::{qualified}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        answer = super().RegisterResource(request)
        if self.uid is not None and request.type == "kubernetes:core/v1:Namespace":
            answer.object["metadata"].update({"uid": self.uid})
        return answer


class _MonitorServer(resource_pb2_grpc.ResourceMonitorServicer):
    """Hands each question to the monitor of the test, which knows nothing of gRPC."""

    def __init__(self) -> None:
        self.monitor = Monitor()
        for method in ASKED:
            setattr(self, method, partial(self._ask, method))

    def _ask(self, method: str, request: Any, _context: Any) -> Any:
        return getattr(self.monitor, method)(request)


@dataclass
class _Log(engine_pb2_grpc.EngineServicer):
    """The engine as far as a provider talks to it."""

    said: list[str] = field(default_factory=list)

    def Log(self, request: Any, _context: Any) -> Any:  # noqa: N802
        if request.severity >= engine_pb2.WARNING:
            self.said.append(request.message)
        return empty_pb2.Empty()


@dataclass
class Host:
    """The running package. `said` are its warnings and errors."""

    provider: Any
    monitors: _MonitorServer
    address: str
    said: list[str]

    @property
    def monitor(self) -> Monitor:
        return self.monitors.monitor

    def forget(self) -> None:
        """Begin with a new monitor: what was registered before is gone."""
        self.monitors.monitor = Monitor()
        self.said.clear()

    def schema(self) -> str:
        return str(self.provider.GetSchema(provider_pb2.GetSchemaRequest(version=0)).schema)

    def construct(
        self, name: str, arguments: Mapping[str, Any], stack: str = STACK, parent: str = PARENT, **rest: Any
    ) -> Any:
        """Make an instance as the engine does; what it answers. Raises grpc.RpcError for a refusal."""
        inputs = struct_pb2.Struct()
        inputs.update(arguments)
        request = provider_pb2.ConstructRequest(
            project=PROJECT,
            stack=stack,
            organization="organization",
            monitorEndpoint=self.address,
            type=TYPE,
            name=name,
            parent=parent,
            inputs=inputs,
            accepts_output_values=True,
            **rest,
        )
        return self.provider.Construct(request, timeout=120)

    def refusal(self, name: str, arguments: Mapping[str, Any], **rest: Any) -> str:
        """What is said of wrong arguments."""
        with pytest.raises(grpc.RpcError) as refused:
            self.construct(name, arguments, **rest)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT, refused.value
        return str(refused.value.details())

    def program(self, api_versions: tuple[str, ...] = ()) -> Program:
        """What all instances together ask for."""
        return build(self.monitor, load_stack(STACK, ROOT), (), api_versions)


@contextmanager
def host(environment: Mapping[str, str], directory: Path) -> Iterator[Host]:
    """The package in a process of its own, in a working directory that has nothing to do with it."""
    monitors, log = _MonitorServer(), _Log()
    server = grpc.server(ThreadPoolExecutor(8))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitors, server)
    engine_pb2_grpc.add_EngineServicer_to_server(log, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with subprocess.Popen(
        [sys.executable, str(ROOT / "package"), address, "--logtostderr"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=directory,
        env=dict(environment),
    ) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Host(provider_pb2_grpc.ResourceProviderStub(channel), monitors, address, log.said)
        finally:
            process.kill()
            server.stop(grace=None).wait()
