"""The keys that the proxies ask for documents with: of every environment that the stack sets up."""

import json
from collections.abc import Collection, Mapping, Sequence

import pulumi

from components.edge.configuration import configuration
from components.edge.pod import COMPONENT
from components.kit import names
from components.kit.secret_refs import SecretReference
from components.secrets.generated import secret_of
from components.secrets.sdk_keys import EnvironmentKeys
from components.settings import Settings

Pairs = pulumi.Output[Sequence[Mapping[str, str]]]

PURPOSE = "edge"
"""What the proxies' own server-side key of an environment is for, beside that of applications."""


OUTPUT = "edgeKeys"
"""The output of a stack that gives its keys to edges elsewhere."""


def server_keys(settings: Settings) -> dict[str, str]:
    """The further server-side keys that edges need: the Secret that holds them, by what they are for."""
    return {PURPOSE: names.EDGE_KEYS} if settings.generates_edge_keys or settings.sdk_keys.exported else {}


def require_keys(settings: Settings, environments: Collection[str]) -> None:
    """Raise pulumi.RunError where keys of an environment are unknown: its clients would be answered 401 from then on.

    `environments` are those whose keys the stack makes.
    """
    missing = [
        name
        for name in settings.admin.environments
        if name not in environments or settings.foreign_sdk_secret(name) is not None
    ]
    if server_keys(settings) and missing:
        setting, instead = (
            ("edge.enabled", "name a Secret with the keys of all environments in edge.existingSecret")
            if settings.generates_edge_keys
            else ("sdkKeys.exported", "give the keys of all environments to the edge's own stack in a Secret")
        )
        raise pulumi.RunError(
            f"feature-flags:{setting}: the program does not know the keys of {', '.join(missing)}, and the edge would "
            "answer 401 to their clients. `ff keys adopt` reads client keys of environments that exist into sdkKeys; "
            f"where a Secret of yours or a store has them, {instead}."
        )


def pairs_of(environments: Mapping[str, EnvironmentKeys]) -> Pairs:
    """Each environment's client key, and the proxies' own server-side key of it."""
    pairs = pulumi.Output.all(
        *(
            pulumi.Output.all(client_side_key=keys.client.value, server_side_key=keys.servers[PURPOSE].value)
            for _, keys in sorted(environments.items())
        )
    )
    return pulumi.Output.secret(pairs)


def keys_secret(
    logical_name: str, settings: Settings, *, namespace: pulumi.Input[str], pairs: Pairs, opts: pulumi.ResourceOptions
) -> SecretReference:
    """The Secret `flagsmith-edge-keys` with the pairs, as the proxies read them."""
    file = settings.edge.keys_key
    written = pairs.apply(
        lambda known: json.dumps(
            {**configuration(settings), "environment_key_pairs": known} if settings.edge.config_file else known,
            sort_keys=True,
        )
    )
    return secret_of(
        logical_name,
        name=names.EDGE_KEYS,
        namespace=namespace,
        component=COMPONENT,
        data={file: pulumi.Output.secret(written)},
        opts=opts,
    )
