"""The component of the Pulumi package: a platform whose settings are arguments of a program."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pulumi

from components.deployment.own_cluster import OwnCluster
from components.edge.keys import OUTPUT
from components.edge_alone import EdgeAlone
from components.kit.provider import cluster_provider
from components.package.arguments import Arguments
from components.package.values import plain_values
from components.platform import FeatureFlags as Platform
from components.settings import PROJECT, Settings, parse, read_lock, warnings
from components.stack import FeatureFlagsArgs, StackComponent, part_name

TYPE: Final = f"{PROJECT}:index:FeatureFlags"
SOURCES: Final = Path(__file__).resolve().parent.parent.parent
"""Where the package is: with `components/`, the lock file of images and the exceptions of the policies."""


class FeatureFlags(pulumi.ComponentResource):
    """Flagsmith on Kubernetes: an instance in a namespace of its own, with its database, cache, backups and alerts.
    It is deployed to the cluster that `context` names in the kubeconfig of the machine that Pulumi runs on. Several in
    one program need names of their own, and namespaces (`namespace.name`).
    """

    url: pulumi.Output[str]
    """Flagsmith's public address."""
    namespace: pulumi.Output[str]
    """The namespace that all of it is in; known once that is there."""
    context: pulumi.Output[str]
    """The context of the kubeconfig that it is deployed to."""
    admin_email: pulumi.Output[str] | None
    """Who the first administrator is. Not with the role `edge`."""
    admin_secret: pulumi.Output[str] | None
    """The Secret with the administrator's password, under `password`. Not with the role `edge`."""
    admin_password_command: pulumi.Output[str] | None
    """The command that prints that password. Not with the role `edge`."""
    secret_names: pulumi.Output[dict[str, str]] | None
    """The names of the Secrets, by what they are for: `database`, `django` and so on. Not with the role `edge`."""
    sdk_key_secrets: pulumi.Output[dict[str, str]] | None
    """The names of the Secrets with the SDK keys of each environment, by its name. Not with the role `edge`."""
    edge_keys: pulumi.Output[str] | None
    """The keys with which edges elsewhere make their Secret. A secret; only with `sdkKeys.exported`."""

    def __init__(self, name: str, args: Arguments, opts: pulumi.ResourceOptions | None = None) -> None:
        """`args` are typed for the analyser, which makes the schema of them. What Pulumi hands over has its names.

        Raises:
            SettingsError: naming everything that is wrong with the arguments.
            pulumi.RunError: the cluster is another one, or cannot be asked.
        """
        settings = settings_of(args)
        own_cluster = OwnCluster(settings)
        own_cluster.require()
        for warning in warnings(settings):
            pulumi.log.warn(in_arguments(warning))
        super().__init__(TYPE, name, None, opts)
        provider = cluster_provider(
            settings.context,
            settings.resolved_cluster_identifier,
            part_name(name, "cluster"),
            pulumi.ResourceOptions(parent=self),
        )
        # Pulumi hands a component's protection down to its children, but not its dependencies.
        needed = None if opts is None else opts.depends_on
        below = pulumi.ResourceOptions(parent=self, provider=provider, depends_on=needed)
        made = EdgeAlone if settings.is_edge else Platform
        instance = made(name, FeatureFlagsArgs(settings=settings, own_cluster=own_cluster), below)
        self._show(instance)

    def _show(self, instance: StackComponent) -> None:
        known = instance.outputs
        self.url, self.context = _output(known["url"]), _output(known["context"])
        self.namespace = instance.namespace.name
        self.admin_email, self.admin_secret, self.admin_password_command = None, None, None
        self.secret_names, self.sdk_key_secrets, self.edge_keys = None, None, None
        if isinstance(instance, Platform):
            secrets = _output(known["secrets"])
            self.secret_names, self.admin_secret = secrets, secrets["admin"]
            self.admin_email = _output(known["adminEmail"])
            self.admin_password_command = _output(known["adminPasswordCommand"])
            self.sdk_key_secrets = _output(known["sdkKeys"])
        if OUTPUT in known:
            self.edge_keys = _output(known[OUTPUT])
        self.register_outputs({"url": self.url, "namespace": self.namespace})


def settings_of(arguments: Mapping[str, object]) -> Settings:
    """The checked settings that the arguments are, with the images that are locked where the package is.

    Raises:
        SettingsError: naming everything that is wrong with them.
    """
    return parse(plain_values(arguments), read_lock(SOURCES))


def in_arguments(text: str) -> str:
    """What is said of settings, in the words of a program: without the project's name before each."""
    return re.sub(rf"\b{re.escape(PROJECT)}:(?=[a-zA-Z])", "", text)


def _output(value: pulumi.Input[Any]) -> pulumi.Output[Any]:
    return pulumi.Output.from_input(value)
