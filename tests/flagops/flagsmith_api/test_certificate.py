"""The checks of the public address: its certificate, and where plain HTTP leads."""

import base64
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from flask import Flask, redirect

from flagops.commands.smoke import certificate
from flagops.commands.smoke.model import CheckFailedError, CheckSkippedError, SmokeTarget
from flagops.commands.smoke.visit import visit
from tests.certificates import tls_secret
from tests.serving import serving

Served = Callable[[str, timedelta], SmokeTarget]


def checked(host: str, lifetime: timedelta, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the check says of a server whose certificate is for `host`, trusted here, and ends after `lifetime`."""
    data = tls_secret(host, datetime.now(UTC) + lifetime)["data"]
    for name in ("tls.crt", "tls.key"):
        (home / name).write_bytes(base64.b64decode(data[name]))
    monkeypatch.setenv("SSL_CERT_FILE", str(home / "tls.crt"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home / "tls.crt", home / "tls.key")
    with serving(Flask("tls"), context) as port:
        place = SmokeTarget(url="unused", public_url=f"https://localhost:{port}")
        with visit(place) as visited:
            return certificate.certificate(visited)


def test_a_certificate_that_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked("localhost", timedelta(days=60, hours=1), tmp_path, monkeypatch) == "valid for 60 days"


@pytest.mark.parametrize(
    ("host", "days", "problem"),
    [
        ("localhost", 5, "ends in 4 days, and should have been renewed"),
        ("localhost", -1, "the certificate is refused: certificate has expired"),
        ("flags.example.com", 60, "the certificate is refused: Hostname mismatch"),
    ],
)
def test_a_certificate_that_is_not(
    host: str, days: int, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CheckFailedError, match=problem):
        checked(host, timedelta(days=days), tmp_path, monkeypatch)


def test_plain_http_has_to_lead_to_https() -> None:
    app = Flask("plain")
    app.add_url_rule("/", "root", lambda: redirect("https://flags.example.com/", 308))
    app.add_url_rule("/open", "open", lambda: "served in the clear")
    with serving(app) as port:
        plain = httpx.URL(f"http://127.0.0.1:{port}/")
        assert certificate.redirects(plain) == "308 to https://flags.example.com/"
        with pytest.raises(CheckFailedError, match="status 200, not with a redirect to HTTPS"):
            certificate.redirects(plain.copy_with(path="/open"))
    with pytest.raises(CheckSkippedError, match="nothing listens for plain HTTP"):
        certificate.redirects(plain)
