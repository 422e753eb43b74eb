"""Values that are generated once and kept in Pulumi's state, and the Secrets that hold them."""

from base64 import b64encode
from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_random import RandomPassword

from components.kit import names
from components.kit.digests import digest
from components.kit.secret_refs import SecretReference


def generated_value(
    logical_name: str, rotation: int, *, length: int, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """The value of a rotation, of letters and digits; the first has no keepers, as those from before there were any."""
    password = RandomPassword(
        logical_name,
        length=length,
        special=False,
        keepers={"rotation": str(rotation)} if rotation else None,
        opts=opts,
    )
    return pulumi.Output.secret(password.result)


def secret_of(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Input[str],
    component: str,
    data: Mapping[str, pulumi.Input[str]],
    type_: str = "Opaque",
    labels: Mapping[str, str] | None = None,
    opts: pulumi.ResourceOptions,
) -> SecretReference:
    """The Secret `name` with these values, and their digest."""
    values = pulumi.Output.all(**data)
    Secret(
        logical_name,
        metadata=ObjectMetaArgs(name=name, namespace=namespace, labels={**names.labels(component), **(labels or {})}),
        type=type_,
        # Not string_data, which the API server stores elsewhere, so that nobody would own the stored values.
        data=values.apply(lambda plain: {key: b64encode(value.encode()).decode() for key, value in plain.items()}),
        opts=opts,
    )
    # A digest of a value of 130 random bits gives nothing away, and must not hide the pod template that carries it.
    return SecretReference(name=name, digest=pulumi.Output.unsecret(values.apply(digest)))
