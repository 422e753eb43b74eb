"""A deployment as it is on record: what `ff status` holds the cluster against. Nothing heavy is imported here."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from components.deployment.presence import DeclaredObject
from components.kit import names
from components.kit.api_server import Fetch

KEY: Final = "deployment.json"
FORMAT: Final = 1


@dataclass(frozen=True)
class Deployment:
    """A deployment, as it is on record.

    Attributes:
        stack: the stack's name.
        release: the release of Flagsmith; of an edge alone, that of its proxies.
        objects: the Kubernetes objects that it declared, but the record itself.
    """

    stack: str
    release: str
    objects: tuple[DeclaredObject, ...]


def written(deployment: Deployment) -> dict[str, str]:
    """The data of the record."""
    objects = [{key: value for key, value in asdict(item).items() if value is not None} for item in deployment.objects]
    content = {"format": FORMAT, "stack": deployment.stack, "release": deployment.release, "objects": objects}
    return {KEY: json.dumps(content, indent=1)}


def read(data: Mapping[str, Any]) -> Deployment | None:
    """The deployment that a record's data tells of; None for data of another form, as another version writes it."""
    try:
        content = json.loads(data[KEY])
        if content["format"] != FORMAT:
            return None
        objects = tuple(DeclaredObject(**item) for item in content["objects"])
        return Deployment(str(content["stack"]), str(content["release"]), objects)
    except (KeyError, TypeError, ValueError):
        return None


def path(namespace: str) -> str:
    """Where the API server has the record."""
    return f"/api/v1/namespaces/{namespace}/configmaps/{names.DEPLOYMENT}"


def deployed(fetch: Fetch, namespace: str) -> Deployment | None:
    """What the record in the namespace tells of; None where there is none that can be read."""
    record = fetch(path(namespace))
    return read((record or {}).get("data") or {})


def declares(deployment: Deployment | None, name: str) -> bool:
    """Whether a deployment declared the Deployment `name`."""
    objects = () if deployment is None else deployment.objects
    return any((item.kind, item.name) == ("Deployment", name) for item in objects)


def secrets(deployment: Deployment | None) -> frozenset[str] | None:
    """The names of the Secrets that a deployment declared; None without one."""
    if deployment is None:
        return None
    return frozenset(item.name for item in deployment.objects if item.kind == "Secret")
