"""The stacks whose policies are tried: production's, and what changes who talks to whom."""

from collections.abc import Callable, Mapping
from typing import Final

from components.settings import Settings
from tests.components.network.clusters import CLUSTERS
from tests.components.network.edges import EDGE, EDGES_ALONE, GATEWAY, SINGLE_EDGES_ALONE, THROUGH_GATEWAY, WAY_IN
from tests.components.network.rollouts import ROLLING, ROLLOUTS, SINGLE_ROLLOUTS

BUCKET: Final = {"bucket": "backups", "existingSecret": "bucket"}
SERVICES: Final[Mapping[str, object]] = {
    "postgres": {"mode": "external", "existingSecret": "postgres"},
    "redis": {"mode": "external", "existingSecret": "redis"},
    "smtp": {"host": "smtp.example.com"},
    "login": {"google": True, "github": {"existingSecret": "github"}},
    "backup": {"s3": BUCKET},
    "telemetry": True,
    "tracing": {"endpoint": "https://collector.example.com:4318"},
    "audit": {
        "existingSecret": "auditor",
        "export": {"sink": "https", "url": "https://audit.example.com/api/v1/events"},
    },
    "monitoring": {"flagMetrics": {"existingSecret": "reader"}},
    "rollouts": ROLLING,
}
VARIANTS: Final[Mapping[str, Mapping[str, object]]] = {
    "as its file says": {},
    "with everything outside, and where nobody says": SERVICES,
    "with everything outside, at stated addresses": {
        **SERVICES,
        "networkPolicy": {
            "egress": {
                "postgres": {"to": [{"cidr": "10.20.0.5/32"}]},
                "redis": {"to": [{"cidr": "10.20.0.6/32"}]},
                "smtp": {"to": [{"cidr": "10.20.0.7/32"}]},
                "s3": {"to": [{"cidr": "203.0.113.8/32"}]},
                "login": {"to": [{"cidr": "198.51.100.4/32"}]},
                "tracing": {"to": [{"cidr": "10.20.0.8/32"}]},
                "audit": {"to": [{"cidr": "10.20.0.9/32"}]},
                "prometheus": {"to": [{"cidr": "10.20.0.11/32"}]},
            },
            "webhooks": [{"cidr": "203.0.113.7/32"}],
            **WAY_IN,
        },
    },
    "with a bucket of its own endpoint": {"backup": {"s3": {**BUCKET, "endpoint": "https://minio.example.com"}}},
    "with services of other namespaces": {
        "smtp": {"host": "mail.default.svc"},
        "tracing": {"endpoint": "http://collector.default.svc.cluster.local:4318"},
        "backup": {"s3": {**BUCKET, "endpoint": "https://minio.default.svc"}},
    },
    "with exporters of what is outside": {
        **SERVICES,
        "monitoring": {"postgres": {"existingSecret": "metrics"}, "redis": {"existingSecret": "metrics"}},
    },
    **ROLLOUTS,
    "without monitoring": {"monitoring": {"enabled": False}},
    "with entries of the audit log in a log": {"audit": {"export": {"sink": "stdout"}}},
    "without Redis, backups, audit and monitoring": {
        "redis": {"mode": "none"},
        "backup": {"enabled": False},
        "audit": {"enabled": False},
        "monitoring": {"enabled": False},
    },
    "without an Ingress and clients": {"ingress": {"enabled": False}, "networkPolicy": {"clients": []}},
    "without an Ingress, and with a gateway that leads here": {"ingress": {"enabled": False}},
    "with a certificate of its own": {
        "ingress": {"className": "traefik", "tls": {"from": "secret", "secretName": "tls"}}
    },
    "with TLS that ends before it": {"ingress": {"className": "alb", "tls": {"from": "upstream"}}},
    "with a Gateway, whose pods are told by labels": {
        "ingress": {"enabled": False},
        "gateway": GATEWAY,
        "networkPolicy": {"gatewayNamespace": "envoy-gateway-system", "gatewayPodLabels": {"app": "envoy"}},
    },
    "with a Gateway beside the Ingress": {
        "gateway": GATEWAY,
        "networkPolicy": {**WAY_IN, "gatewayNamespace": "envoy-gateway-system"},
    },
    "with a Gateway outside of the cluster beside an Ingress, and no issuer": {
        "ingress": {"className": "traefik", "tls": {"from": "secret", "secretName": "tls"}},
        "gateway": {**GATEWAY, "tls": {"from": "secret", "secretName": "tls"}},
        "networkPolicy": {**WAY_IN, "gatewayCidrs": ["10.100.0.0/24"]},
    },
    "with the edge": {"edge": EDGE},
    "with the edge, and with clients of its own": {"edge": {**EDGE, "clients": [{"namespace": "default"}]}},
    "with the edge, and by a gateway that leads here": {"edge": EDGE, "ingress": {"enabled": False}},
    "with the edge, and through a Gateway": {
        "edge": EDGE,
        "gateway": GATEWAY,
        "networkPolicy": {**WAY_IN, "gatewayNamespace": "envoy-gateway-system", "gatewayCidrs": ["10.100.0.0/24"]},
    },
    "with the edge, and without a way in": {
        "edge": EDGE,
        "ingress": {"enabled": False},
        "networkPolicy": {"clients": []},
    },
    **EDGES_ALONE,
    "with an ingress controller on its nodes' network": {"networkPolicy": {"ingressCidrs": ["10.100.0.0/24"]}},
    **CLUSTERS,
}

# Each alone, on production: whatever opens a way, in each of its forms.
EXTERNAL: Final[Mapping[str, Mapping[str, object]]] = {
    "postgres": {"mode": "external", "existingSecret": "postgres"},
    "redis": {"mode": "external", "existingSecret": "redis"},
}
COLLECTOR: Final = {"endpoint": "https://collector.example.com:4318"}
EXPORT: Final = {"sink": "https", "url": "https://audit.example.com/api/v1/events"}
WIDE: Final = {"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}
SINGLE: Final[Mapping[str, Mapping[str, object]]] = {
    **CLUSTERS,
    "postgres": {"postgres": EXTERNAL["postgres"]},
    "postgres, and its exporter": {
        "postgres": EXTERNAL["postgres"],
        "monitoring": {"postgres": {"existingSecret": "metrics"}},
    },
    "postgres, and readers": {
        "postgres": EXTERNAL["postgres"],
        "audit": {"existingSecret": "auditor", "export": {"sink": "stdout"}},
        "monitoring": {"flagMetrics": {"existingSecret": "reader"}},
    },
    "postgres.cidr": {"postgres": {**EXTERNAL["postgres"], "cidr": "10.20.0.5/32"}},
    "redis": {"redis": EXTERNAL["redis"]},
    "redis, and its exporter": {"redis": EXTERNAL["redis"], "monitoring": {"redis": {"existingSecret": "metrics"}}},
    "redis.cidr": {"redis": {**EXTERNAL["redis"], "cidr": ["10.20.0.6/32", "2001:db8::/32"]}},
    "smtp.host, a name": {"smtp": {"host": "smtp.example.com"}},
    "smtp.host, an address": {"smtp": {"host": "10.20.0.7"}},
    "smtp.host, a Service": {"smtp": {"host": "mail.default.svc"}},
    "smtp.cidr": {"smtp": {"host": "smtp.example.com", "cidr": "10.20.0.7/32"}},
    "tracing.endpoint, a name": {"tracing": COLLECTOR},
    "tracing.endpoint, in clear": {"tracing": {"endpoint": "http://collector.example.com"}},
    "tracing.endpoint, by gRPC": {"tracing": {"endpoint": "http://collector.example.com", "protocol": "grpc"}},
    "tracing.endpoint, an address": {"tracing": {"endpoint": "http://10.20.0.8:4318"}},
    "tracing.cidr": {"tracing": {**COLLECTOR, "cidr": "10.20.0.8/32"}},
    "backup.s3": {"backup": {"s3": BUCKET}},
    "backup.s3.endpoint, a name": {"backup": {"s3": {**BUCKET, "endpoint": "https://minio.example.com"}}},
    "backup.s3.endpoint, in clear": {"backup": {"s3": {**BUCKET, "endpoint": "http://minio.example.com"}}},
    "backup.s3.cidr, of Amazon": {"backup": {"s3": {**BUCKET, "cidr": "203.0.113.8/32"}}},
    "backup.s3.cidr": {"backup": {"s3": {**BUCKET, "endpoint": "https://minio.example.com", "cidr": "203.0.113.0/24"}}},
    "audit.export, in a log": {"audit": {"export": {"sink": "stdout"}}},
    "audit.export.url": {"audit": {"export": EXPORT}},
    "audit.export.cidr": {"audit": {"export": {**EXPORT, "cidr": "10.20.0.9/32"}}},
    **SINGLE_ROLLOUTS,
    "login.google": {"login": {"google": True}},
    "login.github": {"login": {"github": {"existingSecret": "github"}}},
    "telemetry": {"telemetry": True},
    "webhooks, one receiver": {"networkPolicy": {**WAY_IN, "webhooks": [{"cidr": "203.0.113.7/32"}]}},
    "webhooks, everywhere": {"networkPolicy": {**WAY_IN, "webhooks": WIDE}},
    "webhooks, everywhere in clear": {
        "networkPolicy": {**WAY_IN, "webhooks": [{**network, "ports": [80]} for network in WIDE]}
    },
    "webhooks, half of everything": {"networkPolicy": {**WAY_IN, "webhooks": [{"cidr": "128.0.0.0/1"}]}},
    "webhooks, private networks": {
        "networkPolicy": {**WAY_IN, "webhooks": [{"cidr": "10.0.0.0/8"}, {"cidr": "fd00::/8"}]}
    },
    "webhooks, a carrier's network": {"networkPolicy": {**WAY_IN, "webhooks": [{"cidr": "100.64.0.0/10"}]}},
    "webhooks, through NAT64": {"networkPolicy": {**WAY_IN, "webhooks": [{"cidr": "64:ff9b::/96"}]}},
    "webhooks, everywhere but some": {
        "networkPolicy": {**WAY_IN, "webhooks": [{**WIDE[0], "except": ["10.0.0.0/8", "169.254.169.0/24"]}]}
    },
    "webhooks, pods": {"networkPolicy": {**WAY_IN, "webhooks": [{"namespace": "default"}]}},
    "webhooks, the metadata service by name": {
        "networkPolicy": {**WAY_IN, "webhooks": [{"cidr": "169.254.169.254/32", "ports": [80]}]}
    },
    "except, with any address": {
        "tracing": COLLECTOR,
        "networkPolicy": {**WAY_IN, "except": ["10.96.0.0/16", "10.100.0.0/24"]},
    },
    "except, with the internet and a wide network": {
        "telemetry": True,
        "networkPolicy": {**WAY_IN, "webhooks": WIDE, "except": ["10.96.0.1/32", "10.100.0.2/32", "192.0.2.0/24"]},
    },
    "except, with something else than the API server": {
        "telemetry": True,
        "networkPolicy": {**WAY_IN, "except": ["192.0.2.0/24"]},
    },
    "apiServer, with the internet and wide networks": {
        "telemetry": True,
        "networkPolicy": {
            **WAY_IN,
            "webhooks": [*WIDE, {"cidr": "10.96.0.0/16"}, {"cidr": "10.100.0.0/24"}],
            "apiServer": ["10.96.0.1/32", "10.100.0.2/32", "::/128"],
        },
    },
    "webhooks, the network of the API server": {"networkPolicy": {**WAY_IN, "webhooks": [{"cidr": "10.96.0.0/16"}]}},
    "webhooks, the network of the API server's host": {
        "networkPolicy": {**WAY_IN, "webhooks": [{"cidr": "10.100.0.2/31", "ports": [6443]}]}
    },
    "ingressCidrs": {"networkPolicy": {"ingressCidrs": ["10.100.0.0/24"]}},
    "ingressCidrs, everything": {"networkPolicy": {"ingressCidrs": ["0.0.0.0/0", "::/0"]}},
    "clients, a network": {"networkPolicy": {**WAY_IN, "clients": [{"cidr": "10.100.0.0/24"}]}},
    "clients, everything": {"networkPolicy": {**WAY_IN, "clients": [{"cidr": "0.0.0.0/0"}]}},
    "a Gateway": {"gateway": GATEWAY, "networkPolicy": THROUGH_GATEWAY},
    "the edge, through a Gateway": {"edge": EDGE, "gateway": GATEWAY, "networkPolicy": THROUGH_GATEWAY},
    "the edge": {"edge": EDGE},
    **SINGLE_EDGES_ALONE,
    "edge.clients": {"edge": {**EDGE, "clients": [{"namespace": "footanalytics"}]}},
    "no Ingress": {"ingress": {"enabled": False}},
    "a certificate that exists": {"ingress": {"className": "traefik", "tls": {"from": "secret", "secretName": "tls"}}},
    "no monitoring": {"monitoring": {"enabled": False}},
}
ALL: Final = {**VARIANTS, **{f"alone: {name}": overrides for name, overrides in SINGLE.items()}}

CONDITIONS: Final[Mapping[str, Callable[[Settings], bool]]] = {
    "always": lambda _: True,
    "an Ingress": lambda stack: stack.ingress.enabled,
    "no Ingress": lambda stack: not stack.ingress.enabled,
    "a way in": lambda stack: bool(stack.network_policy.ingress_namespace or stack.network_policy.ingress_cidrs),
    "a Gateway": lambda stack: stack.gateway.enabled,
    "a certificate from an issuer": lambda stack: (
        (stack.ingress.enabled and stack.ingress.tls.from_ == "issuer")
        or (stack.gateway.enabled and stack.gateway.tls.from_ == "issuer")
    ),
    "PostgreSQL embedded": lambda stack: stack.postgres.mode == "embedded",
    "PostgreSQL of the stack's own": lambda stack: stack.postgres.mode != "external",
    "PostgreSQL not embedded": lambda stack: stack.postgres.mode != "embedded",
    "a Cluster": lambda stack: stack.postgres.mode == "cloudnativepg",
    "its archive": lambda stack: stack.postgres.cluster.backup.enabled,
    "poolers": lambda stack: stack.pooled,
    "PostgreSQL external": lambda stack: stack.postgres.mode == "external",
    "Redis embedded": lambda stack: stack.redis.mode == "embedded",
    "Redis external": lambda stack: stack.redis.mode == "external",
    "the edge": lambda stack: stack.edge.enabled,
    "an edge alone": lambda stack: stack.is_edge,
    "the edge's metrics": lambda stack: stack.edge.enabled and stack.monitoring_enabled,
    "backups": lambda stack: stack.backup.enabled,
    "flag metrics": lambda stack: stack.flag_metrics_enabled,
    "a bucket": lambda stack: stack.backup.s3 is not None,
    "mail": lambda stack: stack.smtp is not None,
    "webhooks": lambda stack: bool(stack.network_policy.webhooks),
    "log-in by GitHub or Google": lambda stack: stack.login.google or stack.login.github is not None,
    "audit": lambda stack: stack.audit_enabled,
    "its export": lambda stack: stack.audit.export.enabled,
    "an endpoint": lambda stack: stack.audit.export.url is not None,
    "rollouts": lambda stack: stack.rollouts.enabled,
    "a Prometheus": lambda stack: stack.rollouts.prometheus.url is not None,
    "traces": lambda stack: stack.tracing.endpoint is not None,
    "telemetry": lambda stack: stack.telemetry,
    "monitoring": lambda stack: stack.monitoring_enabled,
    "a PostgreSQL exporter of its own": lambda stack: (
        stack.monitoring.postgres.existing_secret is not None
        or (stack.postgres.mode == "cloudnativepg" and stack.monitoring_enabled)
    ),
    "a Redis exporter of its own": lambda stack: stack.monitoring.redis.existing_secret is not None,
}
"""What the last column of the table means."""
