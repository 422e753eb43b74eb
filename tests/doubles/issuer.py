"""An issuer of ID tokens on loopback, by HTTPS with a certificate authority of its own."""

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY_ID = "one"
LOOPBACK = "127.0.0.1"


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass
class Issuer:
    """Whose tokens are asked for.

    Attributes:
        url: Its address, which is also the tokens' `iss`.
        bundle: The file with its authority's certificate.
        asked: The audiences that a pipeline asked a token for.
    """

    url: str
    bundle: Path
    key: rsa.RSAPrivateKey
    asked: list[str]

    def token(self, audience: object, *, lives: float = 300, key: rsa.RSAPrivateKey | None = None, **more: Any) -> str:
        """A signed token; with another `key`, one that somebody forged."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": audience, "sub": "repo:example/flags", "iat": now, "exp": now + int(lives)}
        parts = [{"alg": "RS256", "typ": "JWT", "kid": KEY_ID}, claims | more]
        signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
        signature = (key or self.key).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{encoded(signature)}"

    def answer(self, path: str) -> dict[str, Any] | None:
        """What is at a path."""
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}
        if path == "/jwks":
            numbers = self.key.public_key().public_numbers()
            shown = {
                name: encoded(number.to_bytes((number.bit_length() + 7) // 8, "big"))
                for name, number in (("n", numbers.n), ("e", numbers.e))
            }
            return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, **shown}]}
        return None


@contextmanager
def issuing(home: Path, port: int = 0) -> Iterator[Issuer]:
    """Serve it; its authority's certificate is written below `home`."""
    authority = trustme.CA()
    bundle = home / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    issuer = Issuer("", bundle, rsa.generate_private_key(65537, 2048), [])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = issuer.answer(self.path)
            data = json.dumps(found or {}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(LOOPBACK).configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    issuer.url = f"https://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
