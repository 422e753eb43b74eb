"""The arguments of the edge."""

import pulumi

from components.edge.edge import EdgeArgs
from components.kit import names
from components.kit.secret_refs import SecretReference
from components.settings import Settings


def edge_args(settings: Settings, namespace: pulumi.Input[str]) -> EdgeArgs:
    """The edge."""
    keys = SecretReference(name=settings.edge.existing_secret or names.EDGE_KEYS)
    return EdgeArgs(settings=settings, namespace=namespace, keys=keys)
