"""Who may connect to the embedded PostgreSQL, and how they show who they are: pg_hba.conf and pg_ident.conf."""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ConfigMapVolumeSourceArgs, VolumeArgs, VolumeMountArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names
from components.kit.digests import digest

DIRECTORY: Final = "/etc/flagsmith/postgres"
# The server asks the kernel who is at the other end of its socket, and its own image what that user is called:
# `postgres` is the server's own, 65534 is `nobody`. TCP takes passwords only, and nothing replicates. A person in the
# server's pod asks as `flagsmith_operator`, who has no more than the application that owns what he looks at.
FILES: Final = {
    "pg_hba.conf": """\
# TYPE  DATABASE  USER  ADDRESS  METHOD
local   all       all            peer map=pod
host    all       all   all      scram-sha-256
""",
    "pg_ident.conf": """\
# MAP  SYSTEM-USER  ROLE
pod    postgres     postgres
pod    postgres     flagsmith_operator
pod    nobody       flagsmith_metrics
""",
}
ARGUMENTS: Final = (f"--hba-file={DIRECTORY}/pg_hba.conf", f"--ident-file={DIRECTORY}/pg_ident.conf")
# The server reads the files when it starts.
ANNOTATIONS: Final = {f"checksum/{names.POSTGRES_ACCESS}": digest(FILES)}


def volume() -> VolumeArgs:
    """The pod's volume with the files."""
    return VolumeArgs(name="access", config_map=ConfigMapVolumeSourceArgs(name=names.POSTGRES_ACCESS))


def mount() -> VolumeMountArgs:
    """The container's mount of it."""
    return VolumeMountArgs(name="access", mount_path=DIRECTORY, read_only=True)


def config_map(
    logical_name: str, *, namespace: pulumi.Input[str], component: str, opts: pulumi.ResourceOptions
) -> ConfigMap:
    """The ConfigMap with the files."""
    return ConfigMap(
        logical_name,
        metadata=ObjectMetaArgs(name=names.POSTGRES_ACCESS, namespace=namespace, labels=names.labels(component)),
        data=FILES,
        opts=opts,
    )
