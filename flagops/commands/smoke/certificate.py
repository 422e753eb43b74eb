"""The public address: its certificate, and the redirect to it."""

import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from flagops.commands.smoke.http import REQUEST_SECONDS
from flagops.commands.smoke.in_time import bounded
from flagops.commands.smoke.model import CheckFailedError, CheckSkippedError, SmokeTarget
from flagops.commands.smoke.visit import Visit
from flagops.trust import authorities, how_to_trust

RENEWED_DAYS = 14  # cert-manager renews a third of the lifetime before the end: 30 days for the usual 90
HTTPS_PORT = 443
HTTP_PORT = 80


def certificate(visit: Visit) -> str:
    """The certificate is trusted, is the host's, and does not end soon."""
    url = _public(visit.place)
    found = bounded(f"the TLS handshake with {url}", lambda: _shown(url), min(REQUEST_SECONDS, visit.deadline.left))
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    if days < RENEWED_DAYS:
        raise CheckFailedError(f"{url}: the certificate ends in {days} days, and should have been renewed")
    return f"valid for {days} days"


def _shown(url: httpx.URL) -> Mapping[str, Any]:
    """The certificate that the server shows, when it is trusted."""
    try:
        with (
            socket.create_connection((url.host, url.port or HTTPS_PORT), timeout=REQUEST_SECONDS) as connection,
            authorities().wrap_socket(connection, server_hostname=url.host) as secured,
        ):
            return secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        raise CheckFailedError(f"{url}: the certificate is refused: {error.verify_message}. {how_to_trust()}") from None
    except OSError as error:
        raise CheckFailedError(f"{url}: {error}") from None


def redirect(visit: Visit) -> str:
    """Plain HTTP leads to HTTPS."""
    url = _public(visit.place)
    if url.port is not None:
        raise CheckSkippedError("the address has a port of its own")
    plain = url.copy_with(scheme="http")
    return bounded(f"the answer to {plain}", lambda: redirects(plain), min(REQUEST_SECONDS, visit.deadline.left))


def redirects(plain: httpx.URL) -> str:
    """Where an address of plain HTTP leads. Raises CheckFailedError when that is not HTTPS.

    A load balancer that listens for HTTPS alone has nothing to redirect: that is skipped, since nothing was seen of it.
    """
    try:
        with socket.create_connection((plain.host, plain.port or HTTP_PORT), timeout=REQUEST_SECONDS):
            pass
    except ConnectionRefusedError:
        raise CheckSkippedError("nothing listens for plain HTTP") from None
    except OSError as error:
        raise CheckFailedError(f"{plain}: {error}") from None
    try:
        answer = httpx.get(plain, timeout=REQUEST_SECONDS, trust_env=False)
    except httpx.RequestError as error:
        raise CheckFailedError(f"{plain}: {error or type(error).__name__}") from None
    target = answer.headers.get("Location", "")
    if not answer.is_redirect or not target.startswith("https://"):
        raise CheckFailedError(f"{plain} is answered with status {answer.status_code}, not with a redirect to HTTPS")
    return f"{answer.status_code} to {target}"


def _public(place: SmokeTarget) -> httpx.URL:
    if place.public_url is None:
        raise CheckSkippedError("no ingress")
    url = httpx.URL(place.public_url)
    if url.scheme != "https":
        raise CheckSkippedError("no TLS")
    return url
