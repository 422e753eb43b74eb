"""The certificates that a cluster's components show each other, by an authority made for this one cluster."""

from pathlib import Path

import trustme

from flagops.files import write_private
from flagops.local_cluster.model import NAME, KeyPair


class Authority:
    """A certificate authority whose private key stays in memory: once the cluster is up nothing else gets signed.

    Its certificates outlast every local cluster: an expired one would only puzzle.

    Args:
        directory: Where all files go, with mode 0600.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._ca = trustme.CA(path_length=0, organization_name=NAME)
        self.certificate = directory / "ca.crt"
        write_private(self.certificate, self._ca.cert_pem.bytes())

    def issue(self, name: str, *, organization: str | None = None, hosts: tuple[str, ...] = ()) -> KeyPair:
        """Issue a certificate for `name`, which Kubernetes reads as the user's name.

        Args:
            name: Common name.
            organization: Kubernetes reads it as the user's group.
            hosts: DNS names and IP addresses it may serve; without any it can only be shown by a client.
        """
        stem = name.replace(":", "-")
        # trustme marks the list of names as critical, and Go refuses one that is critical and empty.
        names = hosts or (f"{stem}.invalid",)
        issued = self._ca.issue_cert(*names, common_name=name, organization_name=organization)
        pair = KeyPair(certificate=self._directory / f"{stem}.crt", key=self._directory / f"{stem}.key")
        write_private(pair.certificate, issued.cert_chain_pems[0].bytes())
        write_private(pair.key, issued.private_key_pem.bytes())
        return pair
