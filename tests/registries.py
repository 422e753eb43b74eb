"""Real registries on loopback (Debian's docker-registry), images to push, and a server that gives tokens."""

import base64
import hashlib
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from flask import Flask, Response, jsonify, request
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed
from werkzeug.serving import make_server

from tests.servers import LOOPBACK, free_port

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
USER, PASSWORD = "reader", "only-for-tests"
# `htpasswd -nbBC 4 reader only-for-tests`
HTPASSWD = "reader:$2y$04$gCHCZn7enQhdEz6zPNmTbujOcCkuqZyn1YaWnYPCGgMqIdXhKgTx.\n"
SERVICE, ISSUER = "registry", "tests"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class DockerRegistry:
    """A registry that keeps what it has in `home`; two may share that, one of which asks for a log-in.

    Attributes:
        auth: The section `auth` of its configuration; none lets everybody push.
    """

    home: Path
    auth: Mapping[str, Any] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def host(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def start(self) -> None:
        program = shutil.which("docker-registry")
        if program is None:
            pytest.skip("docker-registry is not installed: sudo apt-get install docker-registry")
        self.home.mkdir(exist_ok=True)
        config = {
            "version": "0.1",
            "storage": {"filesystem": {"rootdirectory": str(self.home / "data")}},
            "http": {"addr": self.host},
            **({"auth": dict(self.auth)} if self.auth else {}),
        }
        path = self.home / f"{self.port}.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        with (self.home / f"{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen([program, "serve", str(path)], stdout=log, stderr=log)
        self._answers()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def push(self, repository: str, tag: str, *, platforms: tuple[str, ...], docker: bool = False) -> str:
        """Push an image for each platform, and an index of them if there are more; what the tag is then."""
        kind, index_kind = (DOCKER_MANIFEST, DOCKER_LIST) if docker else (OCI_MANIFEST, OCI_INDEX)
        manifests = [self._push_platform(repository, tag, platform, kind) for platform in platforms]
        if len(manifests) == 1:
            return self.put_manifest(repository, tag, manifests[0]["content"], kind)
        entries = [{key: value for key, value in item.items() if key != "content"} for item in manifests]
        if not docker:
            # What build tools list beside the images.
            attestation = {**entries[0], "platform": {"os": "unknown", "architecture": "unknown"}}
            entries.append(attestation)
        index = {"schemaVersion": 2, "mediaType": index_kind, "manifests": entries}
        return self.put_manifest(repository, tag, json.dumps(index).encode(), index_kind)

    def put_manifest(self, repository: str, tag: str, content: bytes, kind: str) -> str:
        answer = self._put(f"/v2/{repository}/manifests/{tag}", content, kind)
        assert answer.headers["Docker-Content-Digest"] == digest_of(content)
        return digest_of(content)

    def _push_platform(self, repository: str, tag: str, platform: str, kind: str) -> dict[str, Any]:
        system, architecture, *variant = platform.split("/")
        described = {"os": system, "architecture": architecture, **({"variant": variant[0]} if variant else {})}
        config = json.dumps({**described, "config": {"Labels": {"tag": tag}}, "rootfs": {"type": "layers"}}).encode()
        layer = f"{repository} {tag} {platform}".encode()
        is_docker = kind == DOCKER_MANIFEST
        manifest = {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": self._blob(repository, config, _kind("config", docker=is_docker)),
            "layers": [self._blob(repository, layer, _kind("layer", docker=is_docker))],
        }
        content = json.dumps(manifest).encode()
        self.put_manifest(repository, digest_of(content), content, kind)
        entry = {"mediaType": kind, "digest": digest_of(content), "size": len(content), "platform": described}
        return {**entry, "content": content}

    def _blob(self, repository: str, content: bytes, kind: str) -> dict[str, Any]:
        started = httpx.post(f"http://{self.host}/v2/{repository}/blobs/uploads/", trust_env=False)
        assert started.status_code == httpx.codes.ACCEPTED, started.text
        place = httpx.URL(started.headers["Location"]).copy_merge_params({"digest": digest_of(content)})
        done = httpx.put(place, content=content, trust_env=False)
        assert done.status_code == httpx.codes.CREATED, done.text
        return {"mediaType": kind, "digest": digest_of(content), "size": len(content)}

    def _put(self, path: str, content: bytes, kind: str) -> httpx.Response:
        url, headers = f"http://{self.host}{path}", {"Content-Type": kind}
        answer = httpx.put(url, content=content, headers=headers, trust_env=False)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return answer

    @retry(stop=stop_after_delay(20), wait=wait_fixed(0.05), retry=retry_if_exception_type(httpx.TransportError))
    def _answers(self) -> None:
        assert self.process is not None
        assert self.process.poll() is None, (self.home / f"{self.port}.log").read_text()[-2000:]
        httpx.get(f"http://{self.host}/v2/", trust_env=False)


def _kind(part: str, *, docker: bool) -> str:
    if docker:
        return {
            "config": "application/vnd.docker.container.image.v1+json",
            "layer": "application/vnd.docker.image.rootfs.diff.tar.gzip",
        }[part]
    return {
        "config": "application/vnd.oci.image.config.v1+json",
        "layer": "application/vnd.oci.image.layer.v1.tar+gzip",
    }[part]


@contextmanager
def running(registry: DockerRegistry) -> Iterator[DockerRegistry]:
    registry.start()
    try:
        yield registry
    finally:
        registry.stop()


def htpasswd_auth(directory: Path) -> dict[str, Any]:
    """A registry's `auth` for the one user by Basic authentication."""
    path = directory / "htpasswd"
    path.write_text(HTPASSWD, encoding="utf-8")
    return {"htpasswd": {"realm": "tests", "path": str(path)}}


class TokenServer:
    """Gives tokens to pull: to anybody for repositories below `public/`, to the one user for all.

    Attributes:
        asked: How each token was asked for: `anonymous`, `password` or `identity token`, with the scope.
        identity_token: What it takes in place of a password.
    """

    identity_token = "an-identity-token-only-for-tests"

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._certificate = _self_signed(self._key)
        self._app = Flask("tokens")
        self._app.add_url_rule("/token", view_func=self._answer, methods=["GET", "POST"])

    @contextmanager
    def running(self) -> Iterator[None]:
        self._server = make_server(LOOPBACK, 0, self._app, threaded=True)
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def auth(self, directory: Path) -> dict[str, Any]:
        """The `auth` of a registry that sends here for tokens."""
        bundle = directory / "tokens.crt"
        bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        realm = f"http://{LOOPBACK}:{self._server.server_port}/token"
        return {"token": {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(bundle)}}

    def _answer(self) -> Response | tuple[Response, int]:
        scope = request.values.get("scope", "")
        if request.method == "POST":
            assert request.form["grant_type"] == "refresh_token"
            assert request.form["client_id"]
            who = "identity token" if request.form["refresh_token"] == self.identity_token else "nobody"
        elif request.authorization is None:
            who = "anonymous"
        else:
            given = (request.authorization.username, request.authorization.password)
            who = "password" if given == (USER, PASSWORD) else "nobody"
        self.asked.append((who, scope))
        if who == "nobody" or request.values.get("service") != SERVICE:
            return jsonify({"details": "incorrect username or password"}), 401
        kind, name, actions = scope.split(":")
        may = who != "anonymous" or name.startswith("public/")
        access = [{"type": kind, "name": name, "actions": actions.split(",")}] if may else []
        key = "access_token" if request.method == "POST" else "token"
        return jsonify({key: self._signed(access)})

    def _signed(self, access: list[dict[str, Any]]) -> str:
        chain = base64.b64encode(self._certificate.public_bytes(serialization.Encoding.DER)).decode()
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": ISSUER, "sub": "", "aud": SERVICE, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1"}
        parts = [{"typ": "JWT", "alg": "RS256", "x5c": [chain]}, {**claims, "access": access}]
        text = ".".join(_url_safe(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_url_safe(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _url_safe(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(minutes=5)).not_valid_after(now + timedelta(hours=1))
    return builder.sign(key, hashes.SHA256())
