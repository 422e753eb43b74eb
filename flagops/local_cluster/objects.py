"""The objects every simulated cluster starts with: three nodes in three zones and a default storage class."""

from typing import Any

from flagops.local_cluster.rest import ZONE_LABEL

PROVISIONER = "kwok.feature-flags/volumes"
"""Name by which the stage `claim-provision` of stages.yaml knows its claims."""

REGION = "local"
ZONES = ("local-a", "local-b", "local-c")

CLOSED_PORT = 1
"""Where kubelets that are not played answer: no program listens there, so exec and logs fail at once and clearly."""


def nodes(version: str, kubelet_port: int | None = None) -> list[dict[str, Any]]:
    """Node manifests, one a zone: 8 CPUs, 32 GiB and 110 pods, of which a kubelet's usual reserve is not allocatable.

    Args:
        version: Kubernetes version that their kubelets claim to be.
        kubelet_port: Where their kubelets answer; None means nowhere: then the nodes are marked as kwok's own are, so
            that everybody can tell that nothing runs on them.
    """
    port = CLOSED_PORT if kubelet_port is None else kubelet_port
    return [
        _node(number, zone, version, port, plays_containers=kubelet_port is not None)
        for number, zone in enumerate(ZONES, start=1)
    ]


def storage_class() -> dict[str, Any]:
    """The default StorageClass `standard`, whose volumes can grow."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": True,
    }


def _node(number: int, zone: str, version: str, kubelet_port: int, *, plays_containers: bool) -> dict[str, Any]:
    name = f"simulated-{number}"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/region": REGION,
                ZONE_LABEL: zone,
                **({} if plays_containers else {"type": "kwok"}),
            },
            "annotations": {} if plays_containers else {"kwok.x-k8s.io/node": "fake"},
        },
        "spec": {"podCIDR": f"10.244.{number}.0/24", "podCIDRs": [f"10.244.{number}.0/24"]},
        "status": {
            "capacity": {"cpu": "8", "memory": "32Gi", "ephemeral-storage": "100Gi", "pods": "110"},
            "allocatable": {"cpu": "7800m", "memory": "31Gi", "ephemeral-storage": "90Gi", "pods": "110"},
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet_port}},
            "nodeInfo": {
                "architecture": "amd64",
                "operatingSystem": "linux",
                "kubeletVersion": version,
                "kubeProxyVersion": "",
                "containerRuntimeVersion": "simulated://0",
                "kernelVersion": "simulated",
                "osImage": "simulated",
                "machineID": name,
                "systemUUID": name,
                "bootID": name,
            },
        },
    }
