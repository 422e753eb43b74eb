"""The certificates of a simulated cluster, as its components read them."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from flagops.local_cluster.certificates import Authority
from flagops.local_cluster.model import KeyPair


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "certificates")


def certificate(pair: KeyPair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes())


def names(found: x509.Certificate) -> list[str]:
    extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return [str(item.value) for item in extension.value]


def test_a_user_and_a_group_are_the_names_by_which_kubernetes_knows_them(authority: Authority) -> None:
    found = certificate(authority.issue("system:kube-scheduler", organization="system:masters"))
    subject = {attribute.oid: attribute.value for attribute in found.subject}
    assert subject[NameOID.COMMON_NAME] == "system:kube-scheduler"
    assert subject[NameOID.ORGANIZATION_NAME] == "system:masters"
    usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.CLIENT_AUTH in usage
    found.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate.read_bytes()))


def test_a_client_serves_no_name_that_exists_and_its_list_of_names_is_not_empty(authority: Authority) -> None:
    assert names(certificate(authority.issue("system:kube-scheduler"))) == ["system-kube-scheduler.invalid"]


def test_a_server_serves_the_names_and_addresses_given(authority: Authority) -> None:
    assert names(certificate(authority.issue("etcd", hosts=("127.0.0.1", "localhost")))) == ["127.0.0.1", "localhost"]


def test_an_authority_signs_no_other_and_its_key_is_nowhere(authority: Authority) -> None:
    pair = authority.issue("etcd", hosts=("localhost",))
    found = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    assert found.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(
        ca=True, path_length=0
    )
    files = sorted(path.name for path in authority.certificate.parent.iterdir())
    assert files == ["ca.crt", "etcd.crt", "etcd.key"]
    assert {path.stat().st_mode & 0o777 for path in authority.certificate.parent.iterdir()} == {0o600}
    assert pair.key.read_bytes() != authority.certificate.read_bytes()
