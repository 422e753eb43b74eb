"""Keeps account of every Kubernetes object that the program declares."""

from typing import Any

import pulumi

from components.deployment.presence import Declared


class Declarations:
    """Every Kubernetes object that is declared from now on.

    A transformation of the SDK's, which runs in the program: what a component makes cannot be forgotten here.
    """

    def __init__(self) -> None:
        self._resources: list[pulumi.CustomResource] = []
        self._described: list[pulumi.Output[Declared]] = []
        pulumi.runtime.register_stack_transformation(self._note)

    @property
    def resources(self) -> list[pulumi.CustomResource]:
        """The objects so far, as resources that another can depend on."""
        return list(self._resources)

    @property
    def described(self) -> pulumi.Output[list[Declared]]:
        """The objects so far, sorted; unknown in a preview while the name of one is."""
        return pulumi.Output.all(*self._described).apply(sorted)

    def _note(self, args: pulumi.ResourceTransformationArgs) -> None:
        provider, _, rest = args.type_.partition(":")
        metadata: Any = args.props.get("metadata")
        if provider != "kubernetes" or metadata is None or not isinstance(args.resource, pulumi.CustomResource):
            return
        version, _, kind = rest.rpartition(":")
        api_version = version.removeprefix("core/")
        replicas = getattr(args.props.get("spec"), "replicas", None)
        self._resources.append(args.resource)
        name = pulumi.Output.from_input(metadata.name)
        self._described.append(name.apply(lambda name: Declared(api_version, kind, name, replicas)))
