"""Stacks that run rollouts, and where the Prometheus is that their guards ask."""

from collections.abc import Mapping
from typing import Final

PROMETHEUS: Final = {"url": "https://prometheus.example.com"}
ROLLING: Final[Mapping[str, object]] = {"enabled": True, "prometheus": PROMETHEUS}
ROLLOUTS: Final[Mapping[str, Mapping[str, object]]] = {
    "with rollouts that ask nobody": {"rollouts": {"enabled": True}},
    "with rollouts, and a Prometheus of another namespace": {
        "rollouts": {"enabled": True, "prometheus": {"url": "http://prometheus.default.svc:9090"}}
    },
}
SINGLE_ROLLOUTS: Final[Mapping[str, Mapping[str, object]]] = {
    "rollouts": {"rollouts": {"enabled": True}},
    "rollouts, and postgres": {
        "rollouts": {"enabled": True},
        "postgres": {"mode": "external", "existingSecret": "postgres"},
    },
    "rollouts.prometheus.url": {"rollouts": ROLLING},
    "rollouts.prometheus.cidr": {"rollouts": {"enabled": True, "prometheus": {**PROMETHEUS, "cidr": "10.20.0.11/32"}}},
}
