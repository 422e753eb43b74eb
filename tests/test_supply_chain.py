"""What is installed is pinned by its contents, and what runs in the cluster is nothing that was built here."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.recording import ROOT, STACKS, all_containers, pod_templates, recorded

SCRIPTS = [path for path in (ROOT / "components").rglob("*") if path.suffix in {".sh", ".sql", ".py"}]
WORKFLOWS = sorted((ROOT / ".github").rglob("*.yml"))


def tracked(*patterns: str) -> list[Path]:
    """The files of the repository, without what is built or installed beside them."""
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_pip_installs_what_has_the_hashes_of_a_file_and_nothing_else() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "Makefile", *WORKFLOWS)]
    found = [line.strip() for text in texts for line in text.splitlines() if "pip install" in line]
    asked = [line for line in found if "--no-deps --no-build-isolation --editable ." not in line]
    named = [re.search(r"--require-hashes --requirement (\S+)$", line) for line in asked]

    assert all(named), found
    files = {match[1] for match in named if match}
    assert files >= {"requirements-dev.txt", "policies/requirements.txt"}
    patterns = {name.replace("$*", "*") for name in (*files, "requirements.txt")}  # the part of a rule of make's
    locked = {pattern: sorted(ROOT.glob(pattern)) for pattern in patterns}
    assert all(locked.values()), locked
    for name in (path for paths in locked.values() for path in paths):
        entries = re.split(r"\n(?=[\w-])", name.read_text(encoding="utf-8").split("\n", 2)[2])
        packages = [entry for entry in entries if "==" in entry]
        assert packages, name
        assert [entry for entry in packages if "--hash=sha256:" not in entry] == [], name


def test_every_go_module_has_the_sums_of_what_it_requires() -> None:
    modules = tracked("*go.mod")
    assert len(modules) > 5
    for module in modules:
        sums = module.with_name("go.sum").read_text(encoding="utf-8")
        text = module.read_text(encoding="utf-8")
        replaced = dict(re.findall(r"^(?:replace )?\s*(\S+)(?: v\S+)? => (\S+ v\S+)", text, re.MULTILINE))
        required = re.findall(r"^(?:require )?\s*([\w.-]+\.[\w./-]+) (v\S+)", text, re.MULTILINE)
        assert required, module
        wanted = [replaced.get(name, f"{name} {version}") for name, version in required]
        assert [name for name in wanted if name not in sums] == [], module


def test_every_node_package_is_locked_by_its_contents() -> None:
    manifests = tracked("*package.json")
    assert len(manifests) > 2
    for manifest in manifests:
        packages = json.loads(manifest.with_name("package-lock.json").read_text(encoding="utf-8"))["packages"]
        locked = {name: package for name, package in packages.items() if name and not package.get("link")}
        assert locked, manifest
        assert [name for name, package in locked.items() if "integrity" not in package] == [], manifest


def test_no_image_is_built_here() -> None:
    assert tracked("*Dockerfile*", "*Containerfile*", "*dockerfile*") == []
    texts = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "Makefile", *WORKFLOWS)}
    assert [name for name, text in texts.items() if re.search(r"docker (buildx )?build|build-push-action", text)] == []


@pytest.mark.parametrize("stack", STACKS)
def test_scripts_in_arguments_are_files_of_the_program_but_for_redis(stack: str) -> None:
    texts = sorted(filter(None, (path.read_text(encoding="utf-8").strip() for path in SCRIPTS)), key=len, reverse=True)
    seen = 0
    for name, template in pod_templates(recorded(stack)):
        for item in all_containers(template):
            for word in [*item.get("command", []), *item.get("args", [])]:
                if "\n" in word and item["name"] != "redis":
                    seen += 1
                    rest = word
                    for text in texts:
                        rest = rest.replace(text, "")
                    assert rest.strip() == "", (name, item["name"])
    assert seen > 3


def test_each_token_that_may_do_more_than_read_is_known() -> None:
    """A comment on a pull request, a release and its proof, and a log-in to Flagsmith or to a cloud by an ID token."""
    more: dict[tuple[str, str], set[str]] = {}
    steps: dict[tuple[str, str], list[str]] = {}
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}, path.name
        for name, job in workflow["jobs"].items():
            rights = {right for right, degree in job.get("permissions", {}).items() if degree != "read"}
            if rights:
                more[path.stem, name] = rights
                steps[path.stem, name] = [step.get("uses", "") for step in job.get("steps", [])]

    assert more == {
        ("deploy", "staging"): {"id-token"},
        ("deploy", "production"): {"id-token"},
        ("deploy-stack", "deploy"): {"id-token"},
        ("drift", "drift"): {"id-token"},
        ("flags", "development"): {"id-token"},
        ("flags", "staging"): {"id-token"},
        ("flags", "production"): {"id-token"},
        ("apply-flags", "apply"): {"id-token"},
        ("pull-request", "preview"): {"pull-requests", "id-token"},
        ("pull-request", "flags-comment"): {"pull-requests"},
        # Of the default branch alone, after a pull request's own run: the plan reads its catalogue as data.
        ("flags-plan", "plan"): {"id-token"},
        ("flags-plan", "comment"): {"pull-requests"},
        ("comment-plan", "comment"): {"pull-requests"},
        ("release", "publish"): {"contents", "id-token", "attestations"},
    }
    for job in (("release", "publish"), ("pull-request", "flags-comment"), ("comment-plan", "comment")):
        assert not [used for used in steps[job] if "checkout" in used or used.startswith("./")]
