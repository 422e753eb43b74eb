"""The certificates and kubeconfigs with which the programs of the simulated cluster know each other."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flagops.local_cluster import kubeconfig
from flagops.local_cluster.model import NAME, KeyPair
from flagops.local_cluster.paths import kubeconfig_file
from flagops.local_cluster.ports import LOOPBACK, Ports

LOOPBACK_NAMES: Final = (LOOPBACK, "::1", "localhost")
API_SERVER_NAMES: Final = (
    *LOOPBACK_NAMES,
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "10.96.0.1",  # first address of the control plane's SERVICE_RANGE: the Service `kubernetes`
)


@dataclass(frozen=True, kw_only=True)
class ClusterCredentials:
    """Files with which the components prove who they are to each other."""

    authority: Path
    server: KeyPair
    etcd_client: KeyPair
    service_accounts: KeyPair
    controller_manager: Path
    scheduler: Path
    kwok: Path


def issue_credentials(home: Path, directory: Path, ports: Ports) -> ClusterCredentials:
    """Make all certificates and kubeconfigs of a new cluster, the user's kubeconfig among them."""
    # The cryptography that only a new cluster needs.
    from flagops.local_cluster.certificates import Authority

    certificates = directory / "certificates"
    authority = Authority(certificates)
    server = f"https://{LOOPBACK}:{ports.api_server}"

    def component(user: str, group: str | None = None) -> Path:
        pair = authority.issue(user, organization=group)
        path = directory / f"{user.removeprefix('system:')}.kubeconfig"
        return kubeconfig.write(path, server=server, authority=authority.certificate, user=pair)

    admin = authority.issue(f"{NAME}-admin", organization="system:masters")
    kubeconfig.write(kubeconfig_file(home), server=server, authority=authority.certificate, user=admin)
    return ClusterCredentials(
        authority=authority.certificate,
        server=authority.issue("kube-apiserver", hosts=API_SERVER_NAMES),
        etcd_client=authority.issue("etcd", hosts=LOOPBACK_NAMES),
        service_accounts=authority.issue("service-accounts"),
        controller_manager=component("system:kube-controller-manager"),
        scheduler=component("system:kube-scheduler"),
        # kwok plays the kubelets, and the storage provisioner.
        kwok=component("kwok", "system:masters"),
    )
