"""The base of every component: its type, and the options of its children."""

from collections.abc import Sequence

import pulumi


class Component(pulumi.ComponentResource):
    """A component whose children wait for what the component itself depends on.

    Pulumi hands a component's parent, provider and protection down to its children, but not its dependencies: without
    this, destroying a stack would remove the database under pods that still use it.

    No dependency is stated that another implies. Pulumi walks every path of the graph when a deletion fails
    (`markAsDependency` in its pkg/resource/graph): with each child after all children of the component before it, the
    80 objects of production had 500 million paths, and `pulumi destroy` of a protected stack did not end.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__(f"feature-flags:components:{type(self).__name__}", name, None, opts)
        inherited = None if opts is None else opts.depends_on
        self._inherited: list[pulumi.Input[pulumi.Resource]] = (
            list(inherited) if isinstance(inherited, Sequence) else []
        )
        self._children: list[pulumi.Resource] = []
        self._waited_for: list[pulumi.Resource] = []

    @property
    def ends(self) -> list[pulumi.Resource]:
        """The children that no other child waits for: who comes after these comes after the component."""
        return [child for child in self._children if all(child is not other for other in self._waited_for)]

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
            depends_on=[*inherited, *dependencies],
            protect=True if protect else None,
            transformations=[self._keep],
        )

    def _keep(self, args: pulumi.ResourceTransformationArgs) -> None:
        self._children.append(args.resource)


def after(*dependencies: pulumi.Resource) -> list[pulumi.Input[pulumi.Resource]]:
    """What to depend on, to come after all of `dependencies`: of a component its ends."""
    return [end for item in dependencies for end in (item.ends if isinstance(item, Component) else [item])]
