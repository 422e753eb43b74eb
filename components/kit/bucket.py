"""What a client of the bucket is told: who it is, whom it trusts, and by which proxy it goes."""

from collections.abc import Mapping, Sequence
from typing import Final

from components.kit.pods import Mounted
from components.kit.secret_files import ca_volume
from components.settings.sections.backup import S3

CA_DIRECTORY: Final = "/etc/flagsmith/bucket-ca"
# Both spellings: libraries differ in which they read.
_PROXY: Final = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_NO_PROXY: Final = ("NO_PROXY", "no_proxy")


def proxy_environment(s3: S3, *beside: str) -> dict[str, str]:
    """The variables of the proxy, if there is one; `beside` are addresses that are never reached by it."""
    if s3.proxy is None:
        return {}
    passed = ",".join([*beside, *s3.no_proxy])
    return {**dict.fromkeys(_PROXY, s3.proxy), **(dict.fromkeys(_NO_PROXY, passed) if passed else {})}


def bucket_environment(s3: S3) -> dict[str, str]:
    """The plain variables of a container with boto3."""
    found = {"S3_PATH_STYLE": "true" if s3.path_style else "false"}
    if s3.endpoint is not None:
        found["S3_ENDPOINT"] = s3.endpoint
    if s3.region is not None:
        found["AWS_DEFAULT_REGION"] = s3.region
    if s3.by_identity:
        # Without an identity of its own a pod would be taken for its node, whose rights are others'.
        found["AWS_EC2_METADATA_DISABLED"] = "true"
    if s3.ca_secret is not None:
        found["AWS_CA_BUNDLE"] = f"{CA_DIRECTORY}/ca.crt"
    return found | proxy_environment(s3)


def bucket_volumes(s3: S3 | None) -> list[Mounted]:
    """The certificates of the bucket's CA, where it has one of its own."""
    return [] if s3 is None else ca_volume("bucket-ca", CA_DIRECTORY, s3.ca_secret)


def not_for(containers: Sequence[str]) -> Mapping[str, str]:
    """The annotations of a pod by which clouds give its identity to none of `containers`.

    As their webhooks read them: with commas for Amazon's, with semicolons for Azure's.
    """
    return {
        "eks.amazonaws.com/skip-containers": ",".join(containers),
        "azure.workload.identity/skip-containers": ";".join(containers),
    }
