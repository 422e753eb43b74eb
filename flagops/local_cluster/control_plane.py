"""The command line of each program of the simulated cluster. Everything listens on loopback only, with TLS."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from flagops.local_cluster.credentials import ClusterCredentials
from flagops.local_cluster.ports import LOOPBACK, Ports

SERVICE_RANGE: Final = "10.96.0.0/16"
LISTENS: Final = ("--secure-port=", "--server-address=", "--listen-client-urls=", "--listen-peer-urls=")


def ports_of(arguments: Sequence[str]) -> list[int]:
    """The ports that a component with these arguments listens on."""
    addresses = [item.partition("=")[2] for item in arguments if item.startswith(LISTENS)]
    return [int(address.rpartition(":")[2]) for address in addresses]


def environment(directory: Path, path: str = os.defpath) -> dict[str, str]:
    """Environment of every component: a home and a temporary directory that go with the cluster, and the search path.

    kwok reads `~/.kwok/kwok.yaml`, which may be the user's for another cluster: hence a home of its own.
    """
    temporary = directory / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return {"PATH": path, "HOME": str(directory), "TMPDIR": str(temporary)}


def etcd(program: Path, directory: Path, ports: Ports, credentials: ClusterCredentials) -> list[str]:
    """Command of etcd; without fsync, since nothing here needs to survive a power cut."""
    client, peer = f"https://{LOOPBACK}:{ports.etcd}", f"https://{LOOPBACK}:{ports.etcd_peer}"
    tls = {"cert-file": credentials.etcd_client.certificate, "key-file": credentials.etcd_client.key}
    tls_flags = _flags(
        {
            f"{prefix}{name}": value
            for prefix in ("", "peer-")
            for name, value in (*tls.items(), ("trusted-ca-file", credentials.authority), ("client-cert-auth", "true"))
        }
    )
    return [
        str(program),
        *_flags(
            {
                "name": "local",
                "data-dir": directory / "etcd",
                "listen-client-urls": client,
                "advertise-client-urls": client,
                "listen-peer-urls": peer,
                "initial-advertise-peer-urls": peer,
                "initial-cluster": f"local={peer}",
                "unsafe-no-fsync": "true",
                "log-level": "warn",
            }
        ),
        *tls_flags,
    ]


def api_server(program: Path, directory: Path, ports: Ports, credentials: ClusterCredentials) -> list[str]:
    """Command of kube-apiserver; its admission plugins are those it enables by default."""
    return [
        str(program),
        *_flags(
            {
                "etcd-servers": f"https://{LOOPBACK}:{ports.etcd}",
                "etcd-cafile": credentials.authority,
                "etcd-certfile": credentials.etcd_client.certificate,
                "etcd-keyfile": credentials.etcd_client.key,
                "bind-address": LOOPBACK,
                "secure-port": ports.api_server,
                # A loopback address may not be an endpoint of the Service `kubernetes`; no pod calls it here anyway.
                "advertise-address": LOOPBACK,
                "endpoint-reconciler-type": "none",
                "cert-dir": directory / "certificates",
                "tls-cert-file": credentials.server.certificate,
                "tls-private-key-file": credentials.server.key,
                "client-ca-file": credentials.authority,
                "authorization-mode": "RBAC",
                "service-account-issuer": "https://kubernetes.default.svc",
                "service-account-key-file": credentials.service_accounts.certificate,
                "service-account-signing-key-file": credentials.service_accounts.key,
                "service-cluster-ip-range": SERVICE_RANGE,
                # As on any real cluster: it is Pod Security that refuses privileged pods.
                "allow-privileged": "true",
                "kubelet-preferred-address-types": "InternalIP",
                "profiling": "false",
            }
        ),
    ]


def controller_manager(program: Path, directory: Path, ports: Ports, credentials: ClusterCredentials) -> list[str]:
    """Command of kube-controller-manager."""
    return [
        str(program),
        *_component_flags(credentials.controller_manager, credentials, ports.controller_manager),
        *_flags(
            {
                "service-account-private-key-file": credentials.service_accounts.key,
                "root-ca-file": credentials.authority,
                "use-service-account-credentials": "true",
                # By default a node that got ready keeps its start-up taint for up to 5 s.
                "node-monitor-period": "500ms",
                # A simulated node never fails. After a pause of the whole machine (a laptop's sleep) its heartbeat is
                # late all the same, and its pods would be marked unready, for good: no kubelet marks them ready again.
                "node-monitor-grace-period": "8760h",
                # By default a new autoscaler waits for 15 s until it looks whether there are enough pods.
                "horizontal-pod-autoscaler-sync-period": "3s",
                # Its default is a system directory, which it creates.
                "flex-volume-plugin-dir": directory / "flex-volume",
            }
        ),
    ]


def scheduler(program: Path, ports: Ports, credentials: ClusterCredentials) -> list[str]:
    """Command of kube-scheduler."""
    return [str(program), *_component_flags(credentials.scheduler, credentials, ports.scheduler)]


def kwok(
    program: Path, credentials: ClusterCredentials, configuration: Sequence[Path], kubelet_port: int | None
) -> list[str]:
    """Command of kwok, which plays the kubelets of all nodes by the stages in the configuration files.

    With a port it answers there for the nodes' kubelets: then commands, logs and ports of containers are what the
    configuration says, on this machine.
    """
    server: dict[str, object] = {}
    if kubelet_port is not None:
        server = {
            "server-address": f"{LOOPBACK}:{kubelet_port}",
            "node-port": kubelet_port,
            "tls-cert-file": credentials.server.certificate,
            "tls-private-key-file": credentials.server.key,
        }
    return [
        str(program),
        *_flags({"kubeconfig": credentials.kwok, "manage-all-nodes": "true", "node-ip": LOOPBACK, **server}),
        *(f"--config={path}" for path in configuration),
    ]


def _component_flags(configuration: Path, credentials: ClusterCredentials, port: int) -> list[str]:
    return _flags(
        {
            "kubeconfig": configuration,
            "authentication-kubeconfig": configuration,
            "authorization-kubeconfig": configuration,
            # The API server publishes no authority of an aggregation layer, for which they would wait.
            "authentication-skip-lookup": "true",
            "leader-elect": "false",
            # The defaults (20 a second) protect an API server that others use; here they cost seconds at the start.
            "kube-api-qps": 500,
            "kube-api-burst": 1000,
            "bind-address": LOOPBACK,
            "secure-port": port,
            "tls-cert-file": credentials.server.certificate,
            "tls-private-key-file": credentials.server.key,
            "profiling": "false",
        }
    )


def _flags(values: Mapping[str, object]) -> list[str]:
    return [f"--{name}={value}" for name, value in values.items()]
