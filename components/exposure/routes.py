"""Which path of the public name leads where: one table, for each kind of way in."""

from dataclasses import dataclass
from typing import Final

from components.kit import names
from components.settings import Settings


@dataclass(frozen=True, kw_only=True)
class PublicService:
    """Where a path leads.

    Attributes:
        name: the Service's.
        port: the Service's port.
    """

    name: str
    port: int


@dataclass(frozen=True, kw_only=True)
class PublicPath:
    """A path of the public name.

    Attributes:
        path: it and everything below it, by whole elements: `/metrics` is also `/metrics/` and `/metrics/x`, and not
            `/metricsx`.
        to: where it leads; None if it is not published.
    """

    path: str
    to: PublicService | None


API: Final = PublicService(name=names.API, port=names.API_PORT)


def public_paths(settings: Settings) -> tuple[PublicPath, ...]:
    """Each path and where it leads, the more specific ones first; the last one is `/`, which is everything else.

    Flagsmith answers `/metrics` on its public port to anybody: it is not published.
    """
    del settings
    return (PublicPath(path="/metrics", to=None), PublicPath(path="/", to=API))
