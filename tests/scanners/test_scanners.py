"""Scanners have nothing to say about production; what they are told to let be is still needed."""

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.exceptions import exceptions
from tests.scanners.rendered import VARIANTS, production
from tests.scanners.scanners import Found, checkov, kube_score, kube_score_program

ANNOTATIONS = ("checkov.io/", "kube-score/")
# CI has one: the other must be built there each time.
SCANNERS = ("checkov",) if os.environ.get("CI") else ("checkov", "kube-score")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Each variant's manifests as they would be applied."""
    return {name: production(tmp_path_factory.mktemp(name), overrides) for name, overrides in VARIANTS.items()}


@pytest.fixture(scope="module")
def bare(rendered: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The same without the scanners' annotations."""
    return {name: _bare(directory, tmp_path_factory.mktemp(f"bare-{name}")) for name, directory in rendered.items()}


@pytest.fixture(scope="module")
def wrong(rendered: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of them, with what no container may have."""
    out = tmp_path_factory.mktemp("wrong")
    for path in rendered["in-cluster"].glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        text = text.replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true")
        text = text.replace("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false")
        (out / path.name).write_text(text, encoding="utf-8")
    return out


@pytest.fixture(scope="module")
def scan(
    rendered: Mapping[str, Path], bare: Mapping[str, Path], wrong: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[Path, set[Found]]:
    """The scanners' findings about each of these directories."""
    directories = [*rendered.values(), *bare.values(), wrong]
    found = dict(zip(directories, checkov(directories, tmp_path_factory.mktemp("checkov")), strict=True))
    if "kube-score" in SCANNERS:
        program = kube_score_program()
        found = {directory: known | kube_score(program, directory) for directory, known in found.items()}
    return found


def _bare(directory: Path, out: Path) -> Path:
    for path in directory.glob("*.yaml"):
        documents = [item for item in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) if item]
        for document in documents:
            metadata: dict[str, Any] = document["metadata"]
            kept = {k: v for k, v in metadata.get("annotations", {}).items() if not k.startswith(ANNOTATIONS)}
            metadata["annotations"] = kept
        (out / path.name).write_text(yaml.dump_all(documents, Dumper=yaml.CSafeDumper), encoding="utf-8")
    return out


@pytest.mark.parametrize("variant", VARIANTS)
def test_production_has_no_failed_check_and_no_critical_finding(
    variant: str, rendered: Mapping[str, Path], scan: Mapping[Path, set[Found]]
) -> None:
    assert sorted(scan[rendered[variant]]) == []


def test_every_exception_is_still_needed_by_each_of_its_objects(
    bare: Mapping[str, Path], scan: Mapping[Path, set[Found]]
) -> None:
    unannotated = {found for directory in bare.values() for found in scan[directory]}
    wanted = [(entry, pattern) for entry in exceptions() if entry.scanner in SCANNERS for pattern in entry.objects]
    stale = [
        f"{entry.scanner} {entry.check} {pattern}"
        for entry, pattern in wanted
        if not any(
            (found.scanner, found.check) == (entry.scanner, entry.check)
            and fnmatchcase(f"{found.kind}/{found.name}", pattern)
            for found in unannotated
        )
    ]
    assert stale == [], "remove them from policies/exceptions.yaml"


def test_the_scanners_would_notice_what_is_wrong(wrong: Path, scan: Mapping[Path, set[Found]]) -> None:
    assert Found("checkov", "CKV_K8S_20", "Deployment", "flagsmith") in scan[wrong]
    if "kube-score" in SCANNERS:
        check = "container-security-context-readonlyrootfilesystem"
        assert Found("kube-score", check, "Deployment", "flagsmith") in scan[wrong]
