"""What the settings and the lock file of images may not say together, and what is worth knowing of the images."""

from collections.abc import Iterator

from components.settings import default_images
from components.settings.lock import LOCK_FILE
from components.settings.model import Settings
from components.settings.problems import Problem

# How many numbers name a line of releases that gets fixes: PostgreSQL 17, Redis 8.2.
_LINE_OF_POSTGRES = 1
_LINE_OF_REDIS = 2
REDIS_LUA_FIX: dict[tuple[int, ...], int] = {(8, 2): 2, (8, 0): 4, (7, 4): 6, (7, 2): 11}
"""By line of Redis, the patch release with the fix of CVE-2025-49844 (9.9): who may log in runs code in the server.

From Redis' release notes of October 2025; lines that are not here are newer than the fix, or got none.
"""


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield a problem for each digest in the settings that the lock file contradicts."""
    for image in settings.images.values():
        locked = settings.locked(image)
        if image.is_stated and locked is not None and locked.digest != image.digest:
            yield Problem(
                path=image.path,
                text=f"has a different digest than line {locked.line} of {LOCK_FILE} has for {image.source}, "
                f"{locked.digest}: remove the digest from the image, or remove that entry",
            )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield a warning for images without fixes, and if nothing pins those of a stack of production to their bytes."""
    if settings.postgres.embedded and not settings.is_edge:
        yield from _behind(
            "postgres.version", settings.postgres.version, default_images.POSTGRES_TAG, _LINE_OF_POSTGRES
        )
    if settings.redis.embedded and not settings.is_edge:
        yield from _behind("redis.version", settings.redis.version, default_images.REDIS_TAG, _LINE_OF_REDIS)
        numbers = _numbers(settings.redis.version)
        fixed = REDIS_LUA_FIX.get(numbers[:_LINE_OF_REDIS])
        if fixed is not None and numbers[_LINE_OF_REDIS:] and numbers < (*numbers[:_LINE_OF_REDIS], fixed):
            yield (
                f"redis.version {settings.redis.version} lacks the fix for CVE-2025-49844, which lets anybody "
                "who can log in to Redis run programs in its pod: remove the key to use "
                f"{default_images.REDIS_TAG}"
            )
    loose = [image.source for image in settings.images.values() if image.digest is None]
    if settings.production and loose:
        yield (
            f"not locked: {', '.join(loose)}. A tag can be moved, and then pods of the same release run "
            "different programs: run `ff images lock` and commit the file it writes, or give each its digest, as in "
            "image: repository:tag@sha256:…"
        )


def _behind(key: str, tag: str, newest: str, line: int) -> Iterator[str]:
    """Warn of a tag whose patch release is older than one of the same line that is known here."""
    ours, known = _numbers(tag), _numbers(newest)
    # A tag of a line, such as 17, moves with it.
    if len(ours) > line and ours[:line] == known[:line] and ours < known:
        yield (
            f"{key} {tag} is older than {newest}, and no longer gets fixes: only the newest patch release "
            "of each line is rebuilt when its base image is fixed. Raise it, or remove the key to use "
            "the default"
        )


def _numbers(tag: str) -> tuple[int, ...]:
    return tuple(int(number) for number in tag.partition("-")[0].split(".") if number.isdigit())
