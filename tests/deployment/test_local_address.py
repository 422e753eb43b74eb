"""The address of the stack `local`, from the browser's port to the pods."""

import pytest

from flagops.local_cluster import kind
from flagops.stacks.published import published_by
from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster


def test_the_port_of_the_printed_address_leads_to_the_pods_of_flagsmith(deployed: Platform) -> None:
    stack = deployed.stack()
    published = published_by(stack)
    assert published is not None
    (mapping,) = kind.configured(published)["nodes"][0]["extraPortMappings"]
    assert f"http://{stack.settings.host}:{mapping['hostPort']}" == stack.settings.url
    assert mapping["listenAddress"] == "127.0.0.1"

    service = deployed.get(f"/api/v1/namespaces/{NAMESPACE}/services/flagsmith")
    (port,) = service["spec"]["ports"]
    assert (service["spec"]["type"], port["nodePort"]) == ("NodePort", mapping["containerPort"])
    slices = deployed.items(
        f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices",
        **{"kubernetes.io/service-name": "flagsmith"},
    )
    served = {address for item in slices for end in item["endpoints"] for address in end["addresses"]}
    assert served == {pod["status"]["podIP"] for pod in deployed.pods("api")}
    assert {port["port"] for item in slices for port in item["ports"]} == {8000}


def test_flagsmith_takes_the_printed_address_for_its_own(deployed: Platform) -> None:
    url = deployed.stack().settings.url
    assert deployed.up().outputs["url"] == url
    deployment = deployed.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    env = {item["name"]: item.get("value", "") for item in container["env"]}
    assert "flags.localhost" in env["DJANGO_ALLOWED_HOSTS"].split(",")
    assert url in env["DJANGO_CSRF_TRUSTED_ORIGINS"].split(",")
    assert env["FLAGSMITH_FRONTEND_URL"] == env["FLAGSMITH_API_URL"] == url
    assert env["FLAGSMITH_DOMAIN"] == "flags.localhost:30080"
    assert env["USE_SECURE_COOKIES"] == "False", "a browser keeps no Secure cookie of http://"
