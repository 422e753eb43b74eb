"""The base of every component: its type, and the options of its children."""

from collections.abc import Sequence

import pulumi


class Component(pulumi.ComponentResource):
    """A component whose children wait for what the component itself depends on.

    Pulumi hands a component's parent, provider and protection down to its children, but not its dependencies: without
    this, destroying a stack would remove the database under pods that still use it.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__(f"feature-flags:components:{type(self).__name__}", name, None, opts)
        inherited = None if opts is None else opts.depends_on
        self._inherited: list[pulumi.Input[pulumi.Resource]] = (
            list(inherited) if isinstance(inherited, Sequence) else []
        )

    def child(self, *dependencies: pulumi.Resource, protect: bool = False) -> pulumi.ResourceOptions:
        """The options of a child: this component as its parent, after `dependencies` and what the component needs.

        `protect` makes Pulumi refuse to delete it. It is given child by child, for what cannot be made again: a
        protected component would also hold on to its quota or its Service.
        """
        return pulumi.ResourceOptions(
            parent=self, depends_on=[*self._inherited, *dependencies], protect=True if protect else None
        )
