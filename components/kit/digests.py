"""Digests: they restart exactly the pods that read a changed Secret or ConfigMap, and name Jobs by what they run."""

import hashlib
import json
from collections.abc import Mapping, Sequence

Plain = Mapping[str, "Plain"] | Sequence["Plain"] | str | int | float | bool | None


def _plain(value: object) -> Plain:
    """`value` as plain data: an argument object of the Kubernetes SDK becomes the mapping of what was set on it."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    # Takes half a second to import, and who digests a name alone does without.
    import pulumi

    if isinstance(value, pulumi.Output):
        raise TypeError("a digest is of what is known when the program runs, and an Output is not")
    return {key: _plain(item) for key, item in vars(value).items()}


def digest(value: object) -> str:
    """The SHA-256, in hexadecimal, of plain data or of an argument object of the Kubernetes SDK.

    Raises:
        TypeError: when an `Output` is somewhere in `value`.
    """
    canonical = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def short_digest(value: object) -> str:
    """The first ten digits of `digest`: enough to tell the Jobs of one namespace apart, short enough for a name."""
    return digest(value)[:10]
