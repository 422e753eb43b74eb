"""Keeps account of every Kubernetes object that the program declares."""

from typing import Any

import pulumi

from components.deployment.presence import DeclaredObject


class Declarations:
    """Every Kubernetes object below the resource that has `note` among its transformations.

    A transformation of the SDK's runs in the program, and is handed down: what a component makes cannot be forgotten.
    """

    def __init__(self) -> None:
        self._resources: list[pulumi.CustomResource] = []
        self._described: list[pulumi.Output[DeclaredObject]] = []

    @property
    def resources(self) -> list[pulumi.CustomResource]:
        """The objects so far, as resources that another can depend on."""
        return list(self._resources)

    @property
    def described(self) -> pulumi.Output[list[DeclaredObject]]:
        """The objects so far, sorted; unknown in a preview while the name of one is."""
        return pulumi.Output.all(*self._described).apply(sorted)

    def note(self, args: pulumi.ResourceTransformationArgs) -> None:
        """Keep account of what is about to be registered, if it is a Kubernetes object."""
        provider, _, rest = args.type_.partition(":")
        metadata: Any = args.props.get("metadata")
        if provider != "kubernetes" or metadata is None or not isinstance(args.resource, pulumi.CustomResource):
            return
        version, _, kind = rest.rpartition(":")
        api_version = version.removeprefix("core/")
        replicas = getattr(args.props.get("spec"), "replicas", None)
        self._resources.append(args.resource)
        name = pulumi.Output.from_input(metadata.name)
        self._described.append(name.apply(lambda name: DeclaredObject(api_version, kind, name, replicas)))
