"""Each resource depends on what comes directly before it, and not once more on all that comes before that."""

from collections.abc import Iterator, Sequence

import pulumi


class Dependencies:
    """Leaves out of every resource's dependencies those that it has through another one.

    The order stays the same. But Pulumi walks every path of the graph when a deletion fails (`markAsDependency` in its
    pkg/resource/graph/dependency_graph.go): with all of them there are hundreds of millions, and a removal that is
    refused would not end.
    """

    def __init__(self) -> None:
        """From here on, in a transformation of the SDK's, which runs in the program."""
        self._parents: dict[pulumi.Resource, pulumi.Resource | None] = {}
        self._before: dict[pulumi.Resource, frozenset[pulumi.Resource]] = {}
        pulumi.runtime.register_stack_transformation(self._reduce)

    def _reduce(self, args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        self._parents[args.resource] = args.opts.parent
        stated = args.opts.depends_on
        wanted = list(stated) if isinstance(stated, Sequence) else []
        if not all(isinstance(item, pulumi.Resource) for item in wanted):
            return None
        direct = [item for need in wanted if isinstance(need, pulumi.Resource) for item in self._resources_of(need)]
        through = frozenset(before for item in direct for before in self._before.get(item, ()))
        self._before[args.resource] = through.union(direct)
        args.opts.depends_on = [item for item in dict.fromkeys(direct) if item not in through]
        return pulumi.ResourceTransformationResult(args.props, args.opts)

    def _resources_of(self, need: pulumi.Resource) -> Iterator[pulumi.Resource]:
        """The resource itself; of a component, what is in it so far, as Pulumi takes it too."""
        if not isinstance(need, pulumi.ComponentResource):
            yield need
            return
        for resource in list(self._parents):
            if isinstance(resource, pulumi.CustomResource) and need in self._ancestors(resource):
                yield resource

    def _ancestors(self, resource: pulumi.Resource) -> Iterator[pulumi.Resource]:
        parent = self._parents.get(resource)
        while parent is not None:
            yield parent
            parent = self._parents.get(parent)
