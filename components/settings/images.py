"""Image references: which repository, which tag, which registry."""

import re
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator

from components.settings.types import Kind, Text

# The registry of an image that names none.
DOCKER_HUB = "docker.io"
PATH_COMPONENT = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<repository>(?:[A-Za-z0-9.-]+(?::\d+)?/)?{PATH_COMPONENT}(?:/{PATH_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True, kw_only=True)
class ImageReference:
    """An image reference taken apart; `tag` and `digest` are None when it has none."""

    repository: str
    tag: str | None
    digest: str | None

    @property
    def names_registry(self) -> bool:
        """Whether the repository begins with a registry's host, by the rule every container engine follows."""
        first, slash, _ = self.repository.partition("/")
        return bool(slash) and ("." in first or ":" in first or first == "localhost")


def parse_image(text: str) -> ImageReference:
    """Take a reference apart. ValueError if it is none."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError(
            "must be an image's repository such as flagsmith/flagsmith, or a full reference such as "
            "registry.example.com/flagsmith:2.265.0"
        )
    return ImageReference(repository=match["repository"], tag=match["tag"], digest=match["digest"])


def _image(text: str) -> str:
    """Accept a repository, or a reference with a tag; a digest alone says nothing about the version."""
    image = parse_image(text)
    if image.digest is not None and image.tag is None:
        raise ValueError("must name a tag before the digest, as in repository:tag@sha256:…, so that the version shows")
    return text


Image = Annotated[Text, AfterValidator(_image), Kind("image reference")]


def disagreement(image: str, version: str, *, version_key: str) -> str | None:
    """Say what is wrong when the tag of `image` is not `version`; None when they agree or there is no tag."""
    tag = parse_image(image).tag
    if tag in (None, version):
        return None
    return (
        f"has the tag {tag}, but {version_key} is {version}: the two must agree. "
        f"Set {version_key} to {tag}, or leave the tag out of the image"
    )


@dataclass(frozen=True, kw_only=True)
class StackImage:
    """An image of a stack.

    Attributes:
        source: its full name where it comes from, as `docker.io/library/postgres:17.11-bookworm`.
        target: what the stack's containers pull, without digest: the same, unless there is a mirror.
        digest: which bytes it has to be; None when neither the settings nor the lock file say so.
        is_stated: whether the settings give the digest.
        path: the key of the settings that names the image.
    """

    source: str
    target: str
    digest: str | None
    is_stated: bool
    path: tuple[str, ...] = field(compare=False)

    @property
    def reference(self) -> str:
        """The reference that a container gets: `repository:tag`, with the digest where there is one."""
        return f"{self.target}@{self.digest}" if self.digest else self.target


def full_name(repository: str, tag: str) -> str:
    """The name of an image with its registry, by the rule every container engine follows."""
    named = ImageReference(repository=repository, tag=tag, digest=None).names_registry
    host, _, path = repository.partition("/")
    if not named:
        host, path = DOCKER_HUB, repository
    elif host == f"index.{DOCKER_HUB}":
        host = DOCKER_HUB
    if host == DOCKER_HUB and "/" not in path:
        path = f"library/{path}"
    return f"{host}/{path}:{tag}"


def stack_image(
    path: tuple[str, ...], image: str, version: str, *, mirror: str | None, locked: str | None
) -> StackImage:
    """The image `image` at the tag `version`.

    A mirror goes before every repository that names no registry. An official image such as `postgres` has its full
    name there, `library/postgres`, as the mirrors of Docker Hub serve it. The digest is the same at the mirror.

    Args:
        path: the key of the settings that `image` is from.
        image: a repository, perhaps with a tag and a digest.
        version: the tag.
        mirror: the registry mirror, if there is one.
        locked: the digest in the lock file, which one given in `image` overrides.
    """
    parsed = parse_image(image)
    repository = parsed.repository
    if mirror is not None and not parsed.names_registry:
        repository = f"{mirror}/{repository if '/' in repository else f'library/{repository}'}"
    return StackImage(
        source=full_name(parsed.repository, version),
        target=f"{repository}:{version}",
        digest=parsed.digest or locked,
        is_stated=parsed.digest is not None,
        path=path,
    )
