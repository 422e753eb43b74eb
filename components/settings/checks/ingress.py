"""What the way in needs to be told, what is an old form of it, and which controllers get no fixes any more."""

from collections.abc import Iterator
from typing import Final

from components.settings.model import Settings
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.sections.ingress import CLASS_ANNOTATION

# Names below it always mean the machine that asks (RFC 6761).
LOOPBACK: Final = ".localhost"
# What only ingress-nginx reads, and what only F5's controller does, whose class is usually called nginx too.
RETIRED_CLASS: Final = "nginx"
RETIRED_NAMESPACE: Final = "ingress-nginx"
RETIRED_PREFIX: Final = "nginx.ingress.kubernetes.io/"
F5_PREFIXES: Final = ("nginx.org/", "nginx.com/")
OPENSHIFT_PREFIX: Final = "openshift-"
"""OpenShift has an IngressClass for each of its routers, named so with the router's name."""
OPENSHIFT_TERMINATION: Final = "route.openshift.io/termination"


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield what an Ingress lacks.

    Not in the section itself: there, an Ingress that is left out altogether would fail before all else is checked.
    """
    for index, name in enumerate(settings.additional_hosts):
        if name in settings.hosts[: index + 1]:
            yield Problem(path=("additionalHosts", index), text="is a name of this stack already: remove it")
    ingress = settings.ingress
    if not ingress.enabled:
        return
    if ingress.class_name is None and not ingress.default_class and CLASS_ANNOTATION not in ingress.annotations:
        yield Problem(
            path=("ingress", "className"),
            value=NOT_SHOWN,
            text="is required, because every cluster has its own: write `className: NAME` with a name from "
            "`kubectl get ingressclass`; or `defaultClass: true` to use the cluster's default; or "
            "`enabled: false` if a route of your own leads to Flagsmith. If your controller reads only the annotation "
            f"{CLASS_ANNOTATION}, name the class there",
        )
    if ingress.tls.source is None:
        yield Problem(
            path=("ingress", "tls"),
            value=NOT_SHOWN,
            text="must say where TLS ends: write `tls: {from: issuer, clusterIssuer: NAME}` for a certificate "
            "from cert-manager, `{from: secret, secretName: NAME}` for one that exists, `{from: "
            "controller}` for the ingress controller's own, `{from: upstream}` where TLS ends before the "
            "Ingress, such as at a cloud's load balancer, or `{from: none}` for plain HTTP",
        )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield old forms with what to write in their place, plain HTTP, and a controller that was retired."""
    ingress = settings.ingress
    if ingress.enabled:
        yield from _old_forms(settings)
        yield from _retired(settings)
        yield from _openshift(settings)
    if (settings.public_url or "").startswith("http://") and not settings.host.endswith(LOOPBACK):
        yield "publicUrl is http://: passwords and keys cross the network unencrypted. Use https://"
    if ingress.tls.from_ == "none" and not settings.host.endswith(LOOPBACK):
        yield (
            "ingress.tls.from is none: passwords and keys cross the network unencrypted. Where TLS ends "
            "before the Ingress, write `from: upstream`"
        )


def _old_forms(settings: Settings) -> Iterator[str]:
    tls = settings.ingress.tls
    if tls.from_ is not None or tls.source is None:
        return
    if tls.source == "none":
        ended = next((key for key in settings.ingress.annotations if "certificate" in key), None)
        hint = f", as the annotation {ended} says" if ended else ", such as at a cloud's load balancer"
        yield (
            "ingress.tls.enabled is the old form: false means http:// addresses, and passwords cross the "
            f"network unencrypted. Write `tls: {{from: upstream}}` where TLS ends before the "
            f"Ingress{hint}; `{{from: controller}}` where the ingress controller has its own certificate; "
            f"`{{from: none}}` for plain HTTP"
        )
        return
    was = "ingress.tls.enabled is the old form" if tls.enabled else "ingress.tls.from is not set"
    key, value = next(iter(tls.named.items()))
    yield f"{was}: write `tls: {{from: {tls.source}, {key}: {value}}}`"


def _openshift(settings: Settings) -> Iterator[str]:
    """What OpenShift makes no Route of, or an open one (openshift/route-controller-manager, pkg/route/ingress)."""
    ingress = settings.ingress
    if not (ingress.class_name or "").startswith(OPENSHIFT_PREFIX):
        return
    edge = f"the annotation {OPENSHIFT_TERMINATION}: edge in ingress.annotations, and ingress.tls.from upstream"
    if ingress.tls_from == "controller":
        yield (
            "ingress.tls.from is controller, and OpenShift makes no Route of an Ingress with hosts for TLS and no "
            f"Secret: nothing would be published. For the router's own certificate write {edge}"
        )
    elif ingress.tls_from == "upstream" and OPENSHIFT_TERMINATION not in ingress.annotations:
        yield (
            "ingress.tls.from is upstream, and OpenShift's Route is plain HTTP unless it is told otherwise. Does its "
            f"router end TLS? Then write {edge}"
        )
    if settings.edge.enabled:
        yield (
            "edge.enabled: OpenShift makes no Route of an exact path, and the paths of the edge are exact. Publish "
            "them by Routes of your own (docs/worlds.md#openshift)"
        )


def _retired(settings: Settings) -> Iterator[str]:
    """A class or an annotation of ingress-nginx, or its namespace, unless annotations tell that it is F5's."""
    ingress = settings.ingress
    signs = [key for key in ingress.annotations if key.startswith(RETIRED_PREFIX)]
    if ingress.class_name == RETIRED_CLASS and not any(key.startswith(F5_PREFIXES) for key in ingress.annotations):
        signs.append(f"ingress.className {RETIRED_CLASS}")
    if settings.network_policy.ingress_namespace == RETIRED_NAMESPACE:
        signs.append(f"networkPolicy.ingressNamespace {RETIRED_NAMESPACE}")
    if signs:
        yield (
            f"{signs[0]}: ingress-nginx was retired in March 2026 and no longer gets fixes, not even "
            "security fixes. Does `kubectl get ingressclass` show the controller k8s.io/ingress-nginx? "
            "Install a maintained one beside it (docs/ingress.md names some), set ingress.className and "
            "networkPolicy.ingressNamespace to it, run `ff up`, and point the DNS name at it. F5's "
            "controller (nginx.org/ingress-controller) is a different one: give its class another name"
        )
