"""The place of a deployed stack: its URL or a port-forward, its keys from Secrets and from Flagsmith itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from ops.access.forward import forward
from ops.access.pods import Component
from ops.access.site import Site
from ops.flagsmith.deployed import API_PORT, log_in
from ops.smoke.model import Place


@contextmanager
def place_of(
    site: Site,
    *,
    url: str | None,
    environment: str | None,
    environment_key: str | None,
    server_key: str | None,
    seconds: float,
) -> Iterator[Place]:
    """The stack's Flagsmith: at `url`, at its public address, or through a port-forward where there is no ingress."""
    settings = site.settings
    has_ingress = settings.ingress.enabled and not site.is_simulated
    address = url or (settings.url if has_ingress else None)

    def made(base: str) -> Place:
        return Place(
            url=base,
            public_url=settings.url if has_ingress and url is None else url,
            environment=environment or (None if environment_key else settings.admin.environments[0]),
            environment_key=environment_key,
            server_key=server_key,
            version=settings.version,
            staleness=max(settings.caches.worst_cases().values()),
            authenticate=lambda client: log_in(site, client),
            project=settings.admin.project,
            seconds=seconds,
        )

    if address is not None:
        yield made(address)
        return
    with forward(site, Component.API, API_PORT) as port:
        yield made(f"http://localhost:{port}")
