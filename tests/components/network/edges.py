"""Stacks that are an edge alone, whose policies are tried, and what they share with other stacks."""

from collections.abc import Mapping
from typing import Final

EDGE: Final = {"enabled": True, "existingSecret": "edge"}
WAY_IN: Final = {"ingressNamespace": "traefik"}
THROUGH_GATEWAY: Final = {**WAY_IN, "gatewayNamespace": "envoy-gateway-system"}
GATEWAY: Final = {"enabled": True, "className": "envoy", "tls": {"from": "issuer", "clusterIssuer": "letsencrypt"}}
PRIMARY: Final = {"url": "https://primary.example.com"}
ALONE: Final = {"role": "edge", "postgres": None, "edge": {**EDGE, "primary": PRIMARY}}
EDGES_ALONE: Final[Mapping[str, Mapping[str, object]]] = {
    "an edge alone": ALONE,
    "an edge alone, with clients of its own, and its primary at a stated address": {
        **ALONE,
        "edge": {**EDGE, "primary": {**PRIMARY, "cidr": "10.20.0.10/32"}, "clients": [{"namespace": "default"}]},
    },
    "an edge alone, of a Service of another namespace": {
        **ALONE,
        "edge": {**EDGE, "primary": {"url": "http://flagsmith.default.svc:8000"}},
        "ingress": {"className": "traefik", "tls": {"from": "upstream"}},
    },
    "an edge alone, of an address, and by a gateway that leads here": {
        **ALONE,
        "edge": {**EDGE, "primary": {"url": "https://10.20.0.10:8443"}},
        "ingress": {"enabled": False},
    },
    "an edge alone, through a Gateway, and its primary where networkPolicy says": {
        **ALONE,
        "ingress": {"enabled": False},
        "gateway": GATEWAY,
        "networkPolicy": {
            "gatewayNamespace": "envoy-gateway-system",
            "egress": {"primary": {"to": [{"cidr": "10.20.0.10/32"}], "port": 8443}},
        },
    },
}
SINGLE_EDGES_ALONE: Final[Mapping[str, Mapping[str, object]]] = {
    "an edge alone": ALONE,
    "an edge alone, through a Gateway": {**ALONE, "gateway": GATEWAY, "networkPolicy": THROUGH_GATEWAY},
    "an edge alone, with an address": {**ALONE, "edge": {**EDGE, "primary": {"url": "https://10.20.0.10"}}},
    "an edge alone, with edge.primary.cidr": {
        **ALONE,
        "edge": {**EDGE, "primary": {**PRIMARY, "cidr": ["10.20.0.10/32", "2001:db8::/32"]}},
    },
}
"""With one setting more."""
