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
        exact: whether it is the path alone, as it stands in the request, without what is below it.
    """

    path: str
    to: PublicService | None
    exact: bool = False


API: Final = PublicService(name=names.API, port=names.API_PORT)
EDGE: Final = PublicService(name=names.EDGE, port=names.EDGE_PORT)
CLOSED: Final = PublicService(name=names.CLOSED, port=names.API_PORT)
"""Where what may write leads while the database moves: a Service without pods, for which ways in answer 503."""
READ: Final = ("/api/v1/flags", "/api/v1/identities", "/api/v1/environment-document", "/health")
"""What SDKs ask for meanwhile, and monitors: flags are served, and what would be written fails at the database."""
EVALUATED: Final = ("/api/v1/flags/", "/api/v1/identities/")
"""What the edge answers in the API's place, as SDKs write it."""


def public_paths(settings: Settings) -> tuple[PublicPath, ...]:
    """Each path and where it leads, the more specific ones first; the last one is `/`, which is everything else.

    With an edge alone nothing but its paths leads anywhere.

    Flagsmith answers `/metrics` on its public port to anybody: it is not published.

    A proxy of the edge gives the whole document of an environment to whoever has its public key. So the two paths that
    lead there are exact: nothing that a data plane makes of `/api/v1/flags/../environment-document` is one of them.

    While the database moves, what SDKs read is all that leads to Flagsmith: the dashboard and the admin API do not.
    """
    evaluated = [PublicPath(path=path, to=EDGE, exact=True) for path in EVALUATED] if settings.edge.enabled else []
    if settings.is_edge:
        return (*evaluated, PublicPath(path="/", to=None))
    unpublished = PublicPath(path="/metrics", to=None)
    if settings.postgres.stops_writes:
        read = (PublicPath(path=path, to=API) for path in READ)
        return (*evaluated, *read, unpublished, PublicPath(path="/", to=CLOSED))
    return (*evaluated, unpublished, PublicPath(path="/", to=API))
