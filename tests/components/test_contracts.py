"""Contracts over every resource of every stack: what must hold for all of them, whoever adds one."""

import base64
import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from flagops.evaluation.program import KubeObject
from tests.recording import STACKS, Recording, all_containers, container, pod_templates, recorded

CLUSTER_WIDE = {"Namespace"}
WORKLOADS = {"Deployment", "StatefulSet", "Job"}


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> Recording:
    return recorded(request.param)


def objects(stack: Recording) -> list[KubeObject]:
    assert len(stack.program.objects) >= 20
    return list(stack.program.objects)


def test_every_object_carries_the_recommended_labels(stack: Recording) -> None:
    for item in objects(stack):
        labels = item.manifest["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == "flagsmith", item.ref
        assert labels["app.kubernetes.io/part-of"] == "feature-flags", item.ref
        assert labels["app.kubernetes.io/managed-by"] == "pulumi", item.ref
        assert labels["app.kubernetes.io/component"], item.ref


def test_every_object_is_named_explicitly_and_lives_in_the_one_namespace(stack: Recording) -> None:
    for item in objects(stack):
        assert item.manifest["metadata"]["name"] == item.ref.name
        expected = "" if item.ref.kind in CLUSTER_WIDE else "feature-flags"
        assert item.ref.namespace == expected, item.ref


def test_every_kubernetes_resource_has_a_component_for_a_parent_and_the_explicit_provider(stack: Recording) -> None:
    resources = [r for r in stack.registrations.values() if r.type.startswith("kubernetes:")]
    assert len(resources) == len(stack.program.objects)
    providers = [r.urn for r in stack.registrations.values() if r.type == "pulumi:providers:kubernetes"]
    assert len(providers) == 1
    for resource in resources:
        assert resource.provider == providers[0], resource.urn
        assert stack.registrations[resource.parent].type.startswith("feature-flags:components:"), resource.urn


def test_the_provider_names_its_context(stack: Recording) -> None:
    (provider,) = (r for r in stack.registrations.values() if r.type == "pulumi:providers:kubernetes")
    assert provider.inputs["context"] == stack.program.outputs["context"]
    assert provider.inputs["enableSecretMutable"] in (True, "true")


def test_everything_in_the_namespace_is_made_after_it(stack: Recording) -> None:
    for item in objects(stack):
        if item.ref.kind != "Namespace":
            assert "Namespace/feature-flags" in stack.needed_by(item), item.ref


def test_every_container_requests_and_limits_cpu_memory_and_disk(stack: Recording) -> None:
    for name, template in pod_templates(stack):
        for item in all_containers(template):
            resources = item["resources"]
            stated = {"cpu", "memory", "ephemeral-storage"}
            assert set(resources["requests"]) == set(resources["limits"]) == stated, (name, item["name"])


def test_every_pod_names_the_service_account_of_its_component_which_is_made_before_it(stack: Recording) -> None:
    accounts = {item["metadata"]["name"]: item for item in stack.all("ServiceAccount")}
    for name, template in pod_templates(stack):
        component = template["metadata"]["labels"]["app.kubernetes.io/component"]
        assert template["spec"]["serviceAccountName"] == f"flagsmith-{component}", name
        assert accounts[f"flagsmith-{component}"]["automountServiceAccountToken"] is False, name
        kind, _, object_name = name.partition("/")
        (item,) = (o for o in objects(stack) if o.ref.kind == kind and o.ref.name == object_name)
        assert f"ServiceAccount/flagsmith-{component}" in stack.needed_by(item), name


def test_no_command_holds_what_kubernetes_takes_for_an_escape(stack: Recording) -> None:
    for name, template in pod_templates(stack):
        for its_container in all_containers(template):
            words = [*its_container.get("command", []), *its_container.get("args", [])]
            assert not [word for word in words if "$$" in word], f"{name}: Kubernetes makes a single $ of it"


def test_every_pod_is_restricted_with_a_read_only_root(stack: Recording) -> None:
    for name, template in pod_templates(stack):
        pod = template["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        for item in all_containers(template):
            its_own = item["securityContext"]
            assert its_own["runAsNonRoot"] is True, (name, item["name"])
            assert its_own.get("runAsUser", 1) > 0, (name, item["name"])
            assert its_own["allowPrivilegeEscalation"] is False, (name, item["name"])
            assert its_own["readOnlyRootFilesystem"] is True, (name, item["name"])
            assert its_own["capabilities"] == {"drop": ["ALL"]}, (name, item["name"])


def test_the_namespace_enforces_what_its_pods_keep(stack: Recording) -> None:
    (namespace,) = stack.all("Namespace")
    labels = namespace["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"


def test_every_pod_names_its_default_container(stack: Recording) -> None:
    for name, template in pod_templates(stack):
        default = template["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"]
        assert default == template["spec"]["containers"][0]["name"], name


def test_every_image_is_pinned_by_a_tag(stack: Recording) -> None:
    for name, template in pod_templates(stack):
        for item in all_containers(template):
            assert re.fullmatch(r"[^:@]+(:\d+/[^:@]+)?:v?\d[\w.-]+(@sha256:[0-9a-f]{64})?", item["image"]), name


def test_every_volume_mount_has_its_volume_and_every_volume_is_mounted(stack: Recording) -> None:
    for name, template in pod_templates(stack):
        volumes = {volume["name"] for volume in template["spec"]["volumes"]}
        mounts = {mount["name"] for item in all_containers(template) for mount in item["volumeMounts"]}
        assert volumes == mounts, name


def test_every_selector_matches_its_own_pods_and_no_others(stack: Recording) -> None:
    labels = {name: template["metadata"]["labels"] for name, template in pod_templates(stack)}

    def matched(selector: dict[str, str]) -> set[str]:
        return {name for name, have in labels.items() if selector.items() <= have.items()}

    for kind in ("Deployment", "StatefulSet"):
        for manifest in stack.all(kind):
            own = f"{kind}/{manifest['metadata']['name']}"
            assert matched(manifest["spec"]["selector"]["matchLabels"]) == {own}
    for service in stack.all("Service"):
        (target,) = matched(service["spec"]["selector"])
        name = service["metadata"]["name"]
        assert target.endswith("/flagsmith" if name == "flagsmith-unpublished" else f"/{name}")
    for budget in stack.all("PodDisruptionBudget"):
        (target,) = matched(budget["spec"]["selector"]["matchLabels"])
        assert target.endswith(f"/{budget['metadata']['name']}")


def test_no_selector_holds_what_changes_with_a_release(stack: Recording) -> None:
    for kind in ("Deployment", "StatefulSet"):
        for manifest in stack.all(kind):
            assert set(manifest["spec"]["selector"]["matchLabels"]) == {
                "app.kubernetes.io/name",
                "app.kubernetes.io/component",
            }


def test_every_service_port_leads_to_a_port_of_its_pods(stack: Recording) -> None:
    ports = {
        name.split("/")[1]: {port["name"] for port in container(template).get("ports", [])}
        for name, template in pod_templates(stack)
    }
    for service in stack.all("Service"):
        if service["metadata"]["name"] != "flagsmith-unpublished":
            for port in service["spec"]["ports"]:
                assert port["targetPort"] in ports[service["metadata"]["name"]]


def test_probes_ask_the_two_paths_that_exist_with_the_public_host(stack: Recording) -> None:
    asked = set()
    for _, template in pod_templates(stack):
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            http = container(template).get(probe, {}).get("httpGet")
            if http and http["port"] == "http":
                asked.add((probe, http["path"]))
                assert {"name": "Host", "value": host_of(stack)} in http["httpHeaders"]
    assert asked == {
        ("startupProbe", "/health/readiness/"),
        ("readinessProbe", "/health/liveness/"),
        ("livenessProbe", "/health/liveness/"),
    }


def host_of(stack: Recording) -> str:
    """The public host, as the stack's own output says it: not each stack has an Ingress."""
    return str(urlsplit(str(stack.program.outputs["url"])).hostname)


def test_every_pod_that_stays_is_probed(stack: Recording) -> None:
    for name, template in pod_templates(stack):
        probes = {"startupProbe", "readinessProbe", "livenessProbe"} & set(container(template))
        assert len(probes) == (0 if name.startswith(("Job/", "CronJob/")) else 3), name


def test_no_generated_value_appears_outside_of_a_secret(stack: Recording) -> None:
    generated = list(stack.program.generated.values())
    assert len(generated) >= 8
    for item in objects(stack):
        text = json.dumps(item.manifest)
        if item.ref.kind == "Secret":
            text = json.dumps({key: value for key, value in item.manifest.items() if key != "data"})
        for value in generated:
            assert value not in text, item.ref
            assert base64.b64encode(value.encode()).decode() not in text, item.ref


def test_the_data_of_secrets_is_secret_to_pulumi_and_nothing_else_is(stack: Recording) -> None:
    for registration in stack.registrations.values():
        if registration.type.startswith("kubernetes:"):
            expected = {("data",)} if registration.type.endswith(":Secret") else set()
            assert registration.secret_paths == expected, registration.name


def test_outputs_hold_no_secret(stack: Recording) -> None:
    outputs = json.dumps(stack.program.outputs)
    assert not stack.program.secret_outputs
    assert set(stack.program.outputs) >= {"url", "namespace", "adminEmail", "secrets"}
    for value in stack.program.generated.values():
        assert value not in outputs


def read_by(template: dict[str, Any]) -> set[str]:
    """The Secrets and ConfigMaps that a pod reads, from its environment or as files."""
    env = (
        item.get("valueFrom", {}).get("secretKeyRef", {}).get("name")
        for its in all_containers(template)
        for item in its.get("env", [])
    )
    volumes = template["spec"]["volumes"]
    files = [volume.get("secret", {}).get("secretName") for volume in volumes]
    files += [volume.get("configMap", {}).get("name") for volume in volumes]
    # What is named by what is in it needs no checksum.
    return {name for name in (*env, *files) if name and not re.search("-[0-9a-f]{10}$", name)}


def test_a_pod_carries_the_checksum_of_exactly_what_it_reads(stack: Recording) -> None:
    for name, template in pod_templates(stack):
        annotations = template["metadata"]["annotations"]
        checksums = {key.removeprefix("checksum/") for key in annotations if key.startswith("checksum/")}
        # A Job runs once: a rotated password is no reason to run it again. The database's own is set by a Job.
        expected = set() if name.startswith(("Job/", "CronJob/")) else read_by(template) - {"flagsmith-postgres"}
        assert checksums == expected, name
