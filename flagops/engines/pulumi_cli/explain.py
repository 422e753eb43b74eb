"""Why Kubernetes objects that Pulumi gave up on do not become ready."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flagops.kubernetes.awaiting import how_far
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.diagnose import diagnose
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.namespace_secrets import secret_values
from flagops.kubernetes.objects import Ref


def explain(kubeconfig: Path | None, context: str, manifests: Iterable[dict[str, Any]]) -> str:
    """What is waited for, pods' states, last events and log lines, secrets masked; empty when nothing can be told."""
    told = []
    try:
        client = Client(connect(kubeconfig, context))
    except Exception:  # noqa: BLE001 - whatever it is, it must not take the place of the failure that is explained
        return ""
    try:
        for manifest in manifests:
            try:
                ref = Ref.of(manifest)
                live = client.get(ref)
                if live is not None:
                    mask = Masker(secrets_of(client, ref.namespace))
                    waits, lines = mask(how_far(client, live).message), diagnose(client, live, mask)
                    told.append("\n".join(filter(None, (f"{ref}: {waits}".rstrip(), lines))) if waits or lines else "")
            except Exception:  # noqa: BLE001, S112 - as above; what can be told of the other objects is still told
                continue
    finally:
        client.close()
    return "\n".join(filter(None, told))


def secrets_of(client: "Client", namespace: str) -> list[str]:
    """Every value of the namespace's Secrets: what a container could print into its log."""
    return [*secret_values(client.list("v1", "Secret", namespace) if namespace else [])]
