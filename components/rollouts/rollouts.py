"""What runs rollouts: one pod, which keeps nothing and may change segments in Flagsmith, and no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs

from components.flagsmith.pod import USER
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.config_files import ConfigFiles
from components.kit.database_pods import DatabaseClientArgs
from components.kit.environment import plain
from components.kit.pods import pod_template
from components.kit.programs import Serving, program_container
from components.kit.secret_files import READABLE_BY_ITS_GROUP, ca_volume, secret_file
from components.kit.secret_refs import SecretReference, checksum_annotations
from components.kit.service_accounts import service_account
from components.kit.single_pod import singleton
from components.rollouts import login
from components.settings.sections.rollouts import RolloutsPrometheus

COMPONENT: Final = "rollouts"
SCRIPTS: Final = tuple(path for path in sorted(login.SCRIPT.parent.glob("*.py")) if path != login.SCRIPT)
PACKAGE: Final = "ff_rollouts"
"""What the files are called together where they run: they import one another relatively."""
ROOT: Final = "/rollouts"
TOKEN_DIRECTORY: Final = "/run/secrets/rollouts-token"  # noqa: S105 a path
PROMETHEUS_TOKEN_DIRECTORY: Final = "/run/secrets/prometheus-token"  # noqa: S105 a path
PROMETHEUS_CA_DIRECTORY: Final = "/run/secrets/prometheus-ca"
# A request that is on its way may take as long as its time-out.
GRACE_PERIOD_SECONDS: Final = 45
# Ready is one that shows its metrics; alive is one whose looks do not hang.
SERVING: Final = Serving(
    port=names.ROLLOUTS_PORT, path="/livez", ready="/readyz", startup=(2, 30), readiness=(10, 3), liveness=(20, 3)
)


def files() -> ConfigFiles:
    """The program, as the pod finds it."""
    return ConfigFiles(
        prefix=names.ROLLOUTS,
        component=COMPONENT,
        volume="scripts",
        directory=f"{ROOT}/{PACKAGE}",
        data={path.name: Path(path).read_text(encoding="utf-8") for path in SCRIPTS},
    )


def _prometheus(asked: RolloutsPrometheus) -> dict[str, str]:
    found = {} if asked.url is None else {"PROMETHEUS_URL": asked.url}
    if asked.token_secret is not None:
        found["PROMETHEUS_TOKEN_FILE"] = f"{PROMETHEUS_TOKEN_DIRECTORY}/token"
    if asked.ca_secret is not None:
        found["PROMETHEUS_CA_FILE"] = f"{PROMETHEUS_CA_DIRECTORY}/ca.crt"
    return found


def rollouts_pod(args: DatabaseClientArgs, source: ConfigFiles, token: SecretReference) -> PodTemplateSpecArgs:
    """The pod template. It has no way to the database, and no token of Kubernetes'."""
    settings, prometheus = args.settings.rollouts, args.settings.rollouts.prometheus
    variables: Mapping[str, str | int] = {
        "FLAGSMITH_URL": names.api_url(args.settings.namespace.name).removesuffix("/api/v1/"),
        "TOKEN_FILE": f"{TOKEN_DIRECTORY}/token",
        **_prometheus(prometheus),
        "INTERVAL_SECONDS": settings.interval,
        "PORT": names.ROLLOUTS_PORT,
        "PYTHONPATH": ROOT,
        # The root file system is read-only.
        "PYTHONDONTWRITEBYTECODE": 1,
    }
    secret = secret_file(
        "token",
        secret=token.name,
        key=login.KEY,
        directory=TOKEN_DIRECTORY,
        file="token",
        mode=READABLE_BY_ITS_GROUP,
    )
    mounted = [source.mounted(), secret, *ca_volume("prometheus-ca", PROMETHEUS_CA_DIRECTORY, prometheus.ca_secret)]
    if prometheus.token_secret is not None:
        mounted.append(
            secret_file(
                "prometheus-token",
                secret=prometheus.token_secret.name,
                key=prometheus.token_secret.key,
                directory=PROMETHEUS_TOKEN_DIRECTORY,
                file="token",
                mode=READABLE_BY_ITS_GROUP,
            )
        )
    return pod_template(
        component=COMPONENT,
        version=args.settings.version,
        settings=args.settings,
        user=USER,
        container=program_container(
            args.settings,
            name=COMPONENT,
            image=args.settings.image_reference,
            # Not with Flagsmith's own directory, in which the image starts, among those to import from.
            command=["python", "-P", "-m", f"{PACKAGE}.runner"],
            env=plain(variables),
            resources=settings.resources,
            mounts=[mount for _, mount in mounted],
            serving=SERVING,
        ),
        volumes=[volume for volume, _ in mounted],
        annotations={**checksum_annotations(token), **args.annotations},
        grace_period_seconds=GRACE_PERIOD_SECONDS,
    )


@dataclass(frozen=True, kw_only=True)
class RolloutsArgs:
    """What runs rollouts is made from.

    Attributes:
        client: the database, which the Job of its log-in asks.
        bootstrap: what makes the project that the log-in is for.
    """

    client: DatabaseClientArgs
    bootstrap: pulumi.Resource


class RolloutsPod(Component):
    """The Deployment `flagsmith-rollouts`, its program, and its log-in: a Secret, and a Job that makes the account.

    The pod waits for the Job, so that its first look is not refused, and the Job for the project. Nothing else does:
    what waits for much in many ways keeps a removal busy.

    Attributes:
        deployment: the Deployment's name.
    """

    deployment: pulumi.Output[str]

    def __init__(self, name: str, args: RolloutsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:RolloutsPod", name, opts)
        client, source = args.client, files()
        settings, namespace = client.settings, client.namespace
        account, other = (
            service_account(f"{name}-{short}", component=component, namespace=namespace, opts=self.child())
            for short, component in (("service-account", COMPONENT), ("login-service-account", login.COMPONENT))
        )
        program = source.config_map(f"{name}-scripts", namespace=namespace, opts=self.child())
        script = login.files().config_map(f"{name}-login-script", namespace=namespace, opts=self.child())
        value = login.token(f"{name}-login", settings, self.child())
        secret = login.token_secret(f"{name}-login", client, value, self.child(protect=settings.protect))
        job = login.login_job(f"{name}-login", client, secret, self.child(args.bootstrap, script, other))
        deployment = singleton(
            f"{name}-deployment",
            name=names.ROLLOUTS,
            namespace=namespace,
            component=COMPONENT,
            version=settings.version,
            template=rollouts_pod(client, source, secret),
            opts=self.child(program, account, job),
        )
        self.deployment = name_of(deployment)
        self.register_outputs({"deployment": self.deployment})
