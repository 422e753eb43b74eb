"""A namespace, a generated password in a Secret, a migration Job, then a Deployment and its Service."""

from urllib.parse import quote

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

config = pulumi.Config()
if config.get("host") == "not a name":
    raise pulumi.RunError("sample:host 'not a name' is not a DNS name")

provider = k8s.Provider("cluster", context="test")
labels = {"app.kubernetes.io/name": "web"}
protect = config.get_bool("protect") or False


class Part(pulumi.ComponentResource):
    def __init__(self, name: str, *, protect: bool = False) -> None:
        opts = pulumi.ResourceOptions(provider=provider, protect=protect)
        super().__init__(f"sample:index:{name.title()}", name, None, opts)
        self.child = pulumi.ResourceOptions(parent=self)


def pod(command: str, *, nowhere: bool = False, **extra: object) -> dict[str, object]:
    container = {"name": command, "image": "registry.k8s.io/pause:3.10", "command": [command]}
    return {"containers": [{**container, **extra}], "nodeSelector": {"no-such-node": "true"} if nowhere else {}}


base = Part("base", protect=protect)
namespace = k8s.core.v1.Namespace(
    "namespace", metadata={"name": config.require("namespace"), "labels": labels}, opts=base.child
)
name = namespace.metadata.name

data = Part("data")
password = random.RandomPassword("data-password", length=24, special=True, opts=pulumi.ResourceOptions(parent=data))
secret = k8s.core.v1.Secret(
    "data-secret",
    metadata={"name": "data", "namespace": name},
    string_data={
        "password": password.result,
        "url": password.result.apply(lambda value: f"postgres://web:{quote(value, safe='')}@data/web"),
    },
    opts=data.child,
)

jobs = Part("jobs")
job = k8s.batch.v1.Job(
    "migrate",
    metadata={"name": "migrate", "namespace": name},
    spec={
        "backoffLimit": 0,
        "activeDeadlineSeconds": 2 if config.get_bool("failJob") else 600,
        "template": {
            "spec": {**pod("migrate", nowhere=config.get_bool("failJob") or False), "restartPolicy": "Never"},
        },
    },
    opts=pulumi.ResourceOptions.merge(jobs.child, pulumi.ResourceOptions(depends_on=[data])),
)

web = Part("web")
deployment = k8s.apps.v1.Deployment(
    "web",
    metadata={"name": "web", "namespace": name, "labels": labels},
    spec={
        "replicas": config.require_int("replicas"),
        "progressDeadlineSeconds": config.get_int("progressDeadline") or 600,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": pod(
                "web",
                nowhere=config.get_bool("stuck") or False,
                env=[{"name": "DATA_URL", "valueFrom": {"secretKeyRef": {"name": secret.metadata.name, "key": "url"}}}],
            ),
        },
    },
    opts=pulumi.ResourceOptions.merge(web.child, pulumi.ResourceOptions(depends_on=[job])),
)
if config.get_bool("service") is not False:
    k8s.core.v1.Service(
        "web",
        metadata={"name": "web", "namespace": name},
        spec={"selector": labels, "ports": [{"port": 8000, "targetPort": 8000}]},
        opts=web.child,
    )

pulumi.export("namespace", name)
pulumi.export("password", password.result)
