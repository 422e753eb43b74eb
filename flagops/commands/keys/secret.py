"""The Secret of a delivery: what it holds, whose it is, and writing it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from components.kit import names
from components.kit.names import COMPONENT, MANAGED_BY, NAME, PART_OF, PLATFORM
from flagops.commands.flags.catalogue.model import Delivery
from flagops.commands.keys.model import place
from flagops.errors import NotFoundError, RefusedError
from flagops.kubernetes.objects import Manifest, Ref
from flagops.stacks.deployed import Instance

CLIENT, SERVER, ADDRESS = "FLAGSMITH_ENVIRONMENT_KEY", "FLAGSMITH_SERVER_KEY", "FLAGSMITH_API_URL"
OURS = "ff"
LABELS = {
    NAME: "flagsmith",
    COMPONENT: "keys",
    PART_OF: PLATFORM,
    MANAGED_BY: OURS,
}
ENVIRONMENT, WRITTEN = "feature-flags/environment", "feature-flags/keys-written-at"


@dataclass(frozen=True)
class Held:
    """What is there of a Secret.

    Attributes:
        version: Its resource version; empty when there is no such Secret.
        values: What it holds, decoded.
        is_ours: Whether `ff keys` made it.
    """

    version: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_ours: bool = True

    def is_right(self, wanted: Mapping[str, str]) -> bool:
        """Whether it holds these values, and no server-side key if that is not one of them."""
        ours = {name: self.values[name] for name in (CLIENT, SERVER, ADDRESS) if name in self.values}
        return bool(self.version) and self.is_ours and ours == wanted


def ref(delivery: Delivery) -> Ref:
    """Which object it is."""
    return Ref("v1", "Secret", delivery.namespace, delivery.secret)


def api_url(instance: Instance) -> str:
    """The address of the stack's Flagsmith within the cluster, as SDKs take it."""
    return names.api_url(instance.namespace)


def read(instance: Instance, delivery: Delivery, *, adopt: bool) -> Held:
    """The Secret as it is. Raises OpsError when its namespace is missing, or the Secret is somebody else's."""
    found = instance.client.get(ref(delivery))
    if found is None:
        if instance.client.get(Ref("v1", "Namespace", "", delivery.namespace)) is None:
            raise NotFoundError(
                f"There is no namespace {delivery.namespace!r} in context {instance.context!r}.",
                hint="Make it with the application, or correct `keys` in the catalogue; then run it again.",
            )
        return Held()
    labels = found["metadata"].get("labels") or {}
    is_ours = labels.get(MANAGED_BY) == OURS and labels.get(PART_OF) == PLATFORM
    if not is_ours and labels.get(PART_OF) == PLATFORM:
        raise RefusedError(
            f"The Secret {place(delivery)} is of the platform itself, and cannot hold an application's keys.",
            hint="Give the delivery another `secret` in the catalogue.",
        )
    if not is_ours and not adopt:
        raise RefusedError(
            f"The Secret {place(delivery)} was not made by `ff keys`, and is left alone.",
            hint="`ff keys sync --adopt` writes the keys into it, next to what it holds; or choose another `secret`.",
        )
    values = {name: base64.b64decode(value).decode(errors="replace") for name, value in _data(found).items()}
    return Held(str(found["metadata"]["resourceVersion"]), values, is_ours)


def write(instance: Instance, delivery: Delivery, held: Held, wanted: Mapping[str, str], now: datetime) -> None:
    """Make or change the Secret; what else it holds stays. Fails when somebody changed it since it was read."""
    annotations = {ENVIRONMENT: delivery.environment, WRITTEN: now.isoformat(timespec="seconds")}
    metadata: Manifest = {"labels": LABELS, "annotations": annotations}
    data: dict[str, str | None] = {name: base64.b64encode(value.encode()).decode() for name, value in wanted.items()}
    target = ref(delivery)
    if not held.version:
        named = {**metadata, "name": target.name, "namespace": target.namespace}
        instance.client.create(
            {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": named, "data": data}
        )
        return
    if SERVER not in wanted and SERVER in held.values:
        data[SERVER] = None
    instance.client.merge(target, {"metadata": {**metadata, "resourceVersion": held.version}, "data": data})


def _data(secret: Manifest) -> dict[str, str]:
    return secret.get("data") or {}
