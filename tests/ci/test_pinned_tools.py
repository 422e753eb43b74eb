"""What jobs install is one release, which somebody chose: the Pulumi CLI, clouds' programs, packages, images."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagops.commands.init import lock
from flagops.commands.init.choices import Pipeline
from tests.ci.test_made_workflows import Loader, projects
from tests.ci.test_workflows import ACTIONS, WORKFLOWS
from tests.recording import ROOT

KUBERNETES = re.compile(r"^(?:require)?\s*k8s\.io/kubernetes v(\S+)", re.MULTILINE)
KUBELOGIN = re.compile(r"kubelogin-version: (v\d+\.\d+\.\d+)$", re.MULTILINE)
RELEASE = re.compile(r"\d+\.\d+\.\d+")
HASHED = re.compile(r"pip install .*--require-hashes --requirement (\S+)$")


@cache
def texts() -> dict[str, str]:
    """Each workflow, action and pipeline by its name."""
    return dict(every_text())


def every_text() -> Iterator[tuple[str, str]]:
    """Each workflow, action and pipeline: this repository's own, and those of every project that `ff init` makes."""
    for path in (*WORKFLOWS, *ACTIONS):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for pipeline in (Pipeline.GITHUB, Pipeline.GITLAB):
        for project, written in projects(pipeline):
            for name, content in written.items():
                if Path(name).suffix == ".yml":
                    yield f"{project}/{name}", content.decode()


def values(content: Any, key: str) -> Iterator[Any]:
    """Everything that stands under a key, anywhere."""
    if isinstance(content, dict):
        for name, value in content.items():
            if name == key:
                yield value
            yield from values(value, key)
    elif isinstance(content, (list, tuple)):
        for item in content:
            yield from values(item, key)


def steps(text: str) -> Iterator[dict[str, Any]]:
    for found in values(yaml.load(text, Loader), "steps"):  # noqa: S506 - a safe loader with one tag more
        yield from found


FROM_LOCK = "${{ steps.setup.outputs.pulumi-version }}"


def test_the_pulumi_cli_is_of_the_release_of_its_sdk() -> None:
    """A project's workflows come with its lock; this repository's read theirs, which Renovate raises by itself."""
    wanted = lock.version_of(lock.PULUMI)
    own = {str(path.relative_to(ROOT)) for path in WORKFLOWS}
    asked = {
        (name, step.get("with", {}).get("pulumi-version"))
        for name, text in texts().items()
        for step in steps(text)
        if step.get("uses", "").startswith("pulumi/actions@")
    }
    assert len(asked) > 10
    assert {found for found in asked if found[1] != (FROM_LOCK if found[0] in own else wanted)} == set()


def test_the_setup_says_which_release_the_lock_has(tmp_path: Path) -> None:
    content = yaml.safe_load((ROOT / ".github" / "actions" / "setup" / "action.yml").read_text("utf-8"))
    (step,) = [step for step in content["runs"]["steps"] if step.get("id") == "lock"]
    said, empty = tmp_path / "output", tmp_path / "empty"
    empty.mkdir()
    (empty / "requirements.txt").write_text("pulumi-random==4.21.4\n", "utf-8")
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    environment = {**os.environ, "GITHUB_OUTPUT": str(said)}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    assert (done.returncode, said.read_text("utf-8")) == (0, f"pulumi-version={lock.version_of(lock.PULUMI)}\n")
    # Without a release the action would take the newest one.
    assert subprocess.run(command, cwd=empty, env=environment, check=False).returncode != 0
    assert content["outputs"]["pulumi-version"]["value"] == "${{ steps.lock.outputs.pulumi-version }}"
    for path in (path for path in WORKFLOWS if FROM_LOCK in path.read_text("utf-8")):
        jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
        for job in (job for job in jobs if FROM_LOCK in str(job)):
            assert {"id": "setup", "uses": "./.github/actions/setup"} in job["steps"], path


def test_images_are_of_one_release() -> None:
    """By digest would be better, and nobody could say which: mirrors rebuild this image. The template says so."""
    images = {
        image if isinstance(image, str) else image["name"]
        for text in texts().values()
        for image in values(yaml.load(text, Loader), "image")  # noqa: S506 - as above
    }
    assert images == {f"pulumi/pulumi:{lock.version_of(lock.PULUMI)}"}
    assert all("`@sha256:" in text for name, text in texts().items() if name.endswith(".gitlab-ci.yml"))


def test_kubectl_and_kubelogin_are_those_that_this_repository_knows() -> None:
    kubernetes = KUBERNETES.search((ROOT / "tools" / "kubernetes" / "go.mod").read_text("utf-8"))
    assert kubernetes is not None
    lines = [line for text in texts().values() for line in text.splitlines() if "az aks install-cli" in line]
    assert lines
    (kubelogin,) = {version for text in texts().values() for version in KUBELOGIN.findall(text)}
    assert [line for line in lines if f"--client-version {kubernetes[1]} " not in line] == []
    assert [line for line in lines if f"--kubelogin-version {kubelogin} " not in line] == []


def test_packages_are_installed_by_hash_and_only_then_what_has_none() -> None:
    seen = 0
    for name, text in texts().items():
        lines = [line.strip() for line in text.splitlines() if "pip install" in line]
        for before, line in zip(["", *lines], lines, strict=False):
            seen += 1
            bound = line.endswith("--requirement requirements.txt") and HASHED.search(before)
            assert HASHED.search(line) or bound, f"{name}: {line}"
    assert seen > 10


@pytest.mark.parametrize("word", ["@latest", ":latest", "| sh", "| bash", "npm install", "npx ", "go install", "brew "])
def test_nothing_else_is_fetched_and_run(word: str) -> None:
    assert [name for name, text in texts().items() if word in text] == []


def test_the_build_backend_is_the_one_of_the_lock() -> None:
    """Who installs from a git tag builds the wheel."""
    backend = re.search(r'requires = \["hatchling==([^"]+)"\]', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert backend is not None
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["dev"].count(
        f"hatchling=={backend[1]}"
    ), "else the monthly renewal of the lock raises it there alone"
    assert f"\nhatchling=={backend[1]} " in (ROOT / "requirements-dev.txt").read_text("utf-8")
    assert RELEASE.fullmatch(backend[1])
