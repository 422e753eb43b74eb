"""What is handed to the operator CloudNativePG: to it, pods are what it makes of objects of its own kinds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.settings import Settings


@dataclass(frozen=True, kw_only=True)
class OperatedArgs:
    """A Cluster, or its Pooler.

    Attributes:
        settings: the stack's.
        namespace: where it lives.
        annotations: those by which Prometheus finds its pods where there is no PodMonitor.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    annotations: Mapping[str, str] = field(default_factory=dict)
