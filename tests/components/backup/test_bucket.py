"""How pods come to the bucket: by keys or by an identity of their own, its CA, and a proxy."""

from typing import Any

import pytest
import yaml

from components.settings import warnings
from components.settings.ways import ways
from tests.components.backup.test_backup import NAMES, containers, env
from tests.components.settings.support import refusal, settings
from tests.recording import Recording, record
from tests.scanners.rendered import API_VERSIONS

ROLE = "eks.amazonaws.com/role-arn"
ARN = "arn:aws:iam::111122223333:role/flagsmith-backup"
BUCKET: dict[str, Any] = {"bucket": "corp-flags-backup", "region": "eu-west-1"}
BY_ROLE = {**BUCKET, "identity": {"annotations": {ROLE: ARN}, "labels": {"team": "flags"}}}
STORES = {"flagsmith-backup": "store", "flagsmith-backups": "list", "flagsmith-restore": "download"}
STORES |= {"flagsmith-drill": "download"}
PROXY = {"proxy": "http://proxy.corp.example:3128", "noProxy": [".corp.example", "10.0.0.0/8"]}
AGENT = {"ipBlock": {"cidr": "169.254.170.23/32"}}
# What a stack is that nobody has given keys to.
CASE = """
host: flags.corp.example
ingress: {className: traefik, tls: {clusterIssuer: letsencrypt}}
backup: {s3: {bucket: corp-flags-backup, region: eu-west-1}}
"""


def production(s3: dict[str, Any], **more: object) -> Recording:
    return record("production", {"backup": {"s3": s3}, **more})


def clustered(s3: dict[str, Any]) -> Recording:
    cluster = {"instances": 2, "backup": {"enabled": True}}
    postgres = {"mode": "cloudnativepg", "cluster": cluster}
    encryption = {"backup": {"s3": s3}, "production": False}
    return record("local", {"postgres": postgres, "apiVersions": list(API_VERSIONS), **encryption})


def account(found: Recording) -> dict[str, Any]:
    metadata: dict[str, Any] = found.one("ServiceAccount", "flagsmith-backup")["metadata"]
    return metadata


def template(found: Recording, name: str) -> dict[str, Any]:
    made: dict[str, Any] = found.one("CronJob", name)["spec"]["jobTemplate"]["spec"]["template"]
    return made


def test_without_keys_the_pods_log_in_by_what_the_cloud_says_they_are() -> None:
    found = record("production", yaml.safe_load(CASE))
    for name, container in STORES.items():
        variables = env(containers(found, name)[container])
        # Keys in the environment would win over the identity.
        assert not variables.keys() & {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
        assert variables["AWS_EC2_METADATA_DISABLED"] == "true", "a pod is never taken for its node"
        assert variables["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert "annotations" not in account(found), "an association of EKS Pod Identity needs none"


def test_a_role_is_of_the_backups_account_alone_and_labels_are_of_their_pods() -> None:
    found = production(BY_ROLE)
    assert account(found)["annotations"] == {ROLE: ARN}
    others = [
        item["metadata"] for item in found.all("ServiceAccount") if item["metadata"]["name"] != "flagsmith-backup"
    ]
    assert others
    assert all(ROLE not in item.get("annotations", {}) for item in others)
    for name in NAMES:
        made = template(found, name)["metadata"]
        assert made["labels"]["team"] == "flags"
        assert made["labels"]["app.kubernetes.io/component"] == "backup"


@pytest.mark.parametrize("name", NAMES)
def test_no_container_but_the_store_s_own_gets_the_identity(name: str) -> None:
    found = production(BY_ROLE)
    metadata, everything = template(found, name)["metadata"], set(containers(found, name))
    skipped = metadata["annotations"].get("eks.amazonaws.com/skip-containers", "")
    assert everything - set(filter(None, skipped.split(","))) == {STORES[name]}
    assert metadata["annotations"].get("azure.workload.identity/skip-containers", "") == skipped.replace(",", ";")


def test_keys_are_used_as_before_and_nothing_of_an_identity_is_there() -> None:
    found = production({**BUCKET, "existingSecret": "keys"})
    assert "annotations" not in account(found)
    for name, container in STORES.items():
        variables = env(containers(found, name)[container])
        assert variables["AWS_ACCESS_KEY_ID"] == {"secretKeyRef": {"name": "keys", "key": "AWS_ACCESS_KEY_ID"}}
        assert "AWS_EC2_METADATA_DISABLED" not in variables
        assert not any("skip-containers" in key for key in template(found, name)["metadata"]["annotations"])


@pytest.mark.parametrize(("keys", "reached"), [({}, True), ({"existingSecret": "keys"}, False)])
def test_the_agent_of_eks_is_reached_where_it_gives_the_credentials(keys: dict[str, Any], reached: bool) -> None:
    found = production({**BUCKET, **keys}, networkPolicy={"ingressNamespace": "traefik"})
    rules = found.one("NetworkPolicy", "flagsmith-backup")["spec"]["egress"]
    ports = [[port["port"] for port in rule["ports"]] for rule in rules if AGENT in rule["to"]]
    assert ports == ([[80]] if reached else [])
    assert all({"ipBlock": {"cidr": "169.254.169.254/32"}} not in rule["to"] for rule in rules)


def test_the_bucket_s_ca_is_a_file_of_the_store_s_containers() -> None:
    found = production({**BUCKET, "endpoint": "https://minio.corp.example", "caSecret": {"name": "minio-ca"}})
    for name, container in STORES.items():
        by_name = containers(found, name)
        assert env(by_name[container])["AWS_CA_BUNDLE"] == "/etc/flagsmith/bucket-ca/ca.crt"
        with_it = {
            key
            for key, item in by_name.items()
            if any(mount["mountPath"] == "/etc/flagsmith/bucket-ca" for mount in item["volumeMounts"])
        }
        assert with_it == {container}
        (volume,) = [item for item in template(found, name)["spec"]["volumes"] if item["name"] == "bucket-ca"]
        assert volume["secret"]["secretName"] == "minio-ca"


def test_a_proxy_is_told_to_who_reaches_the_bucket_and_is_where_they_go() -> None:
    found = production({**BUCKET, **PROXY}, networkPolicy={"ingressNamespace": "traefik"})
    for name, container in STORES.items():
        for key, item in containers(found, name).items():
            variables = env(item)
            assert variables.get("HTTPS_PROXY") == (PROXY["proxy"] if key == container else None)
            assert variables.get("no_proxy") == (".corp.example,10.0.0.0/8" if key == container else None)
    stated = settings(backup={"s3": {**BUCKET, **PROXY}})
    way = next(way for way in ways(stated) if way.service == "s3")
    assert (way.host, way.port, way.setting) == ("proxy.corp.example", 3128, "backup.s3.proxy")


def test_a_cluster_s_archive_goes_by_the_same_identity_ca_and_proxy() -> None:
    s3 = {**BY_ROLE, **PROXY, "endpoint": "https://minio.corp.example", "caSecret": "minio-ca"}
    found = clustered(s3)
    spec = found.one("ObjectStore", "flagsmith-pg")["spec"]
    assert spec["configuration"]["s3Credentials"] == {"inheritFromIAMRole": True}
    assert spec["configuration"]["endpointCA"] == {"name": "minio-ca", "key": "ca.crt"}
    variables = {item["name"]: item["value"] for item in spec["instanceSidecarConfiguration"]["env"]}
    assert variables["HTTPS_PROXY"] == PROXY["proxy"]
    assert variables["NO_PROXY"] == "$(KUBERNETES_SERVICE_HOST),.corp.example,10.0.0.0/8", "the API server too"
    cluster = found.one("Cluster", "flagsmith-pg")["spec"]
    assert cluster["serviceAccountTemplate"] == {"metadata": {"annotations": {ROLE: ARN}}}
    assert cluster["inheritedMetadata"]["labels"]["team"] == "flags"


def test_a_cluster_with_keys_is_asked_for_as_before() -> None:
    found = clustered({**BUCKET, "existingSecret": "keys"})
    assert "serviceAccountTemplate" not in found.one("Cluster", "flagsmith-pg")["spec"]
    spec = found.one("ObjectStore", "flagsmith-pg")["spec"]
    assert spec["instanceSidecarConfiguration"]["env"] == [{"name": "AWS_DEFAULT_REGION", "value": "eu-west-1"}]
    assert "endpointCA" not in spec["configuration"]


@pytest.mark.parametrize(
    ("s3", "message"),
    [
        ({**BY_ROLE, "existingSecret": "keys"}, "contradicts backup.s3.existingSecret, whose keys would be used"),
        ({**BUCKET, "noProxy": [".corp.example"]}, "goes with backup.s3.proxy"),
        ({**BUCKET, "proxy": "http://me:zebra@proxy:3128"}, "a proxy that asks for a log-in cannot be used"),
        ({**BUCKET, **PROXY, "noProxy": ["a b"]}, "must be a host, a domain"),
        ({**BUCKET, "endpoint": "http://minio:9000", "caSecret": "ca"}, "goes with an endpoint that is https://"),
        ({**BUCKET, "identity": {"labels": {"app.kubernetes.io/component": "api"}}}, "is set by the program"),
    ],
)
def test_what_contradicts_or_cannot_be_is_refused(s3: dict[str, Any], message: str) -> None:
    (line,) = refusal(backup={"s3": s3})
    assert message in line
    assert "zebra" not in line


@pytest.mark.parametrize("key", ["iam.gke.io/gcp-service-account", "azure.workload.identity/client-id"])
def test_an_identity_that_gives_no_access_to_such_a_bucket_is_said_so(key: str) -> None:
    def said(identity: dict[str, str]) -> list[str]:
        found = settings(backup={"s3": {**BUCKET, "identity": {"annotations": identity}}})
        return [text for text in warnings(found) if "backup.s3.identity" in text]

    (line,) = said({key: "somebody"})
    assert key in line
    assert "backup.s3.existingSecret" in line
    assert said({ROLE: ARN}) == []
