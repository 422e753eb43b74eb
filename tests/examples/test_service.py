"""`examples/node`'s service in TypeScript: it compiles, and the model and the GPU's setting follow flags."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from tests.examples.conftest import EXAMPLES, SECONDS, FromGit, node
from tests.servers import free_port

HOME = EXAMPLES / "node"
PREMIUM = {"plan": "premium", "country": "IL"}
MATCH = 5  # six shots on target, four big chances, three goals
GOALS = {"v1": 0.35 * 6, "v2": 0.1 * 6 + 0.55 * 4}


@dataclass
class Video:
    """The service, as it runs."""

    address: str
    process: "subprocess.Popen[str]"
    stderr: IO[str]

    def process_one(self, user: str, traits: dict[str, object] | None = None) -> dict[str, Any]:
        body = {"match": MATCH, "user": user, "traits": traits or {}}
        answer = httpx.post(f"{self.address}videos", json=body, timeout=SECONDS).raise_for_status()
        found: dict[str, Any] = answer.json()
        assert found["goals"] == pytest.approx(GOALS[found["model"]])
        assert found["config"]["segmentSeconds"] == 10
        return found

    def end(self) -> str:
        """End it in order; what it said to people."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(SECONDS) == 0
        self.stderr.seek(0)
        return self.stderr.read()


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service's JavaScript, as `npm run build` makes it of the TypeScript."""
    home = tmp_path_factory.mktemp("examples") / "node"
    program = node("node")
    if not (HOME / "node_modules" / "typescript").is_dir():
        pytest.skip("the packages of examples/node are older than its lock file: make examples")
    shutil.copytree(HOME, home, ignore=shutil.ignore_patterns("node_modules", "dist"))
    shutil.copy(EXAMPLES / "matches.json", home.parent)
    (home / "node_modules").symlink_to(HOME / "node_modules")
    done = tsc(program, home)
    assert done.returncode == 0, done.stdout
    return home


def tsc(program: str, home: Path) -> "subprocess.CompletedProcess[str]":
    command = [program, "node_modules/typescript/bin/tsc"]
    return subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=SECONDS, check=False)


@contextmanager
def running(home: Path, url: str, key: str) -> Iterator[Video]:
    environment = {"PORT": "0", "FLAGSMITH_API_URL": url, "FLAGSMITH_ENVIRONMENT_KEY": key}
    errors = home.parent / "stderr"
    with errors.open("w+", encoding="utf-8") as stderr:
        command = [node("node"), "dist/service.js"]
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True)
        try:
            assert process.stdout is not None
            yield Video(process.stdout.readline().strip(), process, stderr)
        finally:
            process.kill()
            process.communicate()


def test_the_types_are_held(compiled: Path, tmp_path: Path) -> None:
    """A service that asks the SDK for what it does not have is refused before it runs."""
    wrong = tmp_path / "node"
    shutil.copytree(compiled, wrong, symlinks=True)
    pipeline = wrong / "src" / "pipeline.ts"
    text = pipeline.read_text(encoding="utf-8")
    for right, other in (
        ("ML_MODEL_V2_ENABLED.isEnabled(", "ML_MODEL_V3_ENABLED.isEnabled("),
        ('? "v2" : "v1"', '? "v3" : "v1"'),
    ):
        assert right in text
        pipeline.write_text(text.replace(right, other), encoding="utf-8")
        done = tsc(node("node"), wrong)
        assert done.returncode != 0
        assert "src/pipeline.ts" in done.stdout


@pytest.mark.parametrize("evaluation", ["local", "remote"])
def test_model_and_gpu_follow_the_flags(compiled: Path, service: FromGit, evaluation: str) -> None:
    for model, gpu in (("v1", True), ("v2", False)):
        service.set("ml_model_v2_enabled", enabled=model == "v2")
        service.set("gpu_optimization_enabled", enabled=gpu)
        with running(compiled, service.url, service.key(evaluation)) as video:
            found = video.process_one("anna", dict(PREMIUM))
            assert (found["model"], found["config"]["gpuOptimization"]) == (model, gpu)
            models = httpx.get(f"{video.address}models").json()
            assert {name: row["predictions"] for name, row in models.items()} == {model: 1}
            assert models[model]["mean_error"] == pytest.approx(abs(GOALS[model] - 3), abs=1e-4)
            assert video.end() == ""


def test_a_switch_counts_for_the_next_video(compiled: Path, service: FromGit) -> None:
    with running(compiled, service.url, service.client_key) as video:
        assert video.process_one("anna")["model"] == "v1"
        service.set("ml_model_v2_enabled", enabled=True)
        assert video.process_one("anna")["model"] == "v2"
        assert service.asked("POST", "/api/v1/identities/") == 2


def test_an_outage_leaves_the_defaults(compiled: Path, service: FromGit) -> None:
    service.set("gpu_optimization_enabled", enabled=False)
    with running(compiled, f"http://127.0.0.1:{free_port()}/api/v1/", "local-development") as video:
        found = video.process_one("anna")
        assert (found["model"], found["config"]["gpuOptimization"]) == ("v1", True)
        assert video.end() == "Flagsmith cannot be reached. The defaults are used.\n"
    with running(compiled, service.url, service.client_key) as video:
        assert video.process_one("anna")["config"]["gpuOptimization"] is False
        assert video.end() == ""


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("{", 400, "The body is no JSON."),
        ("null", 400, "match must be a whole number from 0 to 7."),
        ('{"match": 8, "user": "anna"}', 400, "match must be a whole number from 0 to 7."),
        ('{"match": 1}', 400, "user must be a name."),
        ('{"match": 1, "user": "anna", "traits": {"a": []}}', 400, "traits must be an object of texts, numbers, true"),
        (json.dumps("x" * 70_000), 413, "The body has more than 65536 bytes."),
    ],
)
def test_a_request_that_is_wrong_is_refused(
    compiled: Path, service: FromGit, body: str, status: int, said: str
) -> None:
    with running(compiled, service.url, service.client_key) as video:
        answer = httpx.post(f"{video.address}videos", content=body, timeout=SECONDS)
        assert (answer.status_code, answer.json()["detail"][: len(said)]) == (status, said)
        assert httpx.get(f"{video.address}nothing").status_code == 404
        assert service.asked("POST", "/api/v1/identities/") == 0


def test_variables_that_are_missing_are_named(compiled: Path) -> None:
    done = subprocess.run(
        [node("node"), "dist/service.js"], cwd=compiled, env={}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Set FLAGSMITH_API_URL and FLAGSMITH_ENVIRONMENT_KEY")
