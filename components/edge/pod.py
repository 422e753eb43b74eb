"""The pod of a proxy, by the settings of Flagsmith's Edge Proxy (src/edge_proxy/settings.py at 2.23.0)."""

import json
from typing import Final

from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    HTTPGetActionArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    SleepActionArgs,
)

from components.edge.configuration import configuration
from components.kit import names
from components.kit.environment import plain
from components.kit.pods import Mounted, Spread, pod_template, requirements
from components.kit.secret_files import READABLE_BY_ITS_GROUP, ca_volume, secret_file
from components.kit.secret_refs import SecretReference, checksum_annotations
from components.kit.security import container_security_context
from components.kit.shutdown import PRE_STOP_SECONDS
from components.settings import Settings
from components.settings.references import CaReference

COMPONENT: Final = "edge"
# User `nobody` of both images.
USER: Final = 65534
CONFIG_DIRECTORY: Final = "/etc/edge-proxy"
CONFIG_FILE: Final = "config.json"
CA_DIRECTORY: Final = "/etc/edge-proxy-ca"
# What is in flight when the routes have learned that a pod leaves: an answer takes milliseconds.
GRACE_PERIOD_SECONDS: Final = PRE_STOP_SECONDS + 15


def _probe(path: str, *, period: int, failures: int, timeout: int = 5) -> ProbeArgs:
    return ProbeArgs(
        http_get=HTTPGetActionArgs(path=path, port="http", scheme="HTTP"),
        period_seconds=period,
        timeout_seconds=timeout,
        failure_threshold=failures,
    )


def _environment(settings: Settings, keys: SecretReference) -> list[EnvVarArgs]:
    # What httpx, which asks for the documents, takes in place of the authorities that it knows.
    trusted = plain({} if _authority(settings) is None else {"SSL_CERT_FILE": f"{CA_DIRECTORY}/ca.crt"})
    if settings.edge.config_file:
        return [*plain({"CONFIG_PATH": f"{CONFIG_DIRECTORY}/{CONFIG_FILE}"}), *trusted]
    variables = {
        key.upper(): value if isinstance(value, str | int) else json.dumps(value, sort_keys=True)
        for key, value in configuration(settings).items()
    }
    # One process: each has documents of its own, and a probe asks any of them.
    pairs = keys.env("ENVIRONMENT_KEY_PAIRS", "ENVIRONMENT_KEY_PAIRS")
    return [pairs, *plain({**variables, "WEB_CONCURRENCY": 1}), *trusted]


def _authority(settings: Settings) -> CaReference | None:
    primary = settings.edge.primary
    return None if primary is None else primary.ca_secret


def _files(settings: Settings, keys: SecretReference) -> list[Mounted]:
    authority = ca_volume("primary-ca", CA_DIRECTORY, _authority(settings))
    if not settings.edge.config_file:
        return authority
    return [
        *authority,
        secret_file(
            "config",
            secret=keys.name,
            key=keys.key(CONFIG_FILE),
            directory=CONFIG_DIRECTORY,
            file=CONFIG_FILE,
            mode=READABLE_BY_ITS_GROUP,
        ),
    ]


def edge_pod(settings: Settings, keys: SecretReference) -> PodTemplateSpecArgs:
    """The pod template.

    A pod is ready when it has the document of every environment, and from then on whether or not Flagsmith is there.
    What it has is in its memory alone: a pod that starts while Flagsmith is away is not ready, and no pod that is ready
    is stopped for it. Its liveness asks the process alone, patiently, since a restart would lose the documents.
    """
    files = _files(settings, keys)
    return pod_template(
        component=COMPONENT,
        version=settings.edge.version,
        settings=settings,
        user=USER,
        container=ContainerArgs(
            name="edge-proxy",
            image=settings.edge_image,
            env=_environment(settings, keys),
            ports=[ContainerPortArgs(name="http", container_port=names.EDGE_PORT)],
            # It listens when it has asked for each document once, however long each of them takes: five minutes.
            startup_probe=_probe("/proxy/health/liveness", period=2, failures=150),
            readiness_probe=_probe("/proxy/health/readiness", period=5, failures=3),
            liveness_probe=_probe("/proxy/health/liveness", period=10, failures=6, timeout=10),
            lifecycle=LifecycleArgs(pre_stop=LifecycleHandlerArgs(sleep=SleepActionArgs(seconds=PRE_STOP_SECONDS))),
            resources=requirements(settings.edge_resources),
            security_context=container_security_context(),
            volume_mounts=[mount for _, mount in files],
        ),
        volumes=[volume for volume, _ in files],
        annotations=checksum_annotations(keys),
        grace_period_seconds=GRACE_PERIOD_SECONDS,
        # Never all of them on one node where there are others.
        spread=Spread(node_skew=settings.edge_replicas - 1 if settings.edge_is_held_apart else None),
    )
