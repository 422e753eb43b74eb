"""From an image's full name to the registry that has it."""

import ipaddress
from dataclasses import dataclass
from typing import Final

from components.settings.images import DOCKER_HUB, parse_image

# Docker Hub answers under another name than its images have, and log-ins to it are kept under a third.
HUB_HOSTS: Final = frozenset({DOCKER_HUB, f"index.{DOCKER_HUB}", f"registry-1.{DOCKER_HUB}"})
HUB_API: Final = f"registry-1.{DOCKER_HUB}"


@dataclass(frozen=True)
class ImageAddress:
    """Where an image is.

    Attributes:
        registry: The registry's host, with its port if that is stated, as in the image's name.
        repository: The repository there.
        tag: The tag.
    """

    registry: str
    repository: str
    tag: str

    @property
    def api(self) -> str:
        """The registry's address: HTTPS, but for a registry on this machine."""
        host = HUB_API if self.registry in HUB_HOSTS else self.registry
        return f"{'http' if is_loopback(host) else 'https'}://{host}"

    def __str__(self) -> str:
        """The image's name without its registry."""
        return f"{self.repository}:{self.tag}"


def place(full_name: str) -> ImageAddress:
    """Where the image `full_name` is, such as `docker.io/library/postgres:17.11-bookworm`."""
    image = parse_image(full_name)
    registry, _, repository = image.repository.partition("/")
    return ImageAddress(registry, repository, str(image.tag))


def is_loopback(host: str) -> bool:
    """Whether `host`, perhaps with a port, is this machine."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    try:
        return name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
