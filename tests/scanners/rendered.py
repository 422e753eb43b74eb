"""Production with every optional part on, as files: what the scanners look at."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import yaml

from components.settings.lock import LOCK_FILE
from flagops.commands.render.gitops import KUSTOMIZATION
from flagops.commands.render.render import render
from flagops.stacks.files import Stack, load_stack
from tests.recording import ROOT

API_VERSIONS: Final = (
    "barmancloud.cnpg.io/v1",
    "cert-manager.io/v1",
    "external-secrets.io/v1",
    "gateway.networking.k8s.io/v1",
    "monitoring.coreos.com/v1",
    "postgresql.cnpg.io/v1",
)
# A digest that no image has: what is scanned is whether there is one. The repository's own lock file is the operator's.
DIGEST: Final = "sha256:" + "5ca1ab1e" * 8
IN_CLUSTER: Final[Mapping[str, object]] = {
    "postgres": {"blockEvictions": True},
    "edge": {"enabled": True, "autoscaling": {"enabled": True}},
    "autoscaling": {"enabled": True},
    "audit": {"export": {"sink": "https", "url": "https://audit.example.com/events", "tokenSecret": {"name": "audit"}}},
    "rollouts": {
        "enabled": True,
        "prometheus": {
            "url": "https://prometheus.example.com",
            "tokenSecret": {"name": "prometheus"},
            "caSecret": {"name": "prometheus-ca"},
        },
    },
    "tracing": {"endpoint": "https://collector.example.com:4318", "headers": {"name": "collector"}},
    "networkPolicy": {
        "ingressNamespace": "traefik",
        "egress": {
            "audit": {"to": [{"cidr": "10.3.0.0/24"}]},
            "prometheus": {"to": [{"cidr": "10.5.0.0/24"}]},
            "tracing": {"to": [{"cidr": "10.4.0.0/24"}]},
        },
    },
}
OUTSIDE: Final[Mapping[str, object]] = {
    "edge": {
        "enabled": True,
        "existingSecret": "edge",
        "configFile": True,
        "image": "flagsmith/edge-proxy-rs",
        "version": "0.1.0",
    },
    "postgres": {"mode": "external", "existingSecret": "database"},
    "redis": {"mode": "external", "existingSecret": "cache"},
    "audit": {"existingSecret": "audit", "export": {"sink": "stdout"}},
    "monitoring": {
        "flagMetrics": {"existingSecret": "analytics"},
        "postgres": {"existingSecret": "database-metrics"},
        "redis": {"existingSecret": "cache-metrics"},
    },
    "secretStore": {"name": "store", "secrets": {"django": {"key": "django"}, "admin": {"key": "admin"}}},
    "backup": {"s3": {"bucket": "backups", "existingSecret": "s3"}},
    "gateway": {"enabled": True, "className": "envoy", "tls": {"from": "issuer", "clusterIssuer": "letsencrypt"}},
    "networkPolicy": {
        "ingressNamespace": "traefik",
        "gatewayNamespace": "envoy-gateway-system",
        "egress": {"postgres": {"to": [{"cidr": "10.1.0.0/24"}]}, "redis": {"to": [{"cidr": "10.2.0.0/24"}]}},
    },
}
CLUSTERED: Final[Mapping[str, object]] = {
    "postgres": {
        "mode": "cloudnativepg",
        "cluster": {
            "instances": 3,
            "pooler": {"enabled": True},
            "readReplicas": True,
            "backup": {"enabled": True, "schedule": "0 15 3 * * *", "retention": "8w"},
        },
    },
    "backup": {"s3": {"bucket": "backups", "existingSecret": "s3"}},
    "networkPolicy": {"ingressNamespace": "traefik", "apiServer": ["10.0.0.1/32"]},
}
MOVING: Final[Mapping[str, object]] = {
    "postgres": {"move": {"beside": "cloudnativepg", "step": "copying"}},
    "networkPolicy": {"ingressNamespace": "traefik", "apiServer": ["10.0.0.1/32"]},
}
EDGE_ALONE: Final[Mapping[str, object]] = {
    "role": "edge",
    "postgres": None,
    "edge": {
        "enabled": True,
        "existingSecret": "edge-keys",
        "autoscaling": {"enabled": True},
        "primary": {"url": "https://primary.example.com", "cidr": "203.0.113.7/32"},
    },
    "secretStore": {"name": "store", "others": {"edge-keys": {"values": {"ENVIRONMENT_KEY_PAIRS": {"key": "edge"}}}}},
    "gateway": OUTSIDE["gateway"],
    "networkPolicy": {"ingressNamespace": "traefik", "gatewayNamespace": "envoy-gateway-system"},
}
VARIANTS: Final = {
    "in-cluster": IN_CLUSTER,
    "outside": OUTSIDE,
    "edge-alone": EDGE_ALONE,
    "cloudnativepg": CLUSTERED,
    "moving": MOVING,
}


def production(directory: Path, overrides: Mapping[str, object]) -> Path:
    """Render production with `overrides`, where None takes a key away, and every image locked; the files' directory."""
    project = directory / "project"
    project.mkdir()
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.production.yaml"):
        (project / name).symlink_to(ROOT / name)
    loaded = load_stack("production", project)
    config = {**loaded.config, **{f"feature-flags:{key}": value for key, value in overrides.items()}}
    stack = replace(loaded, config={key: value for key, value in config.items() if value is not None})
    (project / LOCK_FILE).write_text(yaml.safe_dump({"images": _lock(stack)}), encoding="utf-8")
    out = directory / "rendered"
    render(project, stack, out, api_versions=API_VERSIONS)
    (out / KUSTOMIZATION).unlink()  # names files, and is no object of the cluster
    return out


def _lock(stack: Stack) -> dict[str, dict[str, object]]:
    """An entry for each image of the settings; one that only a container had would be found without a digest."""
    entry = {
        "digest": DIGEST,
        "platforms": ["linux/amd64"],
        "resolved": "2030-01-31T12:00:00Z",
        "from": "docker.io",
    }
    return {image.source: dict(entry) for image in stack.settings.images.values()}
