"""Registries with two images, and a project whose stack pulls from them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from flagops.project import VARIABLE
from tests.registries import DockerRegistry, running

PLATFORMS = ("linux/amd64", "linux/arm64")


@pytest.fixture(autouse=True)
def _no_log_ins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    """A registry that lets everybody push."""
    with running(DockerRegistry(tmp_path_factory.mktemp("registry"))) as started:
        yield started


@pytest.fixture
def project(tmp_path: Path, registry: DockerRegistry, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the stack `one`, whose three images are in the registry, in a directory of its own."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: feature-flags\nruntime: python\n", encoding="utf-8")
    write_stack(root, "one", registry.host)
    for name, tag in (("flagsmith", "2.265.0"), ("postgres", "17.11-bookworm"), ("redis", "8.2.9-bookworm")):
        registry.push(name, tag, platforms=PLATFORMS)
    monkeypatch.setenv(VARIABLE, str(root))
    return root


def write_stack(root: Path, name: str, registry: str, **values: object) -> None:
    """Write a stack's file, whose images are in `registry`."""
    config = {
        "host": "flags.example.com",
        "context": "cluster",
        "ingress": {"enabled": False},
        "image": f"{registry}/flagsmith",
        "postgres": {"image": f"{registry}/postgres"},
        "redis": {"image": f"{registry}/redis"},
        **values,
    }
    text = yaml.safe_dump({"config": {f"feature-flags:{key}": value for key, value in config.items()}})
    (root / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")
