"""Where to test: a Flagsmith at an address, or a deployed stack at its own address or through a port-forward."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from components.kit import names
from flagops.commands.smoke.model import ORIGIN, SmokeTarget
from flagops.errors import BadInputError, NotFoundError, UnsupportedError
from flagops.flagsmith_api.address import API_KEY, SERVER_KEY, checked
from flagops.flagsmith_api.connect import is_named, log_in, log_in_by_name
from flagops.flagsmith_api.loopback import know_its_name
from flagops.pods.edge_keys import client_keys, edge_secret, key_of
from flagops.pods.pods import PodComponent
from flagops.pods.port_forward import forward
from flagops.stacks.deployed import Instance

POLL_SECONDS = 10.0
"""Between two looks of a proxy of which nothing is known: its own default."""


def place_at(
    url: str,
    *,
    environment: str | None,
    environment_key: str | None,
    version: str | None,
    seconds: float,
    origin: str | None = None,
    edge_alone: bool = False,
) -> SmokeTarget:
    """A Flagsmith of which only the address is known; FLAGSMITH_SERVER_KEY has a server-side key of it.

    Logs in as other commands do: with the key in FLAGSMITH_API_KEY, or for a pipeline's ID token. With `edge_alone` it
    is proxies and nothing else, which know neither people nor releases. That has to be said, never guessed: a whole
    Flagsmith whose API is away answers as an edge alone does.

    Raises OpsError when nothing knows a key of it, or what is asked for is not an edge's.
    """
    if edge_alone:
        if environment is not None or version is not None:
            raise BadInputError(
                "An edge alone knows no environment by its name, and does not say its release.",
                hint="Leave --environment and --expect-version; --environment-key says which environment is tested.",
            )
        if environment_key is None:
            raise NotFoundError(
                "There is no key for this edge.", hint="Give a client-side key that it has with --environment-key."
            )
        return _edge_at(checked(url), environment_key, origin=origin, seconds=seconds)
    has_way_in = is_named()
    if environment_key is None and not has_way_in:
        raise NotFoundError(
            "There is no key for this Flagsmith.",
            hint=f"Give --environment-key, an organisation's key in {API_KEY}, a pipeline's ID token, or the --stack "
            "it belongs to.",
        )
    return SmokeTarget(
        url=checked(url),
        public_url=checked(url),
        environment=environment,
        environment_key=environment_key,
        server_key=os.environ.get(SERVER_KEY),
        version=version,
        authenticate=(lambda client: log_in_by_name(client, checked(url))) if has_way_in else None,
        origin=origin or ORIGIN,
        seconds=seconds,
    )


@contextmanager
def place_of(
    instance: Instance,
    *,
    url: str | None,
    environment: str | None,
    environment_key: str | None,
    version: str | None,
    seconds: float,
    origin: str | None = None,
) -> Iterator[SmokeTarget]:
    """The stack's Flagsmith: at `url`, at its public address, or through a port-forward on a local cluster."""
    settings = instance.settings
    address = checked(url) if url else settings.url if instance.is_published else None
    if settings.is_edge:
        yield _edge(instance, address, environment_key=environment_key, seconds=seconds, origin=origin)
        return
    # A port-forward leads to the API itself.
    has_edge = settings.edge.enabled and address is not None

    def made(base: str) -> SmokeTarget:
        return SmokeTarget(
            url=base,
            public_url=address,
            further=() if url or address is None else settings.additional_hosts,
            environment=environment or (None if environment_key else settings.admin.environments[0]),
            environment_key=environment_key,
            server_key=os.environ.get(SERVER_KEY),
            version=version or settings.version,
            staleness=max(settings.caches.worst_cases().values()) + (settings.edge.poll_seconds if has_edge else 0),
            authenticate=lambda client: log_in(client, instance, base),
            project=settings.admin.project,
            origin=origin or ORIGIN,
            seconds=seconds,
            has_edge=has_edge,
        )

    if address is not None:
        know_its_name(address)
        yield made(address)
        return
    with forward(instance, PodComponent.API, names.API_PORT) as port:
        yield made(f"http://localhost:{port}")


def _edge(
    instance: Instance, address: str | None, *, environment_key: str | None, seconds: float, origin: str | None
) -> SmokeTarget:
    """An edge alone, asked with the first client-side key of its Secret: it has no administrator."""
    if address is None:
        raise UnsupportedError(
            f"The stack {instance.stack.name!r} is an edge alone, and nothing leads to it from here.",
            hint="Give its address with --url.",
        )
    key = environment_key or next(iter(client_keys(edge_secret(instance), key_of(instance))), None)
    if key is None:
        raise NotFoundError(
            "There is no client-side key in the Secret of the edge, or you may not read it.",
            hint="Give one with --environment-key.",
        )
    know_its_name(address)
    poll = instance.settings.edge.poll_seconds
    return _edge_at(address, key, origin=origin, seconds=seconds, staleness=poll)


def _edge_at(
    address: str, key: str, *, origin: str | None, seconds: float, staleness: float = POLL_SECONDS
) -> SmokeTarget:
    return SmokeTarget(
        url=address,
        public_url=address,
        environment_key=key,
        staleness=staleness,
        origin=origin or ORIGIN,
        seconds=seconds,
        has_edge=True,
        is_edge=True,
    )
