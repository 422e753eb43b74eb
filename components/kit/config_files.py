"""Files in a ConfigMap named by what is in it: changed files are another ConfigMap, which rolls who mounts it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ConfigMapVolumeSourceArgs, VolumeArgs, VolumeMountArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names
from components.kit.digests import short_digest


@dataclass(frozen=True, kw_only=True)
class ConfigFiles:
    """The files.

    Attributes:
        prefix: the start of the ConfigMap's name.
        component: its label.
        volume: the name of a pod's volume with them.
        directory: where a container finds them.
        data: their text, by name.
    """

    prefix: str
    component: str
    volume: str
    directory: str
    data: Mapping[str, str]

    @property
    def name(self) -> str:
        """The ConfigMap's name."""
        return f"{self.prefix}-{short_digest(dict(self.data))}"

    def mounted(self) -> tuple[VolumeArgs, VolumeMountArgs]:
        """The pod's volume, and a container's mount of it."""
        volume = VolumeArgs(name=self.volume, config_map=ConfigMapVolumeSourceArgs(name=self.name))
        return volume, VolumeMountArgs(name=self.volume, mount_path=self.directory, read_only=True)

    def config_map(self, logical_name: str, *, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions) -> ConfigMap:
        """The ConfigMap, which nothing changes."""
        return ConfigMap(
            logical_name,
            metadata=ObjectMetaArgs(name=self.name, namespace=namespace, labels=names.labels(self.component)),
            data=dict(self.data),
            immutable=True,
            opts=opts,
        )
