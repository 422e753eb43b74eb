"""Which rotations were begun and which finished: a ConfigMap in the stack's namespace, without any secret."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from ops.access.site import Site
from ops.engine.model import Ref

NAME = "flagsmith-rotations"


@dataclass(frozen=True)
class Rotation:
    """The last rotation of a secret by `ff`.

    Attributes:
        number: Its number in the settings.
        begun: When.
        finished: When; empty while it is not.
    """

    number: int
    begun: str
    finished: str = ""


def rotations(site: Site) -> dict[str, Rotation]:
    """The last rotation of each secret that `ff` renewed."""
    found = site.get("v1", "ConfigMap", NAME)
    known = json.loads((found or {}).get("data", {}).get("rotations", "{}"))
    return {name: Rotation(**item) for name, item in known.items()}


def begin(site: Site, name: str, number: int) -> None:
    """Note that the rotation `number` has begun; a second time, the first stays."""
    known = rotations(site)
    if name not in known or known[name].number != number:
        _write(site, {**known, name: Rotation(number, _now())})


def finish(site: Site, name: str) -> None:
    """Note that the rotation that was begun is finished."""
    known = rotations(site)
    _write(site, {**known, name: replace(known[name], finished=_now())})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(site: Site, found: dict[str, Rotation]) -> None:
    data = {"rotations": json.dumps({name: asdict(item) for name, item in found.items()}, indent=2)}
    ref = Ref("v1", "ConfigMap", site.namespace, NAME)
    if site.client.get(ref) is not None:
        site.client.merge(ref, {"data": data})
        return
    metadata = {"name": NAME, "namespace": site.namespace, "labels": {"app.kubernetes.io/part-of": "feature-flags"}}
    site.client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
