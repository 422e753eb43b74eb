"""The workflows of GitHub Actions: accepted by actionlint, pinned, and without secrets for a fork's code."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagops.commands.flags.reconcile.review.markdown import MARK
from tests.go_programs import go
from tests.recording import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
GO_SECONDS = 300


def read(path: Path) -> dict[str, Any]:
    # In YAML 1.1 the key `on` is true.
    return {("on" if key is True else key): value for key, value in yaml.safe_load(path.read_text("utf-8")).items()}


def test_actionlint_has_nothing_to_say() -> None:
    environment = {**os.environ, "GOFLAGS": "-mod=readonly"}
    command = [go(), "run", "github.com/rhysd/actionlint/cmd/actionlint", "-no-color", *map(str, WORKFLOWS)]
    done = subprocess.run(
        command,
        cwd=ROOT / "tools" / "actionlint",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=GO_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_would_notice_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "broken.yml"
    path.write_text(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ nothing.here }}\n"
    )
    command = [go(), "run", "github.com/rhysd/actionlint/cmd/actionlint", "-no-color", str(path)]
    done = subprocess.run(
        command, cwd=ROOT / "tools" / "actionlint", capture_output=True, text=True, check=False, timeout=GO_SECONDS
    )
    assert done.returncode == 1
    assert 'undefined variable "nothing"' in done.stdout


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    foreign = [name for name in used if not name.startswith("./")]
    assert [name for name in foreign if not PINNED.fullmatch(name)] == []


OPENING = ("./.github/workflows/deploy-stack.yml", "./.github/workflows/apply-flags.yml")
"""Workflows that log in to Flagsmith for those that call them."""


def opens_flagsmith(workflow: dict[str, Any], job: dict[str, Any]) -> bool:
    """Whether a job that only merged code reaches logs in to Flagsmith with its own ID token."""
    own = [*job.get("env", {}), *(name for step in job.get("steps", []) for name in step.get("env", {}))]
    names = [job.get("uses", ""), *own]
    is_merged = not {"pull_request", "pull_request_target"} & set(workflow["on"])
    return is_merged and bool({*OPENING, "FLAGSMITH_OIDC_AUDIENCE"} & set(names))


def logs_in(job: dict[str, Any]) -> bool:
    """Whether a job logs in to a cloud or to Pulumi Cloud with its own ID token."""
    return any(step.get("uses", "") == "./.github/actions/log-in" for step in job.get("steps", []))


def test_every_job_with_a_kubeconfig_can_do_without_one_that_is_stored() -> None:
    for path in WORKFLOWS:
        for job in read(path)["jobs"].values():
            steps = job.get("steps", [])
            holding = [step for step in steps if "secrets.KUBECONFIG" in yaml.safe_dump(step)]
            assert all(step["uses"] == "./.github/actions/log-in" for step in holding), path
            if holding:
                assert job["permissions"]["id-token"] == "write", path
                assert all(step["with"]["cloud"] == "${{ vars.CLOUD }}" for step in holding), path


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_the_repository_and_a_job_says_what_it_needs_beyond(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in workflow["on"], "it runs a fork's code with the repository's secrets"
    for job in workflow["jobs"].values():
        # What attests a release proves who it is, and runs none of the repository's code.
        attests = any("attest-build-provenance" in step.get("uses", "") for step in job.get("steps", []))
        proves = opens_flagsmith(workflow, job) or logs_in(job)
        beyond = {"id-token", "attestations"} if attests else {"id-token"} if proves else set()
        assert set(job.get("permissions", {})) <= {"contents", "pull-requests"} | beyond
        assert not (attests and any("checkout" in step.get("uses", "") for step in job["steps"]))
        if "uses" not in job:
            assert job["timeout-minutes"] <= 90


def test_only_the_repository_s_own_branches_get_secrets_in_a_pull_request() -> None:
    workflow = read(ROOT / ".github" / "workflows" / "pull-request.yml")
    with_secrets = {name for name, job in workflow["jobs"].items() if "secrets." in yaml.safe_dump(job)}
    assert with_secrets == {"preview"}
    condition = workflow["jobs"]["preview"]["if"]
    assert condition == "github.event.pull_request.head.repo.full_name == github.repository"


GH = """#!/usr/bin/env bash
echo "$*" >> "$CALLS"
[ "$1 $2" = "api --paginate" ] && printf '%s' "$THERE"
exit 0
"""


@pytest.mark.parametrize(
    ("there", "said"),
    [("", "--method POST repos/o/r/issues/7/comments"), ("12\n34\n", "--method PATCH repos/o/r/issues/comments/12 ")],
)
def test_the_plan_of_flags_is_one_comment(tmp_path: Path, there: str, said: str) -> None:
    workflows = ROOT / ".github" / "workflows"
    for name, what in (("pull-request.yml", "flags-comment"), ("flags-plan.yml", "comment")):
        calling = read(workflows / name)["jobs"][what]
        assert calling["uses"] == "./.github/workflows/comment-plan.yml"
        assert calling["permissions"] == {"pull-requests": "write"}
        assert "secrets" not in calling
    job = read(workflows / "comment-plan.yml")["jobs"]["comment"]
    assert job["permissions"] == {"pull-requests": "write"}
    assert not any("checkout" in step.get("uses", "") for step in job["steps"]), "it would run the request's code"
    (script,) = (step["run"] for step in job["steps"] if "run" in step)
    (tmp_path / "gh").write_text(GH, encoding="utf-8")
    (tmp_path / "gh").chmod(0o755)
    calls = tmp_path / "calls"
    variables = {"GH_REPO": "o/r", "NUMBER": "7", "CALLS": str(calls), "THERE": there}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(command, cwd=tmp_path, env={"PATH": path, **variables}, check=True)
    _, written = calls.read_text(encoding="utf-8").splitlines()
    assert said in f"{written} "
    assert written.endswith("-F body=@plan.md")
    assert MARK in script


def test_flags_go_from_one_environment_to_the_next_and_keys_follow() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "flags.yml")["jobs"]
    assert [(name, job.get("needs"), job["with"]["environment"]) for name, job in jobs.items()] == [
        ("development", None, "development"),
        ("staging", "development", "staging"),
        ("production", "staging", "production"),
    ]
    assert all(job["permissions"] == {"contents": "read", "id-token": "write"} for job in jobs.values())
    job = read(ROOT / ".github" / "workflows" / "apply-flags.yml")["jobs"]["apply"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["env"]["FLAGSMITH_OIDC_AUDIENCE"] == "${{ vars.FLAGSMITH_OIDC_AUDIENCE }}"
    assert job["environment"] == "flags-${{ inputs.environment }}"
    steps = [(step.get("if"), step["run"]) for step in job["steps"] if step.get("run", "").startswith("ff ")]
    is_last = "inputs.environment == 'production'"
    assert steps == [
        (
            "inputs.environment != 'production'",
            'ff flags apply --stack production --environment "$ENVIRONMENT" --yes',
        ),
        (is_last, "ff flags apply --stack production --yes"),
        (is_last, "ff keys sync --stack production"),
    ]


def test_no_script_takes_text_from_outside_into_its_source() -> None:
    for path in (*WORKFLOWS, *ACTIONS):
        content = read(path)
        jobs = content.get("jobs", {"action": {"steps": content.get("runs", {}).get("steps", [])}})
        for job in jobs.values():
            for step in job.get("steps", []):
                assert "${{" not in step.get("run", ""), f"{path.name}: give it by env"


def test_no_pipe_hides_a_failure() -> None:
    for path in WORKFLOWS:
        content = read(path)
        has_pipefail = content.get("defaults", {}).get("run", {}).get("shell") == "bash"
        for job in content["jobs"].values():
            for step in job.get("steps", []):
                lines = [line for line in step.get("run", "").splitlines() if " | " in line and "|| true" not in line]
                assert not lines or has_pipefail, f"{path.name}: {lines}"


def test_the_commands_that_the_workflows_run_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for path in WORKFLOWS:
        for target in re.findall(r"run: make ([\w-]+)", path.read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_pulumi_never_runs_without_the_policy_pack() -> None:
    steps = [
        step
        for path in WORKFLOWS
        for job in read(path)["jobs"].values()
        for step in job.get("steps", [])
        if step.get("uses", "").startswith("pulumi/actions@")
    ]
    assert len(steps) == 3
    assert {step["with"]["policyPacks"] for step in steps} == {"policies"}
    assert (ROOT / "policies" / "PulumiPolicy.yaml").is_file()


def test_each_pull_request_shows_the_manifests_that_it_changes() -> None:
    workflow = read(ROOT / ".github" / "workflows" / "pull-request.yml")
    runs = [step.get("run", "") for job in workflow["jobs"].values() for step in job.get("steps", [])]
    assert [run for run in runs if re.search(r"ff preview .*--against", run)]
