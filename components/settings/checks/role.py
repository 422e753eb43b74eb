"""What a stack that is only an edge needs, and what makes no sense there."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from components.settings.model import Settings
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.sections.edge import EdgePrimary

OF_AN_EDGE: Final = frozenset(
    {
        *(
            "role",
            "host",
            "additional_hosts",
            "public_url",
            "context",
            "cluster_identifier",
            "cluster_uid",
            "api_versions",
            "production",
        ),
        *("registry_mirror", "image_pull_secrets", "size", "namespace", "network_policy", "protect", "secret_store"),
        *("edge", "ingress", "gateway", "monitoring", "scheduling", "not_secret"),
        *("additional_hosts", "metadata", "pod_security", "ip_family"),
    }
)
"""The keys at the top that such a stack can have."""
OF_ITS_EXPORTER: Final = frozenset({"image", "version"})
"""Further ones where the exporter of the age of documents runs, in Flagsmith's image."""
NOT_OF_AN_EDGE: Final = {
    "monitoring": ("dashboards", "flag_metrics", "postgres", "redis"),
    "network_policy": ("clients", "webhooks"),
    "secret_store": ("secrets",),
}
"""What their sections hold for Flagsmith, its database and its cache."""
INSTEAD: Final[Mapping[tuple[str, ...], str]] = {
    **{(key,): f", or set edge.{key}" for key in ("autoscaling", "image", "replicas", "resources", "version")},
    ("networkPolicy", "clients"): ", and name who may call the proxies in edge.clients",
    ("secretStore", "secrets"): ", and name the Secret with the keys in secretStore.others and in edge.existingSecret",
}


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield what an edge alone lacks, and what it has too much."""
    primary = settings.edge.primary
    if not settings.is_edge:
        if primary is not None:
            yield Problem(
                path=("edge", "primary"),
                text="goes with role edge: this stack has a Flagsmith of its own, which its proxies ask. Remove it, "
                "or set role to edge",
                value=NOT_SHOWN,
            )
        return
    yield from _lacking(settings)
    yield from _refused(settings)
    if primary is not None:
        yield from _address(settings, primary)


def _lacking(settings: Settings) -> Iterator[Problem]:
    edge = settings.edge
    if not edge.enabled:
        yield Problem(
            path=("edge", "enabled"), text="must be true with role edge, which deploys nothing else: set it to true"
        )
        return
    if edge.primary is None:
        yield Problem(
            path=("edge", "primary"),
            value=NOT_SHOWN,
            text="is required with role edge: write `primary: {url: https://HOST}` with the address of the Flagsmith "
            "whose flags the proxies serve",
        )
    stack = None if edge.primary is None else edge.primary.stack
    if edge.existing_secret is None and stack is None:
        yield Problem(
            path=("edge", "existingSecret"),
            value=NOT_SHOWN,
            text="is required with role edge, since another stack makes the keys: name a Secret with the key "
            f"{edge.keys_key}, which you make, or secretStore.others takes from a store; or name the primary's stack "
            "in edge.primary.stack (see docs/edge.md)",
        )
    if edge.existing_secret is not None and stack is not None:
        yield Problem(
            path=("edge", "primary", "stack"),
            text="gives the keys that the Secret of edge.existingSecret has: remove one of the two",
        )


def _refused(settings: Settings) -> Iterator[Problem]:
    """What is set for parts that are not there. A single value that is the default is as good as left out."""
    allowed = OF_AN_EDGE | OF_ITS_EXPORTER if settings.edge_metrics_enabled else OF_AN_EDGE
    for name in sorted(settings.model_fields_set - allowed):
        field = type(settings).model_fields[name]
        if field.default_factory is not None or getattr(settings, name) != field.default:
            yield _nothing_here((str(field.alias),))
    for section, keys in NOT_OF_AN_EDGE.items():
        found = getattr(settings, section)
        for key in keys:
            if found is not None and key in found.model_fields_set:
                alias = str(type(settings).model_fields[section].alias)
                yield _nothing_here((alias, str(type(found).model_fields[key].alias)))


def _nothing_here(path: tuple[str, ...]) -> Problem:
    further = INSTEAD.get(path, "")
    return Problem(
        path=path,
        text=f"is not for a stack with role edge, which deploys only the proxies: remove it{further}",
        value=NOT_SHOWN,
    )


def _address(settings: Settings, primary: EdgePrimary) -> Iterator[Problem]:
    path, parts = ("edge", "primary", "url"), urlsplit(primary.url)
    if primary.ca_secret is not None and parts.scheme == "http":
        yield Problem(
            path=("edge", "primary", "caSecret"),
            value=NOT_SHOWN,
            text="goes with https:// only: correct edge.primary.url, or remove the key",
        )
    if parts.hostname == settings.host:
        yield Problem(
            path=path,
            text="has the host of this stack, so that its proxies would ask each other: name the primary's own host",
        )
    if settings.production and parts.scheme == "http" and not settings.edge.is_beside_primary:
        yield Problem(
            path=path,
            text="must be https:// when production is true, or keys and whole environments cross the network "
            "unencrypted; only a Service of the same cluster (http://NAME.NAMESPACE.svc) may be asked by http://",
        )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield that keys go to the primary in clear."""
    primary = settings.edge.primary
    if primary is not None and primary.url.startswith("http://") and not settings.edge.is_beside_primary:
        yield "edge.primary.url is http://: keys and whole environments cross the network unencrypted. Use https://"
