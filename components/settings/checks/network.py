"""What the network policies and the other sections may not say together, and what is worth a warning."""

from collections.abc import Iterator
from typing import Final

from components.settings.checks.wide import wide
from components.settings.model import Settings
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.ways import ways

SECTION = "networkPolicy"
# Where the pods of some controllers usually are, or what the addresses are of those that have none here.
USUAL_PLACES: Final = {
    "traefik": "`ingressNamespace: traefik` (of k3s: kube-system)",
    "haproxy": "`ingressNamespace: haproxy-controller`",
    "nginx": "`ingressNamespace: nginx-ingress`",
    "contour": "`ingressNamespace: projectcontour`",
    "kong": "`ingressNamespace: kong`",
    "openshift-default": "`ingressNamespace: openshift-ingress`",
    "alb": "`ingressCidrs: [NETWORK, …]` with the subnets of the load balancer",
    "gce": "`ingressCidrs: [35.191.0.0/16, 130.211.0.0/22]`, Google's load balancers",
    "gce-internal": "`ingressCidrs: [35.191.0.0/16, 130.211.0.0/22, NETWORK]` with the proxy-only subnet",
    "azure-application-gateway": "`ingressCidrs: [NETWORK]` with the gateway's subnet",
}


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield services that the stack does not use, and a way in that would be cut off."""
    used = {
        "postgres": (not settings.postgres.is_own, "postgres.mode external"),
        "redis": (settings.redis.mode == "external", "redis.mode external"),
        "smtp": (settings.smtp is not None, "the section smtp"),
        "s3": (settings.uses_s3, "backup.s3"),
        "audit": (settings.audit.export.destination is not None, "audit.export.url"),
        "prometheus": (settings.rollouts.destination is not None, "rollouts.prometheus.url"),
        "primary": (settings.is_edge, "role edge"),
        "tracing": (settings.tracing.endpoint is not None, "tracing.endpoint"),
        "login": (settings.login.google or settings.login.github is not None, "login.google or login.github"),
    }
    for key in sorted(settings.network_policy.egress.model_fields_set):
        in_use, owner = used[key]
        if not in_use:
            yield Problem(path=(SECTION, "egress", key), text=f"goes with {owner}: remove it, or set that")
    for way in ways(settings):
        if way.beside is not None and way.networks and way.egress.to:
            yield Problem(
                path=tuple(way.beside.split(".")),
                text=f"contradicts {SECTION}.egress.{way.service}.to: say where it is in only one of them",
            )
    yield from _way_in(settings)
    yield from _gateway(settings)


def _way_in(settings: Settings) -> Iterator[Problem]:
    ingress, network = settings.ingress, settings.network_policy
    leads_here = ingress.enabled or (ingress.tls.from_ == "upstream" and not settings.gateway.enabled)
    if not (settings.isolated and leads_here) or network.ways_in:
        return
    usual = USUAL_PLACES.get(ingress.class_name or "")
    yield Problem(
        path=(SECTION, "ingressNamespace"),
        value=NOT_SHOWN,
        text="is required with network policies, or nothing from outside reaches Flagsmith: write "
        + (f"{usual} if it is there, else " if usual else "")
        + "`ingressNamespace: NAME` with the namespace of the pods that lead here (the ingress controller's or the "
        "gateway's), or `ingressCidrs: [NETWORK, …]` where they have no addresses of pods",
    )


def _gateway(settings: Settings) -> Iterator[Problem]:
    network = settings.network_policy
    if not settings.gateway.enabled:
        for key, value in (("gatewayNamespace", network.gateway_namespace), ("gatewayCidrs", network.gateway_cidrs)):
            if value:
                yield Problem(
                    path=(SECTION, key),
                    text="goes with gateway.enabled: set that, or remove it. For a route of your own there is "
                    f"{SECTION}.{key.replace('gateway', 'ingress')}",
                )
        return
    if settings.isolated and not network.gateway_ways_in:
        yield Problem(
            path=(SECTION, "gatewayNamespace"),
            value=NOT_SHOWN,
            text="is required with network policies and a Gateway, or nothing gets through it: write "
            "`gatewayNamespace: NAME` with the namespace of the pods that carry its traffic, or `gatewayCidrs: "
            "[NETWORK, …]` where they have no addresses of pods (docs/worlds.md has them by implementation)",
        )
    if settings.isolated and network.gateway_namespace == settings.namespace.name:
        yield Problem(
            path=(SECTION, "gatewayNamespace"),
            text="is the stack's own namespace, whose policies cut off every pod that is not Flagsmith's, the "
            "Gateway's too: put the Gateway into another namespace, and name it in gateway.parentRefs",
        )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what stays open, or closed, because nobody said where it is."""
    if not settings.isolated:
        return
    if not (settings.ingress.enabled or settings.gateway.enabled or settings.network_policy.ways_in):
        clients = "edge.clients reach the edge" if settings.is_edge else f"{SECTION}.clients reach Flagsmith"
        yield (
            f"{SECTION}.ingressNamespace is not set, and there is no Ingress: only {clients}. "
            "Where a gateway leads here from outside, name its namespace, or its addresses in ingressCidrs"
        )
    yield from wide(settings)
