"""Single keys of a Secret as files of a container."""

from pulumi_kubernetes.core.v1 import KeyToPathArgs, SecretVolumeSourceArgs, VolumeArgs, VolumeMountArgs

from components.kit.pods import Mounted
from components.settings.references import SecretKeyReference

READABLE_BY_ITS_GROUP = 0o440
"""For what is secret itself: the pod's group reads it, and nobody writes it."""


def secret_file(
    volume: str,
    *,
    secret: str,
    key: str,
    directory: str,
    file: str,
    mode: int | None = None,
    optional: bool | None = None,
) -> Mounted:
    """The key of a Secret as the only file of a directory.

    Args:
        volume: the volume's name.
        secret: the Secret's name.
        key: its key.
        directory: where the container finds the file.
        file: the file's name.
        mode: who may read it; None for Kubernetes' default (everybody in the container), for what is public.
        optional: whether a pod starts without it where there is no such Secret; None for not.
    """
    items = [KeyToPathArgs(key=key, path=file)]
    source = SecretVolumeSourceArgs(secret_name=secret, default_mode=mode, items=items, optional=optional)
    return VolumeArgs(name=volume, secret=source), VolumeMountArgs(name=volume, mount_path=directory, read_only=True)


def ca_volume(
    name: str, directory: str, ca: SecretKeyReference | None, *, optional: bool | None = None
) -> list[Mounted]:
    """The certificates of a CA as the file `ca.crt` of `directory`, where there is one.

    With `optional` a pod does not wait for a Secret that is not there, and has no such file.
    """
    if ca is None:
        return []
    return [secret_file(name, secret=ca.name, key=ca.key, directory=directory, file="ca.crt", optional=optional)]
