"""The public way in: its hosts, TLS, and nothing published that is not meant for the public."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import Service, ServicePortArgs, ServiceSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import (
    HTTPIngressPathArgs,
    HTTPIngressRuleValueArgs,
    Ingress,
    IngressBackendArgs,
    IngressRuleArgs,
    IngressServiceBackendArgs,
    IngressSpecArgs,
    IngressTLSArgs,
    ServiceBackendPortArgs,
)

from components.exposure.routes import PublicPath, PublicService, public_paths
from components.kit import names
from components.kit.component import Component, name_of
from components.settings import Settings
from components.settings.sections.ingress import CLASS_ANNOTATION, GKE_CLASSES, IngressSettings

COMPONENT: Final = "ingress"
# The port of TCPMUX, which no image of the stack serves.
CLOSED_PORT: Final = 1


@dataclass(frozen=True, kw_only=True)
class PublicIngressArgs:
    """The Ingress.

    Attributes:
        settings: the stack's.
        namespace: where it lives.
    """

    settings: Settings
    namespace: pulumi.Input[str]


def _path(public: PublicPath) -> HTTPIngressPathArgs:
    """The path, and the Service that it leads to: one that nobody serves if the path is not published."""
    to = public.to or PublicService(name=names.UNPUBLISHED, port=names.API_PORT)
    port = ServiceBackendPortArgs(number=to.port)
    backend = IngressBackendArgs(service=IngressServiceBackendArgs(name=to.name, port=port))
    return HTTPIngressPathArgs(path=public.path, path_type="Exact" if public.exact else "Prefix", backend=backend)


def _annotations(ingress: IngressSettings) -> dict[str, str]:
    annotations = {**ingress.annotations, **ingress.tls.annotations}
    if ingress.class_name in GKE_CLASSES:
        annotations[CLASS_ANNOTATION] = ingress.class_name
    if not ingress.await_address:
        # Where no controller reports an address, the wait for one would end in a failure after ten minutes.
        annotations["pulumi.com/skipAwait"] = "true"
    return annotations


class PublicIngress(Component):
    """The Ingress `flagsmith`, and a Service that stands for what is not published.

    Flagsmith answers `/metrics` on its public port to anybody. No field of an Ingress refuses a path, and annotations
    that do differ from controller to controller. A path that leads to a port on which nobody listens is a 502 with all
    of them; a Service without pods would not do, since some controllers then take the next shorter path.

    Attributes:
        ingress: the Ingress's name.
    """

    ingress: pulumi.Output[str]

    def __init__(self, name: str, args: PublicIngressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:PublicIngress", name, opts)
        labels = names.labels(COMPONENT)
        wanted, hosts = args.settings.ingress, list(args.settings.hosts)
        unpublished = Service(
            f"{name}-unpublished",
            metadata=ObjectMetaArgs(
                name=names.UNPUBLISHED,
                namespace=args.namespace,
                labels=labels,
                annotations={"pulumi.com/skipAwait": "true"},
            ),
            spec=ServiceSpecArgs(
                type="ClusterIP",
                selector=names.selector("edge" if args.settings.is_edge else "api"),
                ports=[ServicePortArgs(name="http", port=names.API_PORT, target_port=CLOSED_PORT, protocol="TCP")],
            ),
            opts=self.child(),
        )
        ends_here = wanted.tls_from in ("issuer", "secret", "controller")
        ingress = Ingress(
            f"{name}-ingress",
            metadata=ObjectMetaArgs(
                name=names.API, namespace=args.namespace, labels=labels, annotations=_annotations(wanted)
            ),
            spec=IngressSpecArgs(
                ingress_class_name=None if wanted.class_name in GKE_CLASSES else wanted.class_name,
                rules=[
                    IngressRuleArgs(
                        host=host,
                        http=HTTPIngressRuleValueArgs(paths=[_path(public) for public in public_paths(args.settings)]),
                    )
                    for host in hosts
                ],
                tls=[IngressTLSArgs(hosts=hosts, secret_name=args.settings.tls_secret_name)] if ends_here else None,
            ),
            opts=self.child(unpublished),
        )
        self.ingress = name_of(ingress)
        self.register_outputs({"ingress": self.ingress})
