"""The process that Pulumi starts for the package: a provider that it asks by gRPC."""

import argparse
import asyncio
import tomllib
from collections.abc import Sequence
from typing import Any, Final

import grpc  # type: ignore[import-untyped]
import pulumi
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from components.package.component import SOURCES, in_arguments
from components.package.provider import PARENT, PackageProvider

LARGEST_MESSAGE: Final = 400 * 1024 * 1024
"""Bytes of one message, as Pulumi's own SDKs have it."""


def main(arguments: Sequence[str], transformations: Sequence[pulumi.ResourceTransformation]) -> None:
    """Serve until Pulumi ends the process. The first line of standard output is the port, of 127.0.0.1.

    Args:
        arguments: Those that Pulumi starts it with.
        transformations: Of each object that an instance makes.
    """
    parser = argparse.ArgumentParser(description="The provider of the package feature-flags, which Pulumi starts.")
    parser.add_argument("engine", help="the address of Pulumi's engine")
    # Pulumi adds options for its own SDKs.
    known, _ = parser.parse_known_args(arguments)
    project = tomllib.loads((SOURCES / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asyncio.run(_serve(PackageProvider(str(project["version"]), transformations), known.engine))


async def _serve(provider: PackageProvider, engine: str) -> None:
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", LARGEST_MESSAGE)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(_Servicer(provider, [], engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


class _Servicer(ProviderServicer):
    """Pulumi's own, which would put Python's words around a refusal, or a stack trace after it."""

    async def Construct(  # noqa: N802
        self, request: provider_pb2.ConstructRequest, context: Any
    ) -> provider_pb2.ConstructResponse:
        """Make an instance."""
        PARENT.set(request.parent)
        try:
            return await super().Construct(request, context)
        except pulumi.RunError as error:
            # As one text: beside a property that is named, the engine prints its value, which could be a secret.
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, in_arguments(str(error)))
            raise
