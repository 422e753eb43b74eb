"""Resolving a tag at a real registry, with each way to log in, and at registries that lie, limit or fail."""

import base64
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, Response, request

from flagops.commands.images.credentials import Login, login_for
from flagops.commands.images.names import ImageAddress, place
from flagops.commands.images.registry import LARGEST, Registry, Resolved
from flagops.errors import OpsError
from tests.certificates import tls_secret
from tests.registries import (
    DOCKER_LIST,
    OCI_INDEX,
    PASSWORD,
    USER,
    DockerRegistry,
    TokenServer,
    digest_of,
    htpasswd_auth,
    running,
)
from tests.servers import LOOPBACK
from tests.serving import serving

PLATFORMS = ("linux/amd64", "linux/arm64/v8")


def resolve(full_name: str, login: Callable[[str], Login | None] = login_for) -> Resolved:
    asked = place(full_name)
    registry = Registry(asked, login, longest_wait=0.05)
    try:
        return registry.resolve(asked)
    finally:
        registry.close()


def write_docker_config(home: Path, content: object) -> None:
    home.mkdir(exist_ok=True)
    (home / "config.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """The directory of Docker's configuration, which is empty."""
    return tmp_path / "docker"


@pytest.mark.parametrize("is_docker", [False, True], ids=["OCI", "Docker"])
def test_an_index_is_resolved_to_its_own_digest_and_its_platforms(registry: DockerRegistry, *, is_docker: bool) -> None:
    pushed = registry.push("several", f"1-{is_docker}", platforms=PLATFORMS, docker=is_docker)
    found = resolve(f"{registry.host}/several:1-{is_docker}")
    assert found == Resolved(pushed, PLATFORMS), "attestations are no platform"


@pytest.mark.parametrize("is_docker", [False, True], ids=["OCI", "Docker"])
def test_an_image_of_one_platform_is_resolved_with_the_one_of_its_configuration(
    registry: DockerRegistry, *, is_docker: bool
) -> None:
    pushed = registry.push("single/image", f"1-{is_docker}", platforms=("linux/arm/v7",), docker=is_docker)
    assert resolve(f"{registry.host}/single/image:1-{is_docker}") == Resolved(pushed, ("linux/arm/v7",))


def test_the_digest_alone_is_asked_for_without_a_pull(registry: DockerRegistry) -> None:
    pushed = registry.push("cheap", "1", platforms=PLATFORMS)
    asked = place(f"{registry.host}/cheap:1")
    opened = Registry(asked, login_for)
    assert opened.digest(asked) == pushed
    opened.close()


def test_a_tag_that_is_not_there_is_named(registry: DockerRegistry) -> None:
    registry.push("known", "1", platforms=PLATFORMS)
    with pytest.raises(OpsError, match=f"{registry.host} has no known:2"):
        resolve(f"{registry.host}/known:2")
    with pytest.raises(OpsError, match=f"{registry.host} has no unknown:1"):
        resolve(f"{registry.host}/unknown:1")


@contextmanager
def guarded(registry: DockerRegistry, auth: dict[str, object]) -> Iterator[DockerRegistry]:
    """A registry with the images of `registry` that asks for a log-in."""
    with running(DockerRegistry(registry.home, auth=auth)) as started:
        yield started


def test_basic_authentication_with_the_log_in_that_docker_keeps(
    registry: DockerRegistry, tmp_path: Path, docker: Path
) -> None:
    pushed = registry.push("closed", "1", platforms=PLATFORMS)
    with guarded(registry, htpasswd_auth(tmp_path)) as closed:
        name = f"{closed.host}/closed:1"
        with pytest.raises(OpsError, match=r"does not let you read closed \(status 401\)") as caught:
            resolve(name)
        assert f"docker login {closed.host}" in (caught.value.hint or "")
        auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        write_docker_config(docker, {"auths": {f"https://{closed.host}/v1/": {"auth": auth}}})
        assert resolve(name).digest == pushed
        wrong = base64.b64encode(f"{USER}:hunter2".encode()).decode()
        write_docker_config(docker, {"auths": {closed.host: {"auth": wrong}}})
        with pytest.raises(OpsError, match="does not let you read closed") as caught:
            resolve(name)
        assert "hunter2" not in str(caught.value) + str(caught.value.hint)


@pytest.fixture
def tokens(registry: DockerRegistry, tmp_path: Path) -> Iterator[tuple[TokenServer, DockerRegistry]]:
    """A server of tokens, and a registry that believes in them."""
    server = TokenServer()
    with server.running(), guarded(registry, server.auth(tmp_path)) as closed:
        yield server, closed


def test_a_public_image_is_resolved_with_a_token_for_anybody(
    registry: DockerRegistry, tokens: tuple[TokenServer, DockerRegistry]
) -> None:
    pushed = registry.push("public/image", "1", platforms=PLATFORMS)
    server, closed = tokens
    assert resolve(f"{closed.host}/public/image:1").digest == pushed
    assert server.asked == [("anonymous", "repository:public/image:pull")]


def test_a_private_image_needs_the_log_in_and_a_token_for_nothing_is_refused(
    registry: DockerRegistry, tokens: tuple[TokenServer, DockerRegistry], docker: Path
) -> None:
    pushed = registry.push("private", "1", platforms=PLATFORMS)
    server, closed = tokens
    with pytest.raises(OpsError, match=r"does not let you read private \(status 401\)"):
        resolve(f"{closed.host}/private:1")
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    write_docker_config(docker, {"auths": {closed.host: {"auth": auth}}})
    assert resolve(f"{closed.host}/private:1").digest == pushed
    write_docker_config(docker, {"auths": {closed.host: {"identitytoken": server.identity_token}}})
    assert resolve(f"{closed.host}/private:1").digest == pushed
    assert [who for who, _ in server.asked] == ["anonymous", "password", "identity token"]


def test_a_log_in_that_the_token_server_refuses_is_said_to_be(
    registry: DockerRegistry, tokens: tuple[TokenServer, DockerRegistry], docker: Path
) -> None:
    registry.push("private", "1", platforms=PLATFORMS)
    wrong = base64.b64encode(f"{USER}:hunter2".encode()).decode()
    write_docker_config(docker, {"auths": {tokens[1].host: {"auth": wrong}}})
    with pytest.raises(OpsError, match="gives the log-in that Docker keeps for it no token") as caught:
        resolve(f"{tokens[1].host}/private:1")
    assert "hunter2" not in str(caught.value)


def helper(directory: Path, name: str, script: str) -> None:
    path = directory / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize("key", ["credHelpers", "credsStore"])
def test_dockers_credential_helpers_are_asked(
    registry: DockerRegistry, tmp_path: Path, docker: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    pushed = registry.push("closed", "1", platforms=PLATFORMS)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with guarded(registry, htpasswd_auth(tmp_path)) as closed:
        answer = json.dumps({"ServerURL": closed.host, "Username": USER, "Secret": PASSWORD})
        helper(tmp_path, "tests", f"test \"$(cat)\" = {closed.host} && test $1 = get && echo '{answer}'")
        write_docker_config(docker, {key: {closed.host: "tests"} if key == "credHelpers" else "tests"})
        assert resolve(f"{closed.host}/closed:1").digest == pushed


def test_what_a_helper_cannot_do_is_said(tmp_path: Path, docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    write_docker_config(docker, {"credHelpers": {"r.example.com": "tests"}})
    with pytest.raises(
        OpsError, match=r"docker-credential-tests, which .* names for r\.example\.com, is not on the PATH"
    ):
        login_for("r.example.com")
    helper(tmp_path, "tests", "echo 'credentials not found in native keychain'; exit 1")
    assert login_for("r.example.com") is None
    helper(tmp_path, "tests", "echo 'the keychain is locked' >&2; exit 1")
    with pytest.raises(OpsError, match=r"fails for r\.example\.com: the keychain is locked"):
        login_for("r.example.com")
    helper(tmp_path, "tests", "echo nonsense")
    with pytest.raises(OpsError, match="gives no user and secret"):
        login_for("r.example.com")
    helper(tmp_path, "tests", """echo '{"Username": "<token>", "Secret": "abc"}'""")
    assert login_for("r.example.com") == Login(identity_token="abc")
    assert login_for("other.example.com") is None


def test_the_log_in_to_docker_hub_is_found_under_the_name_that_docker_keeps_it(docker: Path) -> None:
    auth = base64.b64encode(b"somebody:pass:word").decode()
    write_docker_config(docker, {"auths": {"https://index.docker.io/v1/": {"auth": auth}}})
    assert login_for("docker.io") == Login("somebody", "pass:word")
    assert "pass" not in repr(login_for("docker.io"))


@pytest.mark.parametrize("content", ["{", "[]", '{"auths": {"docker.io": {"auth": "bm90aGluZw=="}}}'])
def test_a_broken_configuration_of_docker_is_named(docker: Path, content: str) -> None:
    docker.mkdir()
    (docker / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(OpsError, match=r"config\.json"):
        login_for("docker.io")


def test_names_lead_to_their_registries() -> None:
    assert place("docker.io/library/postgres:17") == ImageAddress("docker.io", "library/postgres", "17")
    assert place("docker.io/library/postgres:17").api == "https://registry-1.docker.io"
    assert place("quay.io/a/b:1").api == "https://quay.io"
    assert place("registry.example.com:5000/b:1").api == "https://registry.example.com:5000"
    assert place("localhost:5000/b:1").api == "http://localhost:5000"
    assert place("127.0.0.1/b:1").api == "http://127.0.0.1"
    assert place("127.0.0.1.example.com/b:1").api == "https://127.0.0.1.example.com"


Answer = Callable[[int], Response]


@contextmanager
def double(answer: Answer, ssl_context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A registry that answers as `answer` says, which is told the number of the request."""
    app, count = Flask("registry"), [0]

    @app.route("/<path:_>")
    def _any(_: str) -> Response:
        count[0] += 1
        return answer(count[0])

    with serving(app, ssl_context) as port:
        yield f"{LOOPBACK}:{port}"


INDEX = json.dumps({"manifests": [{"platform": {"os": "linux", "architecture": "amd64"}}]}).encode()


def index(content: bytes = INDEX, kind: str = OCI_INDEX, digest: str | None = None) -> Response:
    return Response(content, content_type=kind, headers={"Docker-Content-Digest": digest} if digest else {})


def test_a_registry_that_says_another_digest_than_it_sends_is_not_believed() -> None:
    lie = "sha256:" + "0" * 64
    message = f"says that a/b:1 is {lie}, and sends something else, {digest_of(INDEX)}"
    with double(lambda _: index(digest=lie)) as host, pytest.raises(OpsError, match=message):
        resolve(f"{host}/a/b:1")


def test_a_registry_that_says_no_digest_is_taken_by_what_it_sends() -> None:
    with double(lambda _: index(kind=DOCKER_LIST)) as host:
        assert resolve(f"{host}/a/b:1") == Resolved(digest_of(INDEX), ("linux/amd64",))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_registry_is_asked_again(status: int) -> None:
    with double(lambda count: index() if count > 2 else Response(status=status, headers={"Retry-After": "0"})) as host:
        assert resolve(f"{host}/a/b:1").digest == digest_of(INDEX)


def test_a_registry_that_stays_broken_is_given_up() -> None:
    asked = []

    def fail(count: int) -> Response:
        asked.append(count)
        return Response(status=503)

    with double(fail) as host, pytest.raises(OpsError, match=f"{host} answers 503") as caught:
        resolve(f"{host}/a/b:1")
    assert len(asked) == 4
    assert "Nothing was changed" in (caught.value.hint or "")
    with pytest.raises(OpsError, match=f"{host} cannot be asked"):
        resolve(f"{host}/a/b:1")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda _: index(kind="application/vnd.docker.distribution.manifest.v1+prettyjws"), "which no container can"),
        (lambda _: index(content=b"[]"), "does not answer with JSON for a/b:1"),
        (lambda _: index(content=b"<html>"), "does not answer with JSON for a/b:1"),
        (lambda _: index(content=b'{"manifests": []}'), "names no platform"),
        (lambda _: index(content=b"a" * (LARGEST + 1)), f"sends more than {LARGEST} bytes"),
        (lambda _: Response(status=403), r"does not let you read a/b \(status 403\)"),
        (lambda _: Response(status=410), "answers 410 for a/b:1"),
        (lambda _: Response(status=401, headers={"WWW-Authenticate": "Negotiate"}), "asks for negotiate to log in"),
        (
            lambda _: Response(status=401, headers={"WWW-Authenticate": 'Bearer realm="http://tokens.example.com/t"'}),
            "sends to 'http://tokens.example.com/t' for a token, which is not HTTPS",
        ),
    ],
)
def test_what_is_no_image_is_refused(answer: Answer, message: str) -> None:
    with double(answer) as host, pytest.raises(OpsError, match=message):
        resolve(f"{host}/a/b:1")


def test_the_log_in_is_not_sent_to_where_a_registry_redirects() -> None:
    seen: list[str | None] = []

    def elsewhere(_: int) -> Response:
        seen.append(request.headers.get("Authorization"))
        return index()

    with double(elsewhere) as target:

        def answer(_: int) -> Response:
            if request.authorization is None:
                return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            return Response(status=307, headers={"Location": f"http://{target}/v2/a/b/manifests/1"})

        with double(answer) as host:
            resolve(f"{host}/a/b:1", lambda _: Login(USER, PASSWORD))
    assert seen == [None]


def test_a_certificate_that_is_not_trusted_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tls_secret(LOOPBACK, datetime.now(UTC) + timedelta(days=1))["data"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).write_bytes(base64.b64decode(data[name]))
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    monkeypatch.setattr(ImageAddress, "api", property(lambda self: f"https://{self.registry}"))
    message = f"The certificate of {LOOPBACK}:.* is not trusted"
    with double(lambda _: index(), context) as host, pytest.raises(OpsError, match=message) as caught:
        resolve(f"{host}/a/b:1")
    assert "SSL_CERT_FILE" in (caught.value.hint or "")
