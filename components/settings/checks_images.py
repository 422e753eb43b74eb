"""What the settings and the lock file of images may not say together, and which images are not locked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.settings.lock import LOCK_FILE
from components.settings.problems import Problem

if TYPE_CHECKING:
    from components.settings.model import Settings


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield a problem for each digest in the settings that the lock file contradicts."""
    for image in settings.images.values():
        locked = settings.locked(image)
        if image.is_stated and locked is not None and locked.digest != image.digest:
            yield Problem(
                path=image.path,
                text=f"has another digest than line {locked.line} of {LOCK_FILE} has for {image.source}, "
                f"{locked.digest}: leave the digest out of the image, or remove that entry",
            )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield a warning if nothing pins the images of a stack of production to their bytes."""
    loose = [image.source for image in settings.images.values() if image.digest is None]
    if settings.production and loose:
        yield (
            f"not locked: {', '.join(loose)}. What a tag names can change, and then pods of one release run different "
            "programs: run `ff images lock`, and commit its file"
        )
