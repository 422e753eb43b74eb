"""A pipeline's ID token is exchanged for an access token; what is wrong with it is said, and it is shown nowhere."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from typer.testing import Result

from flagops.commands.flags.history import applies
from flagops.commands.flags.history.log import is_same_actor, log_entry
from flagops.flagsmith_api import oidc
from tests.doubles.flagsmith import Flagsmith, serve
from tests.doubles.issuer import Issuer, issuing
from tests.recording import ROOT

Run = Callable[..., Result]
AUDIENCE = "https://flags.example.com"
EXAMPLE = str(ROOT / "flags" / "catalogue.yaml")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with issuing(tmp_path_factory.mktemp("issuer")) as made:
        yield made


@pytest.fixture
def flagsmith(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flagsmith]:
    for name in ("FLAGSMITH_API_KEY", oidc.TOKEN, oidc.TOKEN_FILE, oidc.AUDIENCE, oidc.GITHUB_URL, oidc.GITHUB_TOKEN):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(issuer.bundle))
    double = Flagsmith(project="FootAnalytics")
    double.add_environments("development", "staging", "production")
    rules = [{"claim": "sub", "values": ["repo:example/*"]}]
    double.database.insert("trust_relationships", issuer=issuer.url, audience=AUDIENCE, claim_rules=rules)
    with serve(double):
        yield double


def test_a_token_in_a_variable_applies_a_catalogue(
    flagsmith: Flagsmith, issuer: Issuer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token(AUDIENCE)
    monkeypatch.setenv(oidc.TOKEN, token)
    done = run("flags", "apply", EXAMPLE, "--url", flagsmith.url, "--yes")
    assert done.exit_code == 0, done.stderr
    assert flagsmith.requests["POST", oidc.PATH] == 1
    assert all(secret not in done.output for secret in (token, *flagsmith.database.access_tokens))
    assert run("flags", "plan", EXAMPLE, "--url", flagsmith.url).exit_code == 0


def test_who_acts_with_a_token_is_the_trust_relationship(
    flagsmith: Flagsmith, issuer: Issuer, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The database's log says it of each entry, so that it is told from any other key."""
    monkeypatch.setenv(oidc.TOKEN, issuer.token(AUDIENCE))
    (trust,) = flagsmith.database.rows("trust_relationships")
    record = tmp_path / "applies"
    assert run("flags", "apply", EXAMPLE, "--url", flagsmith.url, "--yes", "--record", str(record)).exit_code == 0
    (found,) = applies.of_file(record)
    assert found.actor == ("api-key", f"trust-{trust['id']}")
    row = {"kind": "flag", "name": "x", "environment": "production", "at": "2027-03-01T02:00:00Z", "what": "on"}
    by_trust = {**row, "email": None, "key": "Trust relationship: ci", "prefix": "aEjdbhpa", "trust": trust["id"]}
    assert is_same_actor(log_entry(by_trust).actor, found.actor)
    assert log_entry(by_trust).who == "a pipeline or pod by Trust relationship: ci"
    for other in ({**by_trust, "trust": 99}, {**by_trust, "trust": None}):
        assert not is_same_actor(log_entry(other).actor, found.actor)
    token = "no.token.at-all"
    monkeypatch.setattr("tests.doubles.flagsmith.trust._access_token", lambda *_: token)
    assert run("flags", "plan", EXAMPLE, "--url", flagsmith.url).exit_code == 0, "whatever its form is"


def test_a_pods_projected_token_is_read_from_its_file(
    flagsmith: Flagsmith, issuer: Issuer, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    path.write_text(issuer.token([AUDIENCE]) + "\n", encoding="ascii")
    monkeypatch.setenv(oidc.TOKEN_FILE, str(path))
    assert run("flags", "plan", EXAMPLE, "--url", flagsmith.url).exit_code == 2
    path.unlink()
    done = run("flags", "plan", EXAMPLE, "--url", flagsmith.url)
    assert done.exit_code == 1
    assert f"{path} ({oidc.TOKEN_FILE}) cannot be read: No such file" in done.stderr


def test_github_is_asked_for_a_token_of_the_audience(
    flagsmith: Flagsmith, issuer: Issuer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str | None]] = []

    class GitHub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            audience = parse_qs(urlsplit(self.path).query)["audience"][0]
            asked.append((self.path, self.headers["Authorization"]))
            data = json.dumps({"value": issuer.token(audience)}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), GitHub) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        monkeypatch.setenv(oidc.AUDIENCE, AUDIENCE)
        monkeypatch.setenv(oidc.GITHUB_URL, f"http://127.0.0.1:{server.server_port}/token?api-version=2.0")
        monkeypatch.setenv(oidc.GITHUB_TOKEN, "for-the-job")
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")  # which would get the job's token, and answers nobody
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        done = run("flags", "plan", EXAMPLE, "--url", flagsmith.url)
        server.shutdown()
        thread.join()
    assert done.exit_code == 2, done.stderr
    ((path, bearer),) = asked
    assert path.startswith("/token?api-version=2.0&audience=")
    assert bearer == "Bearer for-the-job"


def test_a_job_without_the_permission_is_told_of_it(
    flagsmith: Flagsmith, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(oidc.AUDIENCE, AUDIENCE)
    done = run("flags", "plan", EXAMPLE, "--url", flagsmith.url)
    assert done.exit_code == 1
    assert "permissions: {id-token: write}" in done.stderr


def test_what_is_wrong_with_a_token_is_said(
    flagsmith: Flagsmith, issuer: Issuer, run: Run, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    other = rsa.generate_private_key(65537, 2048)
    cases = {
        "another audience": (issuer.token("elsewhere"), "audience 'elsewhere'"),
        "another subject": (issuer.token(AUDIENCE, sub="repo:other/flags"), "subject 'repo:other/flags'"),
        "an unknown issuer": (issuer.token(AUDIENCE, iss="https://nobody.example"), "No trust relationship matches"),
        "expired": (issuer.token(AUDIENCE, lives=-60), "The ID token expired 6"),
        "forged": (issuer.token(AUDIENCE, key=other), "Token validation failed."),
        "no token": ("no-token", "is not a JSON Web Token"),
    }
    for name, (token, said) in cases.items():
        with subtests.test(name):
            monkeypatch.setenv(oidc.TOKEN, token)
            done = run("flags", "plan", EXAMPLE, "--url", flagsmith.url)
            assert done.exit_code == 1
            assert said in done.stderr
            assert token not in done.output


def test_an_authority_that_flagsmith_does_not_know_is_said(
    flagsmith: Flagsmith, issuer: Issuer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(oidc.TOKEN, issuer.token(AUDIENCE))
    monkeypatch.delenv("SSL_CERT_FILE")
    done = run("flags", "plan", EXAMPLE, "--url", flagsmith.url)
    assert done.exit_code == 1
    assert "Unable to resolve issuer signing keys." in done.stderr
    assert "Flagsmith must reach the issuer by HTTPS" in done.stderr


@pytest.mark.parametrize("with_ui", [True, False])
def test_a_server_that_is_too_old_is_said(
    flagsmith: Flagsmith, issuer: Issuer, run: Run, monkeypatch: pytest.MonkeyPatch, with_ui: bool
) -> None:
    flagsmith.with_ui, flagsmith.version = with_ui, "2.262.0"
    flagsmith.replaced[oidc.PATH] = "/nothing/of/that/"
    monkeypatch.setenv(oidc.TOKEN, issuer.token(AUDIENCE))
    done = run("flags", "plan", EXAMPLE, "--url", flagsmith.url)
    assert done.exit_code == 1
    assert "came with Flagsmith 2.263.0" in done.stderr


@pytest.mark.parametrize(
    ("status", "said"), [(403, "The exchange of the ID token is forbidden"), (404, "which takes ID tokens")]
)
def test_what_a_proxy_answers_is_not_told_as_an_old_server(
    flagsmith: Flagsmith, issuer: Issuer, run: Run, monkeypatch: pytest.MonkeyPatch, status: int, said: str
) -> None:
    flagsmith.failing[oidc.PATH] = status
    monkeypatch.setenv(oidc.TOKEN, issuer.token(AUDIENCE))
    done = run("flags", "plan", EXAMPLE, "--url", flagsmith.url)
    assert done.exit_code == 1
    assert said in done.stderr
    assert oidc.PATH in done.stderr
    assert "came with Flagsmith 2.263.0" not in done.stderr


@pytest.mark.parametrize("url", ["http://tokens.example.com/x", "ftp://127.0.0.2/x"])
def test_githubs_address_is_asked_by_https_alone(
    flagsmith: Flagsmith, run: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(oidc.AUDIENCE, AUDIENCE)
    monkeypatch.setenv(oidc.GITHUB_URL, url)
    monkeypatch.setenv(oidc.GITHUB_TOKEN, "for-the-job")
    done = run("flags", "plan", EXAMPLE, "--url", flagsmith.url)
    assert done.exit_code == 1
    assert f"{oidc.GITHUB_URL} is not https://" in done.stderr
    assert "for-the-job" not in done.output


def test_two_ways_in_are_one_too_many(
    flagsmith: Flagsmith, issuer: Issuer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(oidc.TOKEN, issuer.token(AUDIENCE))
    monkeypatch.setenv("FLAGSMITH_API_KEY", "a-key.of-somebody")
    done = run("flags", "plan", EXAMPLE, "--url", flagsmith.url)
    assert done.exit_code == 1
    assert "There are two ways into" in done.stderr
    assert flagsmith.requests.total() == 0


def test_smoke_tests_log_in_with_a_token_too(
    flagsmith: Flagsmith, issuer: Issuer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(oidc.TOKEN, issuer.token(AUDIENCE))
    done = run("smoke", "--url", flagsmith.url, "--environment", "staging", "--json")
    found = {item["name"]: item["outcome"] for item in json.loads(done.stdout)}
    assert flagsmith.requests["POST", oidc.PATH] == 1
    assert found["log-in"] == "passed", done.output
