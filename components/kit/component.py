"""The base of every component: its type, its outputs, and the options of its children."""

from collections.abc import Sequence
from typing import Any, Protocol

import pulumi


class Component(pulumi.ComponentResource):
    """A component whose children wait for what the component itself depends on.

    Pulumi hands a component's parent, provider and protection down to its children, but not its dependencies: without
    this, destroying a stack would remove the database under pods that still use it.

    No dependency is stated that another implies. Pulumi walks every path of the graph when a deletion fails
    (`markAsDependency` in its pkg/resource/graph): with each child after all children of the component before it, the
    80 objects of production had 500 million paths, and `pulumi destroy` of a protected stack did not end.
    """

    def __init__(self, type_: str, name: str, opts: pulumi.ResourceOptions | None) -> None:
        """A component of the type token `type_`, which is part of each child's URN and never changes."""
        super().__init__(type_, name, None, opts)
        inherited = None if opts is None else opts.depends_on
        self._inherited: list[pulumi.Input[pulumi.Resource]] = (
            list(inherited) if isinstance(inherited, Sequence) else []
        )
        self._children: list[pulumi.Resource] = []
        self._waited_for: list[pulumi.Resource] = []

    @property
    def ends(self) -> list[pulumi.Input[pulumi.Resource]]:
        """What no other child waits for: who comes after these comes after the component."""
        return after(*(child for child in self._children if all(child is not other for other in self._waited_for)))

    def child(self, *dependencies: pulumi.Resource, protect: bool = False) -> pulumi.ResourceOptions:
        """The options of a child: this component as its parent, after `dependencies` and what the component needs.

        `protect` makes Pulumi refuse to delete it. It is given child by child, for what cannot be made again: a
        protected component would also hold on to its quota or its Service.
        """
        siblings = [item for item in dependencies if any(item is child for child in self._children)]
        self._waited_for += siblings
        # A sibling waits for what the component needs.
        inherited = [] if siblings else self._inherited
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=[*inherited, *after(*dependencies)],
            protect=True if protect else None,
            transformations=[self._keep],
        )

    def _keep(self, args: pulumi.ResourceTransformationArgs) -> None:
        # Pulumi hands transformations down: those further below are their own parent's.
        if args.opts.parent is self:
            self._children.append(args.resource)


class KubernetesObject(Protocol):
    """A resource that is an object of the cluster."""

    @property
    def metadata(self) -> pulumi.Output[Any]:
        """The object's metadata."""


def name_of(resource: KubernetesObject) -> pulumi.Output[str]:
    """The name that the object has in the cluster, once it is there."""
    return resource.metadata.apply(lambda metadata: str(metadata["name"]))


def after(*dependencies: pulumi.Resource) -> list[pulumi.Input[pulumi.Resource]]:
    """What to depend on, to come after all of `dependencies`: of a component its ends."""
    return [end for item in dependencies for end in (item.ends if isinstance(item, Component) else [item])]
