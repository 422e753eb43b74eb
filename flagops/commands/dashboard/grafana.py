"""The way to a dashboard: a Grafana that is in the cluster, and the address of the dashboard in it."""

from dataclasses import dataclass

from components.kit import names
from components.monitoring.dashboards.model import Dashboard, config_map_name, uid
from flagops.errors import BadInputError, NotFoundError
from flagops.kubernetes.objects import Manifest, Ref
from flagops.pods.pods import is_ready
from flagops.stacks.deployed import Instance

SELECTOR = f"{names.NAME}=grafana"
SETTING = "feature-flags:monitoring.dashboards.grafana"


@dataclass(frozen=True)
class Grafana:
    """A Grafana behind a Service.

    Attributes:
        instance: Where.
        service: The Service.
        port: The Service's port.
    """

    instance: Instance
    service: Manifest
    port: int

    @property
    def name(self) -> str:
        """Namespace and name of the Service."""
        return f"{self.service['metadata']['namespace']}/{self.service['metadata']['name']}"

    def pod(self) -> Manifest:
        """A ready pod of it. Raises OpsError when there is none."""
        selector = self.service["spec"].get("selector") or {}
        labels = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
        namespace = self.service["metadata"]["namespace"]
        found = self.instance.client.list("v1", "Pod", namespace, labelSelector=labels) if selector else []
        for pod in found:
            if is_ready(pod):
                return pod
        raise NotFoundError(
            f"No pod of Grafana is ready: the Service {self.name} has {len(found)}, none of them ready.",
            hint=f"`{self.instance.kubectl_anywhere} -n {namespace} get pods -l {labels}` shows them.",
        )

    def pod_port(self, pod: Manifest) -> int:
        """The pod's port behind the Service's. Raises OpsError when the pod has none of that name."""
        ports = self.service["spec"]["ports"]
        target = next((item.get("targetPort", item["port"]) for item in ports if item["port"] == self.port), None)
        if isinstance(target, int):
            return target
        named = (port for container in pod["spec"]["containers"] for port in container.get("ports") or ())
        found = next((port["containerPort"] for port in named if port.get("name") == target), None)
        if found is not None:
            return int(found)
        raise NotFoundError(
            f"The port {self.port} of the Service {self.name} leads to no port of its pod; "
            f"the Service has: {', '.join(str(item['port']) for item in ports)}.",
            hint=f"Name the port in {SETTING}.",
        )


def find(instance: Instance) -> Grafana:
    """The Grafana that the settings name, else the only one. Raises OpsError when there is none, or several."""
    stated = instance.settings.monitoring.dashboards.grafana
    if stated is not None:
        service = instance.client.get(Ref("v1", "Service", stated.namespace, stated.service))
        if service is None:
            raise NotFoundError(
                f"There is no Service {stated.namespace}/{stated.service} in context {instance.context!r}, "
                f"which {SETTING} names.",
                hint="Correct the setting, or remove it if there is only one Grafana.",
            )
        return Grafana(instance, service, stated.port)
    found = [item for item in instance.client.list("v1", "Service", "", labelSelector=SELECTOR) if _has_address(item)]
    if not found:
        raise NotFoundError(
            f"There is no Grafana in context {instance.context!r}: no Service with the label {SELECTOR}.",
            hint=f"Install one, for example with the chart kube-prometheus-stack, or name its Service in {SETTING}.",
        )
    if len(found) > 1:
        listed = ", ".join(sorted(f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in found))
        raise BadInputError(
            f"There are several Grafanas in context {instance.context!r}: {listed}.",
            hint=f"Name one in {SETTING}: {{namespace, service}}.",
        )
    return Grafana(instance, found[0], int(found[0]["spec"]["ports"][0]["port"]))


def _has_address(service: Manifest) -> bool:
    """Whether it is one that people use: the chart makes a headless one too, for Grafanas among themselves."""
    return bool(service["spec"].get("ports")) and service["spec"].get("clusterIP") != "None"


def path(instance: Instance, which: Dashboard) -> str:
    """The dashboard's path in Grafana. Raises OpsError when it is not deployed."""
    if instance.get("v1", "ConfigMap", config_map_name(which)) is None:
        raise NotFoundError(
            f"The dashboard {which.value!r} is not deployed: there is no ConfigMap "
            f"{instance.namespace}/{config_map_name(which)} in context {instance.context!r}.",
            hint="Set feature-flags:monitoring.dashboards.enabled to true, or monitoring.enabled, and run "
            f"`ff up --stack {instance.stack.name}`; docs/dashboards.md says what each needs.",
        )
    return f"/d/{uid(which, instance.namespace)}"
