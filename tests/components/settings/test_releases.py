"""The table of releases, against what the image of each one takes."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings import releases
from components.text.versions import dotted
from tests.components.settings.support import refusal, settings
from tests.recording import record

RECORDED: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("entrypoints.yaml").read_text("utf-8"))


def takes(release: dict[str, Any], arguments: Sequence[str]) -> bool:
    """Whether the image of a recorded release does what the arguments say; one that ignores some of them does not."""
    first, *rest = arguments
    if first in release["verbs"]:
        return not rest or bool(release["passes_on"])
    if first != "start" or not release["start"]:
        return False
    at = next((index for index, word in enumerate(rest) if word in release["start"]), None)
    if at is None:
        return False
    before, command, after = rest[:at], rest[at], rest[at + 1 :]
    return _options(before) <= {*release["start_options"]} and _options(after) <= {*release["start"][command]}


def _options(words: Iterable[str]) -> set[str]:
    return {word for word in words if word.startswith("-")}


def given(version: str) -> dict[str, list[str]]:
    """The arguments that the program gives to the containers of Flagsmith's image, by workload."""
    recording = record("local", {"version": version})
    objects = [*recording.all("Deployment"), *recording.all("Job")]
    containers = {item["metadata"]["name"]: item["spec"]["template"]["spec"]["containers"][0] for item in objects}
    return {
        name: container["args"]
        for name, container in containers.items()
        if "flagsmith/flagsmith:" in container["image"] and container.get("args")
    }


@pytest.mark.parametrize("release", RECORDED, ids=lambda release: str(release["from"]))
def test_a_release_is_accepted_when_and_only_when_its_image_takes_every_argument(release: dict[str, Any]) -> None:
    version = release["from"]
    starts = release["probes"] and all(
        takes(release, arguments) for arguments in given(dotted(releases.NEWEST_VERIFIED)).values()
    )
    assert (releases.refusal(version, "embedded") is None) is starts
    if not starts:
        assert refusal(version=version)
        return
    arguments = given(version)
    assert {"flagsmith", "flagsmith-task-processor"} < set(arguments)
    assert any(name.startswith("flagsmith-migrate-") for name in arguments)
    for words in arguments.values():
        assert takes(release, words), f"{version} does not take {words}"


def test_the_releases_that_never_started_are_refused_with_the_command_that_they_lack() -> None:
    for version in ("2.164.0", "2.168.1", "2.169.0", "2.169.2"):
        (line,) = refusal(version=version)
        assert line.startswith(f'feature-flags:version = "{version}": must be 2.170.0 or newer')
        assert "start task-processor" in line
    assert settings(version="2.170.0").version == "2.170.0"


@pytest.mark.parametrize("release", RECORDED[3:], ids=lambda release: str(release["from"]))
def test_monitoring_asks_for_a_release_with_the_port_that_it_scrapes(release: dict[str, Any]) -> None:
    version = release["from"]
    if release["metrics_port"]:
        assert settings(version=version, monitoring={"enabled": True}).release.metrics_port
        return
    (line,) = refusal(version=version, monitoring={"enabled": True})
    assert line == (
        "feature-flags:monitoring.enabled = true: needs Flagsmith 2.211.0 or newer: raise version, or set it to false"
    )
    assert not settings(version=version, monitoring={"enabled": False}).monitoring_enabled
