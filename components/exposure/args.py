"""The arguments of the Ingress."""

import pulumi

from components.exposure.ingress import PublicIngressArgs
from components.settings import Settings


def ingress_args(settings: Settings, namespace: pulumi.Input[str]) -> PublicIngressArgs:
    """The Ingress."""
    ingress = settings.ingress
    return PublicIngressArgs(
        namespace=namespace,
        host=settings.host,
        class_name=ingress.class_name,
        annotations=ingress.annotations,
        tls_from=ingress.tls_from,
        tls_secret=settings.tls_secret_name,
        cluster_issuer=ingress.tls.cluster_issuer,
        issuer=ingress.tls.issuer,
        await_address=ingress.await_address,
    )
