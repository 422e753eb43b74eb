"""The Pulumi program: reads the settings, makes what they ask for, and exports what people want to know of it."""

from pathlib import Path

import pulumi

from components.deployment.own_cluster import OwnCluster
from components.edge_alone import EdgeAlone
from components.kit.provider import cluster_provider
from components.platform import FeatureFlags
from components.settings import warnings
from components.settings.load import load
from components.stack import DEFAULT, FeatureFlagsArgs
from policies.annotate import annotate_exceptions

annotate_exceptions(Path.cwd())  # the project, in whose directory Pulumi runs a program
settings = load()
for warning in warnings(settings):
    pulumi.log.warn(warning)
own_cluster = OwnCluster(settings)
own_cluster.require()
provider = cluster_provider(settings.context, settings.resolved_cluster_identifier)
made = EdgeAlone if settings.is_edge else FeatureFlags
platform = made(
    DEFAULT,
    FeatureFlagsArgs(settings=settings, own_cluster=own_cluster),
    pulumi.ResourceOptions(provider=provider),
)
for name, value in platform.outputs.items():
    pulumi.export(name, value)
