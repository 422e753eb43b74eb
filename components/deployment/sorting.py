"""By what a Cluster's database sorts text, and whether another image would sort it otherwise."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Manifest = Mapping[str, Any]

SYSTEMS: Final = ("bullseye", "bookworm", "trixie")
"""The systems that CloudNativePG's images are made from, as their tags name them; each has its own C library."""


def system(image: str) -> str:
    """The system of an image or a tag; empty where it does not say one."""
    return next((name for name in SYSTEMS if name in image), "")


def follows_system(cluster: Manifest) -> bool:
    """Whether the order of texts comes from the system's libraries, and changes with them.

    PostgreSQL's own (`builtin`, which the program asks for) and C, which the operator has by default, are the same
    everywhere. A Cluster that came from an archive is taken to be like the one that the program made.
    """
    initial = (cluster["spec"].get("bootstrap") or {}).get("initdb") or {}
    provider = initial.get("localeProvider") or "libc"
    locale = str(initial.get("localeCollate") or initial.get("locale") or "C")
    return provider == "icu" or (provider == "libc" and locale.partition(".")[0] not in ("C", "POSIX"))


def resorting(wanted: Manifest, live: Manifest) -> Iterator[str]:
    """That an image would sort text otherwise than the indexes of the data are sorted."""
    written_by = (live.get("status") or {}).get("pgDataImageInfo") or {}
    before = system(str(written_by.get("image") or live["spec"].get("imageName") or ""))
    after = system(str(wanted["spec"].get("imageName") or ""))
    if before and after and before != after and follows_system(live):
        yield (
            f"would sort text as Debian {after} does, but its indexes are as {before} sorts: answers would be wrong. "
            f"Use an image of {before}; or restore a dump of it into a Cluster of another name, with any image"
        )
