"""Stacks with every part, and all pods in them, whoever makes these of what the program declares."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.recording import Recording, pod_templates, record, recorded
from tests.scanners.rendered import API_VERSIONS, VARIANTS

Template = Mapping[str, Any]
NAMES = ("local", "staging", "production", *VARIANTS)


def stack(name: str, **overrides: object) -> Recording:
    """One of the stacks by name, with some settings replaced."""
    if name not in VARIANTS:
        return record(name, overrides) if overrides else recorded(name)
    return record("production", {**VARIANTS[name], "apiVersions": list(API_VERSIONS), **overrides})


def jobs(found: Recording) -> Iterator[tuple[str, Template]]:
    """The pod templates of Jobs and CronJobs."""
    yield from (item for item in pod_templates(found) if item[0].startswith(("Job/", "CronJob/")))


def servers(found: Recording) -> Iterator[tuple[str, Template]]:
    """Those of the pods that go on running."""
    yield from (item for item in pod_templates(found) if not item[0].startswith(("Job/", "CronJob/")))
