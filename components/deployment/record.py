"""What the last successful deployment declared, written down in its namespace as the last thing that it does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.deployment.declarations import Declarations
from components.deployment.presence import DeclaredObject
from components.deployment.recorded import Deployment, written
from components.kit import names
from components.kit.component import Component, name_of
from components.settings import Settings

COMPONENT: Final = "deployment"


@dataclass(frozen=True, kw_only=True)
class DeploymentRecordArgs:
    """The record.

    Attributes:
        settings: the stack's.
        namespace: where it is.
        uid: the namespace's uid, None where nothing knows it.
        declarations: what is declared beside the record.
        verify: is given what is declared, and the uid; raises when not all of it is in the cluster.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    uid: pulumi.Output[str | None]
    declarations: Declarations
    verify: Callable[[Sequence[DeclaredObject], str | None], None]


class DeploymentRecord(Component):
    """The ConfigMap `flagsmith-deployment`, which depends on every other object.

    So it is written when all else is ready, and not before: `ff status` holds the cluster against it. And it is what a
    removal begins with: protected, it stops `pulumi destroy` before anything is deleted.

    Attributes:
        config_map: the ConfigMap's name.
    """

    config_map: pulumi.Output[str]

    def __init__(self, name: str, args: DeploymentRecordArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:DeploymentRecord", name, opts)
        release = args.settings.edge.version if args.settings.is_edge else args.settings.version
        resources = args.declarations.resources
        declared = args.declarations.described
        # Ids are unknown in a preview as long as one of the objects is still to be made.
        made = pulumi.Output.all(*[resource.id for resource in resources])
        verified = pulumi.Output.all(declared, args.uid, made).apply(lambda known: args.verify(known[0], known[1]))
        waits = not pulumi.runtime.is_dry_run()
        shown = pulumi.Output.all(declared, verified).apply(lambda known: known[0]) if waits else declared
        config_map = ConfigMap(
            f"{name}-record",
            metadata=ObjectMetaArgs(
                name=names.DEPLOYMENT,
                namespace=args.namespace,
                labels=names.labels(COMPONENT, release),
            ),
            data=shown.apply(lambda objects: written(Deployment(pulumi.get_stack(), release, tuple(objects)))),
            opts=self.child(*resources, protect=args.settings.protect),
        )
        self.config_map = name_of(config_map)
        self.register_outputs({"configMap": self.config_map})
