"""How the client in the pod logs in and gets to the bucket: identities, a CA, a proxy; each right and wrong."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.components.backup.conftest import Jobs
from tests.components.backup.running import last, succeeded
from tests.doubles.bucket import KEYS, Double, Environ, made, serving

HIDDEN = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1", "S3_PATH_STYLE": "true"}


@pytest.fixture
def double(jobs: Jobs) -> Iterator[Double]:
    """A bucket that the Jobs know, without anything to log in by."""
    with serving() as found:
        made(f"http://127.0.0.1:{found.port}")
        found.seen.clear()
        jobs.work()
        jobs.environment |= HIDDEN
        jobs.environment |= {"STORE": "s3://backups/flagsmith", "S3_ENDPOINT": f"http://127.0.0.1:{found.port}"}
        yield found


def signed_by(double: Double) -> set[str]:
    """The keys by which the bucket was asked, from now on."""
    found: set[str] = set()

    def note(environ: Environ, _: Any) -> None:
        credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
        found.add(credential.partition("/")[0])

    double.hook = note
    return found


def listed(jobs: Jobs, **variables: str) -> None:
    assert last(succeeded(jobs.store("list", **variables))) == {"backups": []}


def test_a_pod_without_keys_or_identity_is_refused_and_asks_no_node(jobs: Jobs, double: Double) -> None:
    done = jobs.store("list")
    assert done.returncode == 1
    assert "The backups' store cannot be used: Unable to locate credentials" in done.stderr
    assert double.seen == []


def test_a_role_is_taken_by_the_token_that_irsa_puts_into_the_pod(jobs: Jobs, double: Double) -> None:
    token = jobs.home / "token"
    token.write_text("only-for-tests", "utf-8")
    keys = signed_by(double)
    listed(
        jobs,
        AWS_ROLE_ARN="arn:aws:iam::111122223333:role/flagsmith-backup",
        AWS_WEB_IDENTITY_TOKEN_FILE=str(token),
        AWS_STS_REGIONAL_ENDPOINTS="regional",
        AWS_ENDPOINT_URL_STS=jobs.environment["S3_ENDPOINT"],
    )
    assert [key for key in keys if key.startswith("ASIA")], "the key of a role, not of a user"


def test_the_agent_of_eks_pod_identity_is_asked_with_the_pods_token(jobs: Jobs, double: Double) -> None:
    token, tokens = jobs.home / "token", []
    token.write_text("only-for-tests", "utf-8")
    keys: set[str] = set()

    def agent(environ: Environ, start: Any) -> Any:
        if environ["PATH_INFO"] != "/v1/credentials":
            keys.add(environ["HTTP_AUTHORIZATION"].partition("Credential=")[2].partition("/")[0])
            return None
        tokens.append(environ.get("HTTP_AUTHORIZATION"))
        expires = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        text = {"AccessKeyId": "ASIAPOD", "SecretAccessKey": "s", "Token": "t", "Expiration": expires}
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(text).encode()]

    double.hook = agent
    listed(
        jobs,
        AWS_CONTAINER_CREDENTIALS_FULL_URI=f"http://127.0.0.1:{double.port}/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token),
    )
    assert (tokens, keys) == (["only-for-tests"], {"ASIAPOD"})


def test_a_ca_of_one_s_own_is_trusted_and_another_is_not(jobs: Jobs, tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    certificate, chain, right, wrong = (tmp_path / name for name in ("key.pem", "chain.pem", "right.crt", "wrong.crt"))
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(certificate)
    issued.cert_chain_pems[0].write_to_path(chain)
    authority.cert_pem.write_to_path(right)
    other.cert_pem.write_to_path(wrong)
    jobs.work()
    with serving((str(chain), str(certificate))) as double:
        address = f"https://localhost:{double.port}"
        made(address, str(right))
        jobs.environment |= {**KEYS, **HIDDEN, "STORE": "s3://backups/flagsmith", "S3_ENDPOINT": address}
        listed(jobs, AWS_CA_BUNDLE=str(right))
        double.seen.clear()
        for bundle in ({}, {"AWS_CA_BUNDLE": str(wrong)}):
            done = jobs.store("list", **bundle)
            assert done.returncode == 1
            assert "CERTIFICATE_VERIFY_FAILED" in done.stderr
            assert "secret" not in done.stderr
        assert double.seen == [], "nothing was sent to who could not show who it is"


def test_a_proxy_is_gone_by_and_one_that_is_away_is_named(jobs: Jobs, double: Double) -> None:
    # No such host can be found: who gets an answer went by the proxy.
    jobs.environment |= {**KEYS, "S3_ENDPOINT": "http://s3.invalid"}
    proxy = f"http://127.0.0.1:{double.port}"
    double.hook = lambda environ, _: environ.update(HTTP_HOST=f"127.0.0.1:{double.port}")
    listed(jobs, HTTP_PROXY=proxy, http_proxy=proxy)
    assert {host for *_, host in double.seen} == {"s3.invalid"}
    done = jobs.store("list", HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stderr
    listed(
        jobs,
        S3_ENDPOINT=proxy,
        HTTP_PROXY="http://127.0.0.1:9",
        http_proxy="http://127.0.0.1:9",
        NO_PROXY="127.0.0.1",
        no_proxy="127.0.0.1",
    )
