"""What Renovate raises: nothing that the project pins is out of its sight."""

import json
import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from components.settings import default_images, parse, warnings
from components.settings.releases import NEWEST_VERIFIED
from components.text.versions import dotted
from flagops.commands.init.choices import Pipeline
from tests.ci.test_made_workflows import Loader, projects
from tests.components.settings.support import VALID
from tests.recording import ROOT

CONFIG: dict[str, Any] = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
# What the manager `pip-compile` of Renovate 44.121.2 takes in a header of uv; any other option makes it skip the file.
UV_OPTIONS = {"--universal", "--generate-hashes", "--python-version", "--group", "--output-file"}
# By its own defaults, or by the patterns of renovate.json.
MANAGERS = {
    "go.mod": "gomod",
    "package.json": "npm",
    "pyproject.toml": "pep621",
    "action.yml": "github-actions",
}
MAXIMAL = {
    "monitoring": {"enabled": True},
    "edge": {"enabled": True, "existingSecret": "edge"},
    "postgres": {"mode": "cloudnativepg", "cluster": {"pooler": {"enabled": True}}},
}


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def pattern(text: str) -> re.Pattern[str]:
    """A regular expression of Renovate, which are JavaScript's, in Python's spelling."""
    return re.compile(text.removeprefix("/").removesuffix("/").replace("(?<", "(?P<"))


def raised(source: str = "docker") -> set[tuple[str, str]]:
    """Image and tag of all that the custom managers find, or name and version from another source."""
    found = set()
    for manager in (one for one in CONFIG["customManagers"] if one["datasourceTemplate"] == source):
        for name in tracked():
            if any(pattern(place).search(name) for place in manager["managerFilePatterns"]):
                text = (ROOT / name).read_text(encoding="utf-8")
                for expression in manager["matchStrings"]:
                    for match in pattern(expression).finditer(text):
                        groups = match.groupdict()
                        found.add((groups.get("depName") or manager["depNameTemplate"], groups["currentValue"]))
    return found


def found_in(name: str) -> set[str]:
    """The files in which a custom manager finds what has this name."""
    (manager,) = [one for one in CONFIG["customManagers"] if one.get("depNameTemplate") == name]
    return {
        path
        for path in tracked()
        if any(pattern(place).search(path) for place in manager["managerFilePatterns"])
        and any(pattern(one).search((ROOT / path).read_text("utf-8")) for one in manager["matchStrings"])
    }


def test_every_image_that_a_stack_has_by_default_is_raised() -> None:
    settings = parse({**VALID, **MAXIMAL})
    used = {image.source.removeprefix("docker.io/").removeprefix("library/") for image in settings.images.values()}
    assert {":".join(pair) for pair in raised()} == used
    assert ("flagsmith/flagsmith", dotted(NEWEST_VERIFIED)) in raised()


def test_what_jobs_on_azure_install_is_raised_wherever_it_stands() -> None:
    """This repository's jobs, and those that `ff init` writes, where tests/ci/test_pinned_tools.py wants the same."""
    texts = {name: (ROOT / name).read_text("utf-8") for name in tracked() if name.endswith((".yml", ".yml.j2"))}
    assert {name for name, text in texts.items() if "kubelogin-version" in text} == found_in("Azure/kubelogin")
    assert {name for name, text in texts.items() if "--client-version" in text} == found_in("k8s.io/kubernetes")
    (manager,) = [one for one in CONFIG["customManagers"] if one.get("depNameTemplate") == "k8s.io/kubernetes"]
    kubernetes = re.search(r"k8s\.io/kubernetes (v\S+)", (ROOT / "tools/kubernetes/go.mod").read_text("utf-8"))
    assert kubernetes is not None
    version = pattern(manager["extractVersionTemplate"]).fullmatch(kubernetes[1])
    assert version is not None, "a module's version has a v, and the command's option has none"
    assert raised("go") == {("k8s.io/kubernetes", version["version"])}
    (rule,) = [rule for rule in CONFIG["packageRules"] if rule.get("groupName") == "Kubernetes modules"]
    assert set(rule) == {"description", "matchPackageNames", "groupName"}, "the modules and the option are one update"


def test_actions_in_what_ff_init_writes_are_raised_too() -> None:
    (place,) = CONFIG["github-actions"]["managerFilePatterns"]
    using = {name for name in tracked() if name.endswith(".j2") and "uses: " in (ROOT / name).read_text("utf-8")}
    assert len(using) > 4
    assert {name for name in using if not pattern(place).search(name)} == set()


def test_what_is_pinned_twice_is_raised_in_one_pull_request() -> None:
    """One of a lock has another branch, unless both are in a group."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    twice = {Requirement(line).name for line in build}
    rules = [rule for rule in CONFIG["packageRules"] if "groupName" in rule]
    assert twice
    assert [name for name in twice if not any(name in rule.get("matchDepNames", ()) for rule in rules)] == []


def test_a_lock_is_raised_by_what_compiled_it_alone() -> None:
    """Renovate adds the patterns here to a manager's own, and `pip_requirements` has one for each list of packages."""
    (rule,) = [rule for rule in CONFIG["packageRules"] if rule.get("matchManagers") == ["pip_requirements"]]
    assert rule["enabled"] is False
    for name in (name for name in tracked() if PurePosixPath(name).match("requirements*.txt")):
        is_compiled = any(pattern(place).search(name) for place in CONFIG["pip-compile"]["managerFilePatterns"])
        assert is_compiled == any(fnmatch(name, given) for given in rule["matchFileNames"]), name


def test_the_platform_of_a_project_is_raised_by_a_draft_and_its_pulumi_by_the_platform_alone() -> None:
    written = dict(projects(Pipeline.GITLAB))["gitlab-none-pulumi-cloud"]
    release, image = json.loads(written["renovate.json"])["packageRules"]
    (pattern_of_names,) = release["matchDepNames"]
    assert release["draftPR"]
    assert [
        name
        for name in ("feature-flags", "team/feature-flags", "feature-flags-co")
        if pattern(pattern_of_names).search(name)
    ] == ["feature-flags", "team/feature-flags"]
    assert "ff init --upgrade" in release["prBodyNotes"][0]
    used = yaml.load(written[".gitlab-ci.yml"].decode(), Loader)["default"]["image"]["name"]  # noqa: S506 - a safe one
    # Under the first name Renovate 44.121.2 has the input `pulumi-version` of the action, without being told to.
    assert (image["matchDepNames"], image["enabled"]) == (["pulumi", used.partition(":")[0]], False)


def test_every_file_that_pins_packages_belongs_to_a_manager() -> None:
    patterns = [place for name in ("pip-compile", "pip_requirements") for place in CONFIG[name]["managerFilePatterns"]]
    for name in tracked():
        path = PurePosixPath(name)
        assert not any(fnmatch(name, ignored) for ignored in CONFIG["ignorePaths"])
        if path.name in MANAGERS:
            assert MANAGERS[path.name] in CONFIG["enabledManagers"], name
        elif re.fullmatch(r"requirements.*\.txt", path.name):
            assert any(pattern(place).search(name) for place in patterns), f"{name} is raised by nobody"
    # The preset's own would leave out examples/ and tests/.
    assert CONFIG["ignorePaths"] == ["**/node_modules/**"]


@pytest.mark.parametrize(
    "name",
    [name for name in tracked() if any(pattern(p).search(name) for p in CONFIG["pip-compile"]["managerFilePatterns"])],
)
def test_compiled_requirements_begin_with_a_command_that_renovate_can_repeat(name: str) -> None:
    header = (ROOT / name).read_text(encoding="utf-8").splitlines()[1]
    assert header.startswith("#    uv pip compile ")
    options = [word for word in header.split() if word.startswith("--")]
    assert {option.partition("=")[0] for option in options} <= UV_OPTIONS
    assert f"--output-file={name}" in options
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for option in options:
        assert option in makefile, "`make lock` and Renovate have to make the same file"


@pytest.mark.parametrize(
    ("key", "tag", "warned"),
    [
        ("postgres", "17.6-bookworm", "postgres.version 17.6-bookworm is older than"),
        ("postgres", "17-bookworm", None),
        ("postgres", "17.99-bookworm", None),
        ("redis", "8.2.1-bookworm", "lacks the fix for CVE-2025-49844"),
        ("redis", "8.2.1-bookworm", "redis.version 8.2.1-bookworm is older than"),
        ("redis", "8.0.3", "lacks the fix for CVE-2025-49844"),
        ("redis", "8.0.4", None),
        ("redis", "7.4.5-alpine", "lacks the fix for CVE-2025-49844"),
        ("redis", "8.4.1", None),
        ("redis", "8.2", None),
    ],
)
def test_a_tag_that_gets_no_fixes_is_warned_about(key: str, tag: str, warned: str | None) -> None:
    said = [line for line in warnings(parse({**VALID, key: {"version": tag}})) if f"{key}.version" in line]
    assert any(warned in line for line in said) if warned else said == []


def test_the_defaults_have_the_fixes_that_they_are_there_for() -> None:
    # 9.9: in 8.2.2. PostgreSQL's releases of a quarter each mend vulnerabilities.
    assert tuple(map(int, default_images.REDIS_TAG.partition("-")[0].split("."))) >= (8, 2, 2)
    assert tuple(map(int, default_images.POSTGRES_TAG.partition("-")[0].split("."))) >= (17, 11)
    assert not [line for line in warnings(parse(VALID)) if ".version" in line]
