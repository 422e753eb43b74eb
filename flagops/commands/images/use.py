"""Which images the stacks use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from components.settings import SettingsError
from components.settings.images import StackImage, full_name, parse_image
from components.settings.lock import Lock
from flagops.errors import BadInputError
from flagops.stacks.files import Stack


@dataclass(frozen=True)
class Use:
    """An image, and who uses it.

    Attributes:
        image: The image as the stack's settings have it.
        purposes: What it is for, such as `postgres`.
        stacks: The stacks that use it.
    """

    image: StackImage
    purposes: tuple[str, ...]
    stacks: tuple[str, ...]

    @property
    def is_mirrored(self) -> bool:
        """Whether the stack pulls it from a mirror."""
        return self.mirrored != self.image.source

    @property
    def mirrored(self) -> str:
        """Its full name where the stack pulls it."""
        target = parse_image(self.image.target)
        return full_name(target.repository, str(target.tag))


def uses(stacks: Iterable[Stack], lock: Lock | None = None) -> list[Use]:
    """The images of `stacks`, sorted by name; one that two stacks use alike is there once.

    Args:
        stacks: The stacks.
        lock: The lock of images; None for the file beside the stacks.

    Raises:
        OpsError: The settings of a stack are refused.
    """
    found: dict[StackImage, dict[str, dict[str, None]]] = {}
    for stack in stacks:
        for purpose, image in _images(stack, lock).items():
            use = found.setdefault(image, {"purposes": {}, "stacks": {}})
            use["purposes"][purpose] = use["stacks"][stack.name] = None
    made = [Use(image, tuple(sorted(use["purposes"])), tuple(use["stacks"])) for image, use in found.items()]
    return sorted(made, key=lambda use: (use.image.source, use.image.target, use.image.digest or ""))


def _images(stack: Stack, lock: Lock | None) -> Mapping[str, StackImage]:
    try:
        return (stack.settings if lock is None else stack.settings_with(lock)).images
    except SettingsError as error:
        raise BadInputError(f"The stack {stack.name!r} has settings that are refused:\n{error}") from None
