"""The scanners, run offline over a directory of manifests."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.go_programs import built
from tests.recording import ROOT

CHECKOV = ROOT / "tools" / "checkov" / ".venv" / "bin" / "python"
EACH_DIRECTORY = Path(__file__).with_name("each_directory.py")
SECONDS = 400  # for all directories together, on a busy machine
CRITICAL = 1  # the grade by which kube-score calls a finding critical


@dataclass(frozen=True, order=True)
class Found:
    """A check that an object does not pass."""

    scanner: str
    check: str
    kind: str
    name: str


def checkov(directories: Sequence[Path], home: Path) -> list[set[Found]]:
    """Every failed check of each directory."""
    if not CHECKOV.exists():
        pytest.skip(f"{CHECKOV} is not there: make {CHECKOV.parents[1].relative_to(ROOT)}/.stamp")
    command = [str(CHECKOV), str(EACH_DIRECTORY), str(home), *map(str, directories)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    answers = [json.loads((home / str(number)).read_bytes()) for number in range(len(directories))]
    for answer in answers:
        assert answer["summary"]["parsing_errors"] == 0
        # An edge alone, with one pod, has the fewest.
        assert answer["summary"]["passed"] > 50
    return [{_of_checkov(item) for item in answer["results"]["failed_checks"]} for answer in answers]


def _of_checkov(item: dict[str, Any]) -> Found:
    # Kind.namespace.name, and for a pod of a template its labels after that.
    kind, _, name = item["resource"].split(".", 2)
    return Found("checkov", item["check_id"], kind, name)


def kube_score_program() -> Path:
    """The program, built from its pinned source."""
    return built("kube-score", "github.com/zegl/kube-score/cmd/kube-score")


def kube_score(program: Path, directory: Path) -> set[Found]:
    """Every critical finding."""
    files = [str(path) for path in sorted(directory.glob("*.yaml"))]
    command = [str(program), "score", "--output-format", "json", "--exit-one-on-warning=false", *files]
    answer = _json(command, dict(os.environ))
    assert len(answer) > 5
    return {
        Found("kube-score", check["check"]["id"], item["type_meta"]["kind"], item["object_meta"]["name"])
        for item in answer
        for check in item["checks"]
        if not check["skipped"] and check["grade"] == CRITICAL
    }


def _json(command: list[str], environment: dict[str, str]) -> Any:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        pytest.fail(f"{command[0]} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
