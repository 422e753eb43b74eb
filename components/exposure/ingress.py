"""The public way in: one host, TLS, and nothing published that is not meant for the public."""

from collections.abc import Mapping
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

from components.kit import names
from components.kit.component import Component, name_of
from components.settings.sections.ingress import CLASS_ANNOTATION, GKE_CLASSES, TLS_ANNOTATION, TlsSource

COMPONENT: Final = "ingress"
# The port of TCPMUX, which no image of the stack serves.
CLOSED_PORT: Final = 1


@dataclass(frozen=True, kw_only=True)
class PublicIngressArgs:
    """The Ingress.

    Attributes:
        namespace: where it lives.
        host: the public DNS name.
        class_name: the IngressClass; None for the cluster's default one.
        annotations: the operator's own, for the ingress controller.
        tls_from: where TLS ends.
        tls_secret: the Secret with the certificate; None where the controller has its own, or TLS does not end here.
        cluster_issuer: the cert-manager ClusterIssuer that fills that Secret, or None.
        issuer: the cert-manager Issuer of the namespace that does, or None.
        await_address: whether Pulumi waits until the Ingress has an address. Off where no controller reports one: the
            wait would end in a failure after ten minutes.
    """

    namespace: pulumi.Input[str]
    host: str
    class_name: str | None
    annotations: Mapping[str, str]
    tls_from: TlsSource
    tls_secret: str | None
    cluster_issuer: str | None
    issuer: str | None
    await_address: bool


def _path(path: str, service: str) -> HTTPIngressPathArgs:
    port = ServiceBackendPortArgs(number=names.API_PORT)
    backend = IngressBackendArgs(service=IngressServiceBackendArgs(name=service, port=port))
    return HTTPIngressPathArgs(path=path, path_type="Prefix", backend=backend)


def _annotations(args: PublicIngressArgs) -> dict[str, str]:
    annotations = dict(args.annotations)
    if args.cluster_issuer is not None:
        annotations["cert-manager.io/cluster-issuer"] = args.cluster_issuer
    if args.issuer is not None:
        annotations["cert-manager.io/issuer"] = args.issuer
    if args.tls_from in ("controller", "upstream"):
        annotations[TLS_ANNOTATION] = args.tls_from
    if args.class_name in GKE_CLASSES:
        annotations[CLASS_ANNOTATION] = args.class_name
    if not args.await_address:
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
                selector=names.selector("api"),
                ports=[ServicePortArgs(name="http", port=names.API_PORT, target_port=CLOSED_PORT, protocol="TCP")],
            ),
            opts=self.child(),
        )
        ends_here = args.tls_from in ("issuer", "secret", "controller")
        ingress = Ingress(
            f"{name}-ingress",
            metadata=ObjectMetaArgs(
                name=names.API, namespace=args.namespace, labels=labels, annotations=_annotations(args)
            ),
            spec=IngressSpecArgs(
                ingress_class_name=None if args.class_name in GKE_CLASSES else args.class_name,
                rules=[
                    IngressRuleArgs(
                        host=args.host,
                        http=HTTPIngressRuleValueArgs(
                            paths=[_path("/metrics", names.UNPUBLISHED), _path("/", names.API)]
                        ),
                    )
                ],
                tls=[IngressTLSArgs(hosts=[args.host], secret_name=args.tls_secret)] if ends_here else None,
            ),
            opts=self.child(unpublished),
        )
        self.ingress = name_of(ingress)
        self.register_outputs({"ingress": self.ingress})
