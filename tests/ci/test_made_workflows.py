"""The workflows that `ff init` writes: accepted by actionlint, pinned, and with a cloud without a stored key."""

import itertools
import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagops.commands.init.answers import Answers, answers
from flagops.commands.init.choices import PULUMI_CLOUD, Cloud, Pipeline, Template
from flagops.commands.init.files import Files, files
from flagops.commands.init.source import PlatformSource
from tests.ci.test_workflows import ACTIONS, GO_SECONDS, PINNED, WORKFLOWS
from tests.go_programs import go
from tests.recording import ROOT

BACKENDS = (PULUMI_CLOUD, "s3://state")
USES = re.compile(r"uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # (v\S+)")


def asked(ci: Pipeline, cloud: Cloud, backend: str) -> Answers:
    given = {
        "host": "flags.example.com",
        "staging_host": "s.example.com",
        "context": "arn:aws:eks:a/b",
        "controller": "x",
    }
    own = {"ci": ci, "cloud": cloud, "backend": backend, "template": Template.FULL, "staging_context": "yes"}
    return answers({**given, **own, "team": "shop", "made": date(2026, 11, 28)})


def projects(ci: Pipeline) -> Iterator[tuple[str, Files]]:
    for cloud, backend in itertools.product(Cloud, BACKENDS):
        name = f"{ci}-{cloud}-{backend.partition(':')[0]}"
        yield name, files(asked(ci, cloud, backend), PlatformSource("feature-flags==0.1.0"))


def actionlint(*paths: Path) -> subprocess.CompletedProcess[str]:
    command = [go(), "run", "github.com/rhysd/actionlint/cmd/actionlint", "-no-color", *map(str, paths)]
    place = ROOT / "tools" / "actionlint"
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=GO_SECONDS)


@pytest.fixture(scope="module")
def on_github(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository for each cloud and each backend."""
    place = tmp_path_factory.mktemp("made")
    for name, written in projects(Pipeline.GITHUB):
        for path, content in written.items():
            (place / name / path).parent.mkdir(parents=True, exist_ok=True)
            (place / name / path).write_bytes(content)
        (place / name / ".git").mkdir()  # by which actionlint knows where local actions are
    return place


def test_actionlint_has_nothing_to_say(on_github: Path) -> None:
    paths = sorted(on_github.glob("*/.github/workflows/*.yml"))
    assert len(paths) == len(Cloud) * len(BACKENDS) * 4
    done = actionlint(*paths)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_knows_what_their_own_actions_need(on_github: Path) -> None:
    path = on_github / "github-aws-s3" / ".github" / "workflows" / "deploy-stack.yml"
    text = path.read_text(encoding="utf-8")
    other = path.with_name("other.yml")
    other.write_text(text.replace("role: ${{ vars.AWS_ROLE }}", "rolle: a"), encoding="utf-8")
    try:
        done = actionlint(other)
    finally:
        other.unlink()
    assert done.returncode == 1
    assert '"role"' in done.stdout


def yaml_files(place: Path) -> list[Path]:
    return sorted((*place.glob("*/.github/workflows/*.yml"), *place.glob("*/.github/actions/*/action.yml")))


def steps(path: Path) -> Iterator[dict[str, Any]]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    yield from content.get("runs", {}).get("steps", [])
    for job in content.get("jobs", {}).values():
        yield from job.get("steps", [])


def test_every_action_is_pinned_to_the_commit_that_this_repository_uses_too(on_github: Path) -> None:
    """Renovate raises those of this repository: the others follow, or this fails."""
    own = {found[1]: found[0] for path in (*WORKFLOWS, *ACTIONS) for found in USES.finditer(path.read_text("utf-8"))}
    for path in yaml_files(on_github):
        text = path.read_text(encoding="utf-8")
        used = [name for name in re.findall(r"uses: (.+)", text) if not name.startswith("./")]
        assert [name for name in used if not PINNED.fullmatch(name)] == []
        assert {found[0] for found in USES.finditer(text)} <= set(own.values()), path


def test_no_script_takes_text_from_outside_and_no_pipe_hides_a_failure(on_github: Path) -> None:
    for path in yaml_files(on_github):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for step in steps(path):
            script = step.get("run", "")
            assert "${{" not in script, path
            if " | " in script and "jobs" in content:
                assert content["defaults"]["run"]["shell"] == "bash", path


@pytest.mark.parametrize("cloud", [Cloud.AWS, Cloud.GCP, Cloud.AZURE])
def test_with_a_cloud_no_key_is_stored(cloud: Cloud, on_github: Path) -> None:
    for backend in BACKENDS:
        place = on_github / f"github-{cloud}-{backend.partition(':')[0]}"
        text = "".join(path.read_text(encoding="utf-8") for path in place.glob(".github/**/*.yml"))
        secrets = set(re.findall(r"secrets\.(\w+)", text))
        assert secrets == ({"PULUMI_CONFIG_PASSPHRASE"} if backend != PULUMI_CLOUD else set())


def test_a_job_may_do_no_more_than_it_needs_and_a_fork_gets_nothing(on_github: Path) -> None:
    for path in on_github.glob("*/.github/workflows/*.yml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert content["permissions"] == {"contents": "read"}
        assert "pull_request_target" not in content[True], "in YAML 1.1 the key `on` is true"
        for name, job in content["jobs"].items():
            assert set(job.get("permissions", {})) <= {"contents", "id-token"}
            if path.stem == "pull-request":
                has_access = "secrets." in str(job) or "log-in" in str(job) or "id-token" in str(job)
                assert has_access == (name == "preview")
    for path in on_github.glob("*/.github/workflows/pull-request.yml"):
        job = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]["preview"]
        assert job["if"] == "github.event.pull_request.head.repo.full_name == github.repository"


# GitLab. There is no linter of it that needs no GitLab; its form is held here.


class Loader(yaml.SafeLoader):
    """YAML with GitLab's `!reference`."""


def reference(loader: Loader, node: yaml.SequenceNode) -> tuple[str, ...]:
    """A job and a key of it, whose lines stand here."""
    return tuple(loader.construct_sequence(node))


Loader.add_constructor("!reference", reference)


def scripts(jobs: dict[str, Any], name: str, key: str) -> list[str]:
    """A job's lines as GitLab runs them, with what it extends and refers to."""
    job = jobs[name]
    while key not in job and "extends" in job:
        job = jobs[job["extends"]]
    found: list[str] = []
    for line in job.get(key, []):
        found += scripts(jobs, line[0], line[1]) if isinstance(line, tuple) else [line]
    return found


@pytest.mark.parametrize(("name", "written"), list(projects(Pipeline.GITLAB)), ids=lambda value: str(value)[:30])
def test_the_pipeline_of_gitlab_is_whole(name: str, written: Files) -> None:
    content = yaml.load(written[".gitlab-ci.yml"], Loader)  # noqa: S506 - a safe loader with one tag more
    jobs = {key: job for key, job in content.items() if key not in ("stages", "default")}
    real = [key for key in jobs if not key.startswith(".")]
    assert len(real) == 8
    for key in real:
        job = jobs[key]
        base = jobs[job["extends"]]
        assert {**base, **job}["stage"] in content["stages"]
        assert {**base, **job}["rules"], "without a rule a job runs in every pipeline"
        before = scripts(jobs, key, "before_script")
        assert any("pip install" in line for line in before)
        script = scripts(jobs, key, "script")
        assert script
        needs_login = job["extends"] != ".check"
        assert any("KUBECONFIG=" in line for line in before) == needs_login
        whole = "\n".join([*before, *script])
        for used in set(re.findall(r"\$(STACK_NAME|CONTEXT)\b", whole)):
            assert used in job["variables"], f"{key} sets no {used}"
        assert subprocess.run(["bash", "-n"], input=whole, text=True, check=False).returncode == 0
    assert ("CLOUD_TOKEN" in jobs[".log-in"].get("id_tokens", {})) == ("-none-" not in name)
    assert ("PULUMI_TOKEN" in jobs[".log-in"].get("id_tokens", {})) == name.endswith(PULUMI_CLOUD)
    assert jobs["deploy-production"]["rules"][0]["when"] == "manual"
