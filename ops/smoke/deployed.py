"""Where to test: a Flagsmith at an address, or a deployed stack at its own address or through a port-forward."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ops.access.forward import forward
from ops.access.pods import Component
from ops.access.site import Site
from ops.errors import OpsError
from ops.flagsmith.address import API_KEY, SERVER_KEY, checked
from ops.flagsmith.deployed import API_PORT, log_in
from ops.flagsmith.loopback import know_its_name
from ops.smoke.model import ORIGIN, Place


def place_at(
    url: str,
    *,
    environment: str | None,
    environment_key: str | None,
    version: str | None,
    seconds: float,
    origin: str | None = None,
) -> Place:
    """A Flagsmith of which only the address is known; other keys come from FLAGSMITH_API_KEY and FLAGSMITH_SERVER_KEY.

    Raises OpsError when nothing knows a key of it.
    """
    api_key = os.environ.get(API_KEY)
    if environment_key is None and api_key is None:
        raise OpsError(
            "Nothing here knows a key of this Flagsmith.",
            hint=f"Give --environment-key, an organisation's key in {API_KEY}, or the --stack it belongs to.",
        )
    return Place(
        url=checked(url),
        public_url=checked(url),
        environment=environment,
        environment_key=environment_key,
        server_key=os.environ.get(SERVER_KEY),
        version=version,
        authenticate=(lambda client: client.use_api_key(api_key)) if api_key else None,
        origin=origin or ORIGIN,
        seconds=seconds,
    )


@contextmanager
def place_of(
    site: Site,
    *,
    url: str | None,
    environment: str | None,
    environment_key: str | None,
    version: str | None,
    seconds: float,
    origin: str | None = None,
) -> Iterator[Place]:
    """The stack's Flagsmith: at `url`, at its public address, or through a port-forward on a local cluster."""
    settings = site.settings
    address = checked(url) if url else settings.url if site.is_published else None

    def made(base: str) -> Place:
        return Place(
            url=base,
            public_url=address,
            environment=environment or (None if environment_key else settings.admin.environments[0]),
            environment_key=environment_key,
            server_key=os.environ.get(SERVER_KEY),
            version=version or settings.version,
            staleness=max(settings.caches.worst_cases().values()),
            authenticate=lambda client: log_in(site, client),
            project=settings.admin.project,
            origin=origin or ORIGIN,
            seconds=seconds,
        )

    if address is not None:
        know_its_name(address)
        yield made(address)
        return
    with forward(site, Component.API, API_PORT) as port:
        yield made(f"http://localhost:{port}")
