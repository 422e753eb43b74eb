"""The plan of flags on a pull request: at the live Flagsmith by `main`'s code, or of two catalogues, which it says."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.ci.test_workflows import WORKFLOWS, read
from tests.recording import ROOT


def test_one_comment_is_of_one_plan() -> None:
    """Where Flagsmith itself is asked, the comparison of catalogues does not write over its plan."""
    condition = read(ROOT / ".github" / "workflows" / "pull-request.yml")["jobs"]["flags-comment"]["if"]
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    assert condition == f"{own} && vars.FLAGS_PLAN != 'live'"
    live = read(ROOT / ".github" / "workflows" / "flags-plan.yml")["jobs"]["plan"]
    assert live["if"].startswith("vars.FLAGS_PLAN == 'live' && ")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_after_a_pull_request_main_s_code_runs_with_secrets_and_takes_its_catalogue_as_text(path: Path) -> None:
    """The kind: a workflow that runs after another one has the secrets of `main`, whoever pushed."""
    workflow = read(path)
    if "workflow_run" not in workflow["on"]:
        return
    assert "head_repository.full_name" in workflow["concurrency"]["group"], "a fork's branch would end its run"
    for job in workflow["jobs"].values():
        steps = job.get("steps", [])
        assert all(
            step["with"].get("ref") == "${{ github.event.repository.default_branch }}"
            for step in steps
            if "checkout" in step.get("uses", "")
        )
        assert not any("download-artifact" in step.get("uses", "") for step in steps), "which the request's code made"
        lines = [line.strip() for step in steps for line in step.get("run", "").splitlines() if HEAD.search(line)]
        assert all(re.search(r'git (show|merge-base HEAD) "\$HEAD[:"]', line) for line in lines), "it would be run"
        if steps:
            assert "github.event.workflow_run.head_repository.full_name == github.repository" in job["if"]
            assert job["environment"] == "flags-plan"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_who_takes_another_s_catalogue_asks_for_what_main_s_names(path: Path) -> None:
    """The kind: where a commit's catalogue is put in the place of `main`'s, a server is asked by `--trusted` alone."""
    for job in read(path)["jobs"].values():
        lines = [line for step in job.get("steps", []) for line in step.get("run", "").splitlines()]
        if not any('git show "$' in line and "catalogue.yaml" in line for line in lines):
            continue
        asking = [line for line in lines if re.search(r"\bff\b.*(--stack|--url)", line)]
        assert asking
        assert all("--trusted HEAD" in line for line in asking)


HEAD = re.compile(r"\$\{?HEAD\b")
INSTEAD = "> Flagsmith could not be asked, refuses this, or would be asked for more than main names: see the log."
FF = """#!/usr/bin/env bash
echo "$*" >> "$CALLS"
case "$*" in *--against*) echo "catalogues"; exit 2 ;; *) echo "live"; exit "$CODE" ;; esac
"""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "live\n"),
        (2, "live\n"),
        (3, "live\n"),
        (1, f"catalogues\n\n{INSTEAD}\n"),
    ],
)
def test_the_plan_says_whether_flagsmith_was_asked(tmp_path: Path, code: int, said: str) -> None:
    steps = read(ROOT / ".github" / "workflows" / "flags-plan.yml")["jobs"]["plan"]["steps"]
    (script,) = (step["run"] for step in steps if "ff flags plan" in step.get("run", ""))
    for name, text in (("ff", FF), ("git", "#!/usr/bin/env bash\necho base\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    calls, summary = tmp_path / "calls", tmp_path / "summary"
    variables = {"HEAD": "abc", "CODE": str(code), "CALLS": str(calls), "GITHUB_STEP_SUMMARY": str(summary)}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(command, cwd=tmp_path, env={"PATH": path, **variables}, check=True)
    assert (tmp_path / "plan.md").read_text(encoding="utf-8") == summary.read_text(encoding="utf-8") == said
    first, *more = calls.read_text(encoding="utf-8").splitlines()
    assert first == "flags plan --stack production --trusted HEAD --markdown"
    assert more == (["flags plan --against base --markdown"] if code == 1 else [])
