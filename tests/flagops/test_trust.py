"""A server whose certificate an authority of one's own signed: every client of `ff` trusts the file that is named."""

import base64
import os
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import certifi
import httpx
import pytest
import requests
from flask import Flask, jsonify

from flagops.commands.smoke import published, sdks, suite
from flagops.commands.smoke.makes import Saying
from flagops.commands.smoke.model import CheckFailedError, CheckStatus, SmokeTarget
from flagops.commands.smoke.visit import visit
from flagops.errors import BadInputError, LoginRefusedError
from flagops.flagsmith_api import oidc
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.trust import FOR_REQUESTS, VARIABLE, authorities, by_requests
from tests.certificates import tls_secret
from tests.conftest import public_authorities
from tests.serving import serving


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The certificate of a server here, which signed itself; its key lies beside it."""
    data = tls_secret("localhost", datetime.now(UTC) + timedelta(days=60))["data"]
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).write_bytes(base64.b64decode(data[name]))
    return tmp_path / "tls.crt"


@pytest.fixture
def address(bundle: Path) -> Iterator[str]:
    """Where something answers every path with JSON, by HTTPS alone."""
    app = Flask("tls")
    app.register_error_handler(404, lambda _: (jsonify(status="ok"), 200))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, bundle.with_name("tls.key"))
    with serving(app, context) as port:
        yield f"https://localhost:{port}"


def _read(address: str) -> None:
    with FlagsmithClient(address) as client:
        assert client.get("/health/liveness/") == {"status": "ok"}


def _smoke(address: str) -> None:
    with visit(SmokeTarget(url=address)) as visited:
        (result,) = suite.run(visited, ("liveness",))
    if result.outcome is CheckStatus.FAILED:
        raise FlagsmithError(result.detail)


def _unpublished(address: str) -> None:
    with pytest.MonkeyPatch.context() as patch, visit(SmokeTarget(url=address, public_url=address)) as visited:
        patch.setattr(published, "_is_of_this_machine", lambda _: False)
        with pytest.raises(CheckFailedError, match="answered with status 200"):
            published.unpublished(visited)


def _sdk(address: str) -> None:
    with by_requests():
        assert requests.get(address, timeout=10).json() == {"status": "ok"}


@pytest.mark.parametrize("ask", [_read, _smoke, _unpublished, _sdk])
def test_the_authority_that_is_named_is_trusted(
    ask: Callable[[str], None], address: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(bundle))
    monkeypatch.delenv(FOR_REQUESTS, raising=False)
    ask(address)
    assert FOR_REQUESTS not in os.environ
    # To requests an empty one is none, too.
    monkeypatch.setenv(FOR_REQUESTS, "")
    ask(address)
    assert os.environ[FOR_REQUESTS] == ""


def test_a_client_that_is_not_told_to_trust_the_file_does_not(
    address: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a client of `ff` that forgets it would be found by no test."""
    monkeypatch.setenv(VARIABLE, str(bundle))
    public_authorities.cache_clear()
    with httpx.Client(trust_env=False) as client, pytest.raises(httpx.ConnectError, match="self-signed certificate"):
        client.get(address)


@pytest.mark.parametrize("ask", [_read, _smoke])
def test_another_one_is_not_and_the_message_says_what_to_do(
    ask: Callable[[str], None], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(FlagsmithError, match="is not trusted: self-signed certificate") as caught:
        ask(address)
    assert f"{VARIABLE}=/path/to/ca.crt" in f"{caught.value.message} {caught.value.hint}"
    monkeypatch.setenv(VARIABLE, certifi.where())
    with pytest.raises(FlagsmithError, match="is not trusted: self-signed certificate") as caught:
        ask(address)
    assert f"{VARIABLE} names {certifi.where()}, in place of" in f"{caught.value.message} {caught.value.hint}"


def test_whoever_sees_a_certificate_first_says_what_to_do(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a tunnel `unpublished` is the first; GitHub's is not trusted where a file has one's own authority alone."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(published, "_is_of_this_machine", lambda _: False)
    with (
        visit(SmokeTarget(url=address, public_url=address)) as visited,
        pytest.raises(CheckFailedError, match=f"not trusted: self-signed .*{VARIABLE}"),
    ):
        published.unpublished(visited)
    monkeypatch.setenv(oidc.AUDIENCE, "somebody")
    monkeypatch.setenv(oidc.GITHUB_URL, f"{address}/token?api-version=2.0")
    monkeypatch.setenv(oidc.GITHUB_TOKEN, "for-the-job")
    for name in (oidc.TOKEN, oidc.TOKEN_FILE):
        monkeypatch.delenv(name, raising=False)
    with (
        FlagsmithClient("http://127.0.0.1:1") as client,
        pytest.raises(LoginRefusedError, match="certificate of localhost is not trusted: self-signed") as caught,
    ):
        oidc.log_in(client, "Flagsmith")
    assert "in place of the public ones" in str(caught.value.hint)
    assert "for-the-job" not in str(caught.value)


def nothing_asked(address: str) -> tuple[Any, Any, Saying]:
    """What the SDK's check gets, as far as it comes."""
    keys = SimpleNamespace(client_side="client", server_side="ser.server")
    visited = SimpleNamespace(place=SmokeTarget(url=address), keys=keys, deadline=SimpleNamespace(left=120.0))
    wanted = SimpleNamespace(document=lambda _: {}, passing=[("anna", {})], names=[])
    return visited, wanted, Saying()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ((), f"{VARIABLE}=/path/to/ca.crt"),
        ((FOR_REQUESTS,), f"{FOR_REQUESTS} names .*: leave that out, and {VARIABLE}"),
        ((VARIABLE,), f"{VARIABLE} names .*: if another one signed it, add that one there"),
        ((VARIABLE, FOR_REQUESTS), f"{VARIABLE} names .*: if another one signed it, add that one there"),
    ],
)
def test_the_sdk_s_refusal_says_what_to_do_of_the_variable_that_counts(
    address: str, monkeypatch: pytest.MonkeyPatch, variables: tuple[str, ...], said: str
) -> None:
    """It reads the other variable, so that it may be the only one that does not trust; ff sets that for it."""
    for name in (VARIABLE, FOR_REQUESTS):
        monkeypatch.delenv(name, raising=False)
    for name in variables:
        monkeypatch.setenv(name, certifi.where())
    with pytest.raises(CheckFailedError, match=f"the SDK: the certificate is not trusted: self-signed .*{said}"):
        sdks.agree(*nothing_asked(address))


@pytest.mark.parametrize(("content", "problem"), [(None, "No such file"), ("no certificate\n", "NO_CERTIFICATE")])
def test_a_file_without_a_certificate_is_named(
    content: str | None, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ca.crt"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv(VARIABLE, str(file))
    with pytest.raises(BadInputError, match=f"{VARIABLE} names {file}, and .*{problem}"):
        authorities()


def test_a_file_for_requests_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes from the SDK as an error that nobody expects, otherwise."""
    monkeypatch.setenv(FOR_REQUESTS, str(tmp_path / "ca.crt"))
    with pytest.raises(BadInputError, match=f"{FOR_REQUESTS} names {tmp_path / 'ca.crt'}, which is not there"):
        sdks.agree(*nothing_asked("https://localhost"))
