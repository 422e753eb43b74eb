"""A valid stack to start from, and the message of an invalid one."""

from collections.abc import Mapping

import pytest

from components.settings import Settings, SettingsError, parse

VALID: Mapping[str, object] = {
    "host": "flags.example.com",
    "context": "cluster",
    "ingress": {"className": "traefik", "tls": {"from": "issuer", "clusterIssuer": "letsencrypt"}},
    "networkPolicy": {"ingressNamespace": "traefik"},
}


def settings(**values: object) -> Settings:
    """The settings of the valid stack with some keys replaced."""
    return parse({**VALID, **values})


def refusal(**values: object) -> list[str]:
    """The lines that refuse the valid stack with some keys replaced."""
    with pytest.raises(SettingsError) as caught:
        parse({**VALID, **values})
    assert str(caught.value) == "\n".join(caught.value.lines)
    return list(caught.value.lines)
