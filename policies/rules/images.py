"""Rules of images: the same name is the same image, today and after a restart in the night."""

import re
from collections.abc import Iterator

from policies.model import MISSING, Enforcement, Finding, Objects, Rule
from policies.pods import Container, Pod, pods
from policies.unknown import apart

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def _tag(image: str) -> str:
    """The tag; empty without one. A colon before the last slash is a registry's port."""
    name = image.partition("@")[0].rpartition("/")[2]
    return name.partition(":")[2]


def _tags(objects: Objects) -> Iterator[Finding]:
    for pod in pods(objects):
        for container in pod.containers():
            yield from apart(_tagged(pod, container))


def _tagged(pod: Pod, container: Container) -> Iterator[Finding]:
    image = str(container.fields.get("image") or "")
    tag = _tag(image)
    if tag == "latest" or (not tag and not _DIGEST.search(image)):
        yield Finding(pod.object, f"{container.path}.image", image or MISSING, "a tag other than `latest`, or a digest")


def _digests(objects: Objects) -> Iterator[Finding]:
    for pod in pods(objects):
        for container in pod.containers():
            yield from apart(_pinned(pod, container))


def _pinned(pod: Pod, container: Container) -> Iterator[Finding]:
    image = str(container.fields.get("image") or "")
    if not _DIGEST.search(image):
        yield Finding(pod.object, f"{container.path}.image", image or MISSING, "repository:tag@sha256:…")


RULES = (
    Rule(
        id="image-tag",
        title="Every image is named with a tag, and never `latest`",
        description="An image without a tag is `latest`, which is another program on the next node: nobody can say "
        "what runs, and no rollback brings it back.",
        enforcement=Enforcement.MANDATORY,
        remedy="Name the release that was tested.",
        check=_tags,
    ),
    Rule(
        id="image-digest",
        title="In production every image is pinned by its digest",
        description="A tag can be moved by whoever may write to the registry; a digest names the content.",
        enforcement=Enforcement.ADVISORY,
        remedy="Pin the images in a lock file.",
        check=_digests,
        production_only=True,
    ),
)
