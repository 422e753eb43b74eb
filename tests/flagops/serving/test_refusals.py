"""What is wrong with a request, or with the command, gets one clear answer."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from flagops.commands.flags.serve import ready
from flagops.commands.flags.serve.sources import source
from flagops.errors import BadInputError
from flagops.serving.http.body import MOST_BYTES
from flagops.serving.server.state import ServedState
from tests.flagops.commands.flags.support import Run
from tests.flagops.serving.support import EXAMPLE, SECONDS, Served, events, wait_until

IDENTITIES = "api/v1/identities/"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"\xff", 400, "JSON parse error - 'utf-8' codec can't decode"),
        (b"[1]", 400, "Invalid data. Expected a dictionary, but got list."),
        (b'{"identifier": {}}', 400, "Not a valid string."),
        (b'{"identifier": "a", "traits": 1}', 400, 'Expected a list of items but got type \\"int\\".'),
        (b'{"identifier": "a", "traits": [{"trait_key": "x"}]}', 400, '{"trait_value":["This field is required."]}'),
        (b'{"identifier": "a", "traits": [1]}', 400, "Expected a dictionary, but got int."),
        (b"[" * 200 + b"]" * 200, 400, "The body goes more than 100 levels deep."),
        (b'{"identifier": "' + b"x" * MOST_BYTES + b'"}', 413, "The body has more than 1 MiB"),
        (b'{"identifier": "' + b"x" * 3000 + b'"}', 400, "Ensure this field has no more than 2000 characters."),
    ],
)
def test_a_body_that_is_wrong_is_refused_with_the_reason(example: Served, body: bytes, status: int, said: str) -> None:
    headers = {"Content-Type": "application/json"}
    found = example.ask("POST", IDENTITIES, example.key(), content=body, headers=headers)
    assert found.status_code == status
    assert said in found.text


def test_forms_and_other_methods_are_refused_as_by_flagsmith(example: Served) -> None:
    form = example.ask("POST", IDENTITIES, example.key(), data={"identifier": "anna"})
    assert (form.status_code, form.json()["detail"]) == (
        415,
        'Unsupported media type "application/x-www-form-urlencoded" in request.',
    )
    other = example.ask("DELETE", "api/v1/flags/", example.key())
    assert (other.status_code, other.json()) == (405, {"detail": 'Method "DELETE" not allowed.'})
    assert example.get("api/v1/nothing/").status_code == 404


@pytest.mark.parametrize(
    "path", ["api/v1/flags/", IDENTITIES, "api/v1/environment-document/", "sse/environments/x/stream"]
)
@pytest.mark.parametrize("host", ["flags.example.org", "127.0.0.1.example.org:80", "", "localhost.", "[::2]:80"])
def test_another_host_s_name_is_refused(example: Served, path: str, host: str) -> None:
    found = example.get(path, example.key(), headers={"Host": host})
    assert found.status_code in (400, 403)
    assert "feature" not in found.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST"])
def test_the_machine_s_own_names_are_answered(example: Served, host: str) -> None:
    port = example.url.rstrip("/").rpartition(":")[2]
    for name in (host, f"{host}:{port}"):
        assert example.get("api/v1/flags/", example.key(), headers={"Host": name}).status_code == 200


def test_pages_of_other_origins_may_read_flags_and_nothing_of_a_server_side_key(example: Served) -> None:
    origin = {"Origin": "http://app.example.org"}
    found = example.get("api/v1/flags/", example.key(), headers=origin)
    assert found.headers["Access-Control-Allow-Origin"] == "*"
    assert found.headers["Access-Control-Expose-Headers"] == "Retry-After, X-Flagsmith-Document-Updated-At, ETag"
    for path in ("api/v1/flags/", "api/v1/environment-document/"):
        secret = example.get(path, example.key(server_side=True), headers=origin)
        assert (secret.status_code, secret.headers.get("Access-Control-Allow-Origin")) == (200, None)
    asked = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-environment-key"}
    preflight = example.ask("OPTIONS", IDENTITIES, headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "x-environment-key" in preflight.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Private-Network" not in preflight.headers


def test_a_port_in_use_is_said(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("flags", "serve", "--port", str(taken.getsockname()[1]))
    assert done.exit_code == 1
    assert f"The port {taken_port(done.stderr)} of 127.0.0.1 cannot be used: Address already in use." in done.stderr
    assert "--port 0" in done.stderr


def taken_port(text: str) -> str:
    return text.partition("The port ")[2].partition(" ")[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("serve", "nowhere.yaml", "--port", "0"), "There is no catalogue at nowhere.yaml."),
        (("serve", "--from", "nowhere.json", "--port", "0"), "There is no document at nowhere.json."),
        (("document", "-e", "qa"), "There is no environment 'qa'; there are: development, staging, production."),
        (
            ("serve", "--port", "0", "--ready-file", "/nowhere/ready"),
            "/nowhere/ready of --ready-file cannot be written",
        ),
        (("document", "-e", "production", "--from", "README.md"), "README.md:1: this is not valid JSON"),
    ],
)
def test_the_command_says_what_is_wrong(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run("flags", *words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr


def written(path: Path, change: Callable[[dict[str, Any]], object], start: str = "") -> Path:
    """The document of production with a change, saved."""
    loaded = source(EXAMPLE, None).load()
    found: dict[str, Any] = json.loads(json.dumps(loaded.environments[-1].document))
    changed = change(found)
    path.write_text(start + json.dumps(found if changed is None else changed), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: [], "it is []: it must be a mapping."),
        (lambda found: found.update(name=""), "name is '': it must not be empty."),
        (lambda found: found.update(api_key=""), "api_key is '': it must not be empty."),
        (lambda found: found.pop("project"), "project is missing."),
        (
            lambda found: found["feature_states"].append(found["feature_states"][0]),
            "has the flag 'ml_model_v2_enabled' twice; remove one.",
        ),
    ],
)
def test_a_file_that_is_no_document_is_said(
    run: Run, tmp_path: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    def only_changed(found: dict[str, Any]) -> object:
        changed = change(found)
        return changed if isinstance(changed, list) else None

    path = written(tmp_path / "production.json", only_changed)
    done = run("flags", "document", "-e", "production", "--from", str(path))
    assert (done.exit_code, done.stdout) == (1, "")
    assert str(path) in done.stderr
    assert said in done.stderr


def test_a_document_with_a_byte_order_mark_is_read(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "production.json", lambda _: None, start="\ufeff")
    done = run("flags", "document", "-e", "production", "--from", str(path))
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"hebrew_ui_enabled={'x' * 20_001}", "'hebrew_ui_enabled' has 20001 characters; Flagsmith takes 20000."),
        (f"hebrew_ui_enabled@{'x' * 2001}=on", "has 2001 characters; Flagsmith takes 2000."),
    ],
)
def test_an_override_that_is_too_long_is_said(run: Run, text: str, said: str) -> None:
    done = run("flags", "document", "-e", "production", "--set", text)
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr


def test_the_ready_file_is_not_there_before_it_says_where_the_server_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs read it as soon as they see it."""
    path, seen = tmp_path / "ready.json", []
    path.write_text('{"api_url": "of a run before", "pid": 1}', encoding="utf-8")
    replace = Path.replace

    def told(self: Path, target: Path) -> Path:
        seen.append((target, self.read_text(encoding="utf-8")))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", told)
    with ready.promised(path):
        assert (seen, path.exists()) == ([], False)
        state = ServedState("a catalogue", source(EXAMPLE, None).load())
        ready.write(path, state, "http://127.0.0.1:1/")
        assert json.loads(path.read_text(encoding="utf-8"))["url"] == "http://127.0.0.1:1/"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "features: {}\n", "{}", "[1]", '{"api_url": "http://127.0.0.1:1/", "pid": "x"}'])
def test_a_file_that_is_no_ready_file_is_let_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match="is there, and no `ff flags serve` wrote it"), ready.promised(path):
        pass
    assert path.read_text(encoding="utf-8") == text


def test_the_ready_file_of_another_server_stays_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with ready.promised(path):
        path.write_text('{"api_url": "of another one", "pid": 1}', encoding="utf-8")
    assert path.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    written = tmp_path / "ready.json"
    ff = str(Path(sys.executable).parent / "ff")
    command = [ff, "flags", "serve", str(EXAMPLE), "--port", "0", "--ready-file", str(written)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(written.exists)
        found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
        assert found["pid"] == process.pid
        keys = found["environments"]["staging"]
        assert keys == {"client_side_key": "local-staging", "server_side_key": "ser.local-staging"}
        assert httpx.get(f"{found['api_url']}flags/", headers={"X-Environment-Key": "local-staging"}).is_success
        with events(f"{found['url']}sse/environments/local-staging/stream") as told:
            next(told)
            process.send_signal(number)
            assert list(told) == []
        output, notice = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, written.exists()) == (0, False)
    assert output.startswith(f"{EXAMPLE} (8 flags, 3 environments) is served at {found['url']} until Ctrl-C.")
    assert notice == "Ended.\n"
    assert threading.active_count() < 20
