"""What Pulumi refuses to delete, GitOps controllers leave alone too, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagops.commands.render.gitops import KUSTOMIZATION, annotated
from flagops.commands.render.render import render
from flagops.evaluation.evaluate import evaluate
from flagops.evaluation.generated import Placeholders
from flagops.evaluation.program import KubeObject
from flagops.kubernetes.objects import Ref
from flagops.stacks.files import Stack, load_stack
from tests.recording import ROOT, STACKS

ARGO_CD, FLUX = "argocd.argoproj.io/sync-options", "kustomize.toolkit.fluxcd.io/prune"


def stack_of(name: str, **overrides: object) -> Stack:
    loaded = load_stack(name, ROOT)
    return replace(loaded, config=dict(loaded.config) | {f"feature-flags:{k}": v for k, v in overrides.items()})


def documents(path: Path) -> Iterator[Mapping[str, Any]]:
    """The objects of a rendered file, those too that it has as comments."""
    text = re.sub(r"^# (?=\S+:|---| |- )", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    yield from (
        item for item in yaml.load_all(text, Loader=yaml.CSafeLoader) if isinstance(item, dict) and "kind" in item
    )


def kept(directory: Path) -> set[str]:
    """The objects that both controllers leave alone; none is left alone by one of them only."""
    found = set()
    for path in directory.glob("*.yaml"):
        for item in documents(path) if path.name != KUSTOMIZATION else ():
            annotations = item["metadata"]["annotations"]
            said = annotations.get(ARGO_CD), annotations.get(FLUX)
            assert said in ((None, None), ("Prune=false,Delete=false", "disabled")), item["metadata"]["name"]
            if said[0]:
                found.add(f"{item['kind']} {item['metadata']['name']}")
    return found


@pytest.mark.parametrize("protect", [True, False])
@pytest.mark.parametrize("name", STACKS)
def test_the_same_objects_are_kept_as_with_pulumi(name: str, protect: bool, tmp_path: Path) -> None:
    stack = stack_of(name, protect=protect, production=protect and name == "production")
    program = evaluate(ROOT, stack, Placeholders())
    render(ROOT, stack, tmp_path)
    expected = {f"{item.ref.kind} {item.ref.name}" for item in program.objects if item.protect}
    assert kept(tmp_path) == expected
    # The record of the deployment is no data: it is protected so that a removal stops before anything else goes.
    kinds = {"Namespace", "PersistentVolumeClaim", "StatefulSet", "Secret", "ConfigMap"}
    assert {entry.partition(" ")[0] for entry in expected} == (kinds if protect else set())


def test_what_has_data_in_it_is_kept_whatever_it_is_called(tmp_path: Path) -> None:
    stack = stack_of("production")
    render(ROOT, stack, tmp_path)
    of = {"Namespace", "PersistentVolumeClaim", "StatefulSet", "Secret"}
    items = evaluate(ROOT, stack, Placeholders()).objects
    with_data = {f"{item.ref.kind} {item.ref.name}" for item in items if item.ref.kind in of}
    assert len(with_data) > 8
    assert kept(tmp_path) >= with_data


@pytest.mark.parametrize("protect", [True, False])
def test_clusters_those_that_are_kept_and_the_claims_of_both_are_left_alone(protect: bool, tmp_path: Path) -> None:
    cluster = {"instances": 2, "name": "flagsmith-pg-2", "kept": ["flagsmith-pg"], "backup": {"enabled": True}}
    stack = stack_of(
        "staging",
        protect=protect,
        postgres={"mode": "cloudnativepg", "cluster": cluster},
        backup={"s3": {"bucket": "backups", "existingSecret": "s3"}},
        apiVersions=["postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1"],
    )
    render(ROOT, stack, tmp_path)
    assert kept(tmp_path) >= {"Cluster flagsmith-pg", "Cluster flagsmith-pg-2"}
    found = {
        item["metadata"]["name"]: item["spec"]["inheritedMetadata"]["annotations"]
        for path in tmp_path.glob("*.yaml")
        for item in (documents(path) if path.name != KUSTOMIZATION else ())
        if item["kind"] == "Cluster"
    }
    assert set(found) == {"flagsmith-pg", "flagsmith-pg-2"}
    for annotations in found.values():
        assert (annotations[ARGO_CD], annotations[FLUX]) == ("Prune=false,Delete=false", "disabled")


def test_no_stateful_set_makes_claims_that_nobody_could_mark() -> None:
    for name in STACKS:
        for item in evaluate(ROOT, stack_of(name), Placeholders()).objects:
            assert "volumeClaimTemplates" not in item.manifest.get("spec", {}), item.ref


def made(kind: str, **options: Any) -> Mapping[str, str]:
    metadata = {"name": "x", "annotations": options.pop("annotations", {})}
    item = KubeObject(Ref("v1", kind, "", "x"), {"metadata": metadata}, (), frozenset(), **options)
    found: Mapping[str, str] = annotated(item, 3)["metadata"]["annotations"]
    return found


def test_what_pulumi_leaves_behind_is_left_behind() -> None:
    assert made("Secret", retain=True)[ARGO_CD] == "Prune=false,Delete=false"
    assert made("Secret") == {"argocd.argoproj.io/sync-wave": "3"}


def test_a_way_in_that_nobody_awaits_does_not_count_for_the_health_of_the_application() -> None:
    unchecked = {"argocd.argoproj.io/ignore-healthcheck": "true"}
    skipped = {"pulumi.com/skipAwait": "true"}
    for kind in ("Ingress", "Gateway", "HTTPRoute"):
        assert made(kind, annotations=skipped).items() >= unchecked.items()
        assert made(kind).keys().isdisjoint(unchecked)
    assert made("PersistentVolumeClaim", annotations=skipped).keys().isdisjoint(unchecked)
