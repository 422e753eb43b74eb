"""Every image in the manifests is one that the settings list, and is pinned by the lock: none is forgotten."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from components.settings import Settings
from components.settings.load import load
from components.settings.lock import LockedImage
from flagops.stacks.files import load_stack
from tests.recording import ROOT, STACKS, Recording, pod_templates, record, recorded, run

VARIANTS: Mapping[str, tuple[str, Mapping[str, Any], tuple[str, ...]]] = {
    "external databases": (
        "staging",
        {
            "postgres": {"mode": "external", "existingSecret": "db"},
            "redis": {"mode": "external", "existingSecret": "cache"},
        },
        (),
    ),
    "no Redis, no backups": ("staging", {"redis": {"mode": "none"}, "backup": {"enabled": False}}, ()),
    "a mirror": ("staging", {"registryMirror": "mirror.example.com/hub"}, ()),
    "what ships the audit log": ("staging", {"audit": {"export": {"sink": "stdout"}}}, ()),
    "the edge": ("staging", {"edge": {"enabled": True, "existingSecret": "edge"}}, ()),
    "exporters beside servers": ("staging", {"monitoring": {"enabled": True}}, ()),
    "exporters of external servers": (
        "staging",
        {
            "postgres": {"mode": "external", "existingSecret": "db"},
            "redis": {"mode": "external", "existingSecret": "cache"},
            "monitoring": {
                "enabled": True,
                "postgres": {"existingSecret": "db-metrics"},
                "redis": {"existingSecret": "cache-metrics"},
                "flagMetrics": {"existingSecret": "flag-metrics"},
            },
        },
        (),
    ),
    "a bucket": ("production", {"backup": {"s3": {"bucket": "backups", "existingSecret": "bucket"}}}, ()),
}


def settings_of(stack: str, overrides: Mapping[str, Any], without: tuple[str, ...], lock: Any = None) -> Settings:
    loaded = load_stack(stack, ROOT)
    config = {key: value for key, value in loaded.config.items() if key.partition(":")[2] not in without}
    config |= {f"feature-flags:{key}": value for key, value in overrides.items()}
    return replace(loaded, config=config).settings_with(lock or {})


def images_of(recording: Recording) -> set[str]:
    return {
        container["image"]
        for _, template in pod_templates(recording)
        for container in (*template["spec"].get("initContainers", []), *template["spec"]["containers"])
    }


@pytest.mark.parametrize("stack", STACKS)
def test_every_stacks_images_are_those_that_its_settings_list(stack: str) -> None:
    listed = settings_of(stack, {}, ()).images.values()
    assert images_of(recorded(stack)) == {image.reference for image in listed}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variants_images_are_those_that_its_settings_list(variant: str) -> None:
    stack, overrides, without = VARIANTS[variant]
    listed = settings_of(stack, overrides, without).images.values()
    assert images_of(record(stack, overrides, without)) == {image.reference for image in listed}


def test_every_container_of_production_gets_what_is_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = "sha256:" + "1" * 64
    entry = LockedImage(digest=digest, platforms=("linux/amd64",), resolved="2030-01-31T12:00:00Z", source="docker.io")
    lock = {image.source: entry for image in settings_of("production", {}, ()).images.values()}
    monkeypatch.setattr(sys.modules[load.__module__], "read_lock", lambda _: lock)
    found = images_of(run("production"))
    assert found == {image.reference for image in settings_of("production", {}, (), lock).images.values()}
    assert all(image.endswith(f"@{digest}") for image in found)
