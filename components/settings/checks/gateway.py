"""What a route of the Gateway API needs to be told, and what it and the Ingress may not say together."""

from collections.abc import Iterator

from components.settings.checks.ingress import LOOPBACK
from components.settings.model import Settings
from components.settings.problems import NOT_SHOWN, Problem

SECTION = "gateway"


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield what the route lacks, and two ways in of which one is `http://` and the other `https://`.

    Not in the section itself: there, a section that lacks something would fail before all else is checked.
    """
    gateway = settings.gateway
    if not gateway.enabled:
        return
    if gateway.class_name is None and not gateway.parent_refs:
        yield Problem(
            path=(SECTION,),
            value=NOT_SHOWN,
            text="must say which Gateway: write `parentRefs: [{name: NAME, namespace: NAMESPACE, sectionName: "
            "LISTENER}]` for one that exists (`kubectl get gateway -A`), or `className: NAME` with a name from "
            "`kubectl get gatewayclass` for one of the stack's own",
        )
    source = gateway.tls.source
    if source is None:
        choices = (
            "`tls: {from: controller}` for the certificate of the shared Gateway"
            if gateway.parent_refs
            else "`tls: {from: issuer, clusterIssuer: NAME}` for a certificate from cert-manager, `{from: secret, "
            "secretName: NAME}` for one that exists"
        )
        yield Problem(
            path=(SECTION, "tls"),
            value=NOT_SHOWN,
            text=f"must say where TLS ends: write {choices}, `{{from: upstream}}` where TLS ends before the Gateway, "
            "such as at a cloud's load balancer, or `{from: none}` for plain HTTP",
        )
        return
    if settings.ingress.enabled and (source == "none") is not (settings.ingress.tls_from == "none"):
        yield Problem(
            path=(SECTION, "tls", "from"),
            text=f"contradicts ingress.tls.from {settings.ingress.tls_from}: people have one address, which is http:// "
            "by one and https:// by the other",
        )
    yield from _twice(settings)
    yield from _redirects(settings)
    if settings.production and source == "controller":
        for index, _ in _wide(settings):
            yield Problem(
                path=(SECTION, "parentRefs", index),
                value=NOT_SHOWN,
                text="must name a listener for HTTPS when production is true, or passwords cross the network "
                "unencrypted by the Gateway's listener for plain HTTP: add `sectionName: LISTENER`",
            )


def _twice(settings: Settings) -> Iterator[Problem]:
    """One Gateway named twice by one route: the API server takes that with two names of listeners alone."""
    for key, parents in (
        ("parentRefs", settings.gateway.parent_refs),
        ("redirectFrom", settings.gateway.redirect_from),
    ):
        for index, parent in enumerate(parents):
            for number, before in enumerate(parents[:index]):
                names = {parent.section_name, before.section_name}
                if parent.is_of_same(before, settings.namespace.name) and (None in names or len(names) == 1):
                    yield Problem(
                        path=(SECTION, key, index),
                        text=f"names the Gateway of gateway.{key}[{number}] again, which Kubernetes takes only with a "
                        "sectionName in both, and two different ones",
                    )


def _redirects(settings: Settings) -> Iterator[Problem]:
    """Redirects that would meet the route itself: whoever follows one comes back for ever, or is never redirected."""
    gateway = settings.gateway
    for index, parent in enumerate(gateway.redirect_from):
        path = (SECTION, "redirectFrom", index)
        if gateway.tls.source == "none":
            text = "leads to https://, and gateway.tls.from none publishes only http://: remove one of the two"
            yield Problem(path=path, value=NOT_SHOWN, text=text)
            continue
        if not parent.is_narrow:
            yield Problem(
                path=path,
                text="must name the listener for plain HTTP, with sectionName or port: a redirect on all listeners of "
                "a Gateway leads back to itself",
            )
            continue
        for number, served in enumerate(gateway.parent_refs):
            if parent.may_meet(served, settings.namespace.name):
                yield Problem(
                    path=path,
                    text=f"may be the listener of gateway.parentRefs[{number}] too, and a listener either serves or "
                    "redirects: name both by sectionName, with two names",
                )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield plain HTTP, said or possible."""
    gateway = settings.gateway
    if not gateway.enabled or settings.host.endswith(LOOPBACK):
        return
    if gateway.tls.source == "none":
        yield (
            "gateway.tls.from is none: passwords and keys cross the network unencrypted. Where TLS ends before the "
            "Gateway, write `from: upstream`"
        )
    if gateway.tls.source == "controller" and not settings.production:
        for index, name in _wide(settings):
            yield (
                f"gateway.parentRefs[{index}] names no listener of the Gateway {name}: the route is attached to each "
                "of them, to one for plain HTTP too. Add `sectionName: LISTENER`"
            )


def _wide(settings: Settings) -> Iterator[tuple[int, str]]:
    """The parents of which every listener is meant."""
    for index, parent in enumerate(settings.gateway.parent_refs):
        if not parent.is_narrow:
            yield index, parent.name
