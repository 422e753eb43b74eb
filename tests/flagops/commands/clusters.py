"""A Cluster and its pods, as CloudNativePG's operator keeps them."""

from typing import Any

from flagops.kubernetes.objects import Manifest

IMAGE = "ghcr.io/cloudnative-pg/postgresql:17.10-system-trixie"


def pod(number: int, *, ready: bool = True) -> Manifest:
    return {
        "metadata": {"name": f"flagsmith-pg-{number}"},
        "spec": {"containers": [{"name": "postgres", "image": IMAGE}]},
        "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]},
    }


def cluster(primary: str = "flagsmith-pg-1", *, instances: int = 3, **status: Any) -> Manifest:
    said = {
        "phase": "Cluster in healthy state",
        "readyInstances": instances,
        "currentPrimary": primary,
        "targetPrimary": primary,
    }
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "flagsmith-pg", "resourceVersion": "41"},
        "spec": {"instances": instances, "imageName": IMAGE},
        "status": {**said, **status},
    }
