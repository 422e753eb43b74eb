"""Rules of pods: images, resources, what they may do."""

from typing import Any

import pytest

from policies.model import MISSING
from policies.rules import RULES
from policies.rules.restricted import SYSCTLS
from tests.policies import manifests
from tests.policies.manifests import DIGEST, broken, budget, container, cron_job, deployment, paths, pod

SPEC = "spec.template.spec"
OWN = f"{SPEC}.containers[flagsmith]"


def with_security(**fields: Any) -> dict[str, Any]:
    return container(securityContext={**container()["securityContext"], **fields})


@pytest.mark.parametrize("name", [rule.id for rule in RULES if rule.id != "protected-data"])
def test_what_keeps_all_rules_is_let_be(name: str) -> None:
    tls = [{"hosts": ["flags.example.com"], "secretName": "flagsmith-tls"}]
    kept = (deployment(), cron_job(pod()), budget(), manifests.ingress("flags.example.com", tls=tls))
    assert broken(name, *kept) == []


@pytest.mark.parametrize(
    "image",
    [
        *("flagsmith/flagsmith", "flagsmith/flagsmith:latest", "registry:5000/flagsmith", ""),
        f"flagsmith/flagsmith:latest@{DIGEST}",
    ],
)
def test_an_image_has_a_tag_that_is_not_latest(image: str) -> None:
    (found,) = broken("image-tag", deployment(pod(container(image=image))))
    assert (found.finding.path, found.finding.value) == (f"{OWN}.image", image or MISSING)


@pytest.mark.parametrize("image", ["postgres:17", f"postgres@{DIGEST}", "registry:5000/postgres:17"])
def test_a_tag_or_a_digest_will_do(image: str) -> None:
    assert broken("image-tag", deployment(pod(container(image=image)))) == []


@pytest.mark.parametrize("image", ["postgres:17", "postgres:17@sha256:abc", f"postgres:17@sha512:{'a' * 64}"])
def test_in_production_an_image_without_a_digest_is_noted(image: str) -> None:
    subject = deployment(pod(container(image=image)))
    (found,) = broken("image-digest", subject)
    assert (found.rule.enforcement, found.finding.value) == ("advisory", image)
    assert broken("image-digest", subject, production=False) == []


def test_every_container_has_requests_and_limits() -> None:
    bare = container(name="bare", resources={"requests": {"cpu": "1"}})
    found = broken("resources", cron_job(pod(container(), initContainers=[bare])))
    path = "spec.jobTemplate.spec.template.spec.initContainers[bare].resources"
    assert paths(found) == [f"{path}.requests.memory", f"{path}.limits.cpu", f"{path}.limits.memory"]


def test_a_container_may_not_leave_them_out() -> None:
    fields = {key: value for key, value in container().items() if key != "resources"}
    assert len(broken("resources", deployment(pod(fields)))) == 4


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"hostNetwork": True}, "hostNetwork"),
        ({"hostPID": True}, "hostPID"),
        ({"hostIPC": True}, "hostIPC"),
        ({"volumes": [{"name": "node", "hostPath": {"path": "/"}}]}, "volumes[node].hostPath"),
        ({"volumes": [{"name": "share", "nfs": {"server": "a"}}]}, "volumes[share].nfs"),
    ],
)
def test_a_pod_has_nothing_of_its_node(fields: dict[str, Any], path: str) -> None:
    assert paths(broken("restricted-pods", deployment(pod(**fields)))) == [f"{SPEC}.{path}"]


@pytest.mark.parametrize(
    ("security", "path"),
    [
        ({"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}, "sysctls"),
        ({"runAsUser": 0}, "runAsUser"),
        ({"seLinuxOptions": {"type": "spc_t"}}, "seLinuxOptions.type"),
        ({"seLinuxOptions": {"user": "system_u"}}, "seLinuxOptions.user"),
        ({"appArmorProfile": {"type": "Unconfined"}}, "appArmorProfile.type"),
        ({"windowsOptions": {"hostProcess": True}}, "windowsOptions.hostProcess"),
    ],
)
def test_a_pod_keeps_the_profiles(security: dict[str, Any], path: str) -> None:
    subject = pod(securityContext={**pod()["securityContext"], **security})
    assert paths(broken("restricted-pods", deployment(subject))) == [f"{SPEC}.securityContext.{path}"]


def test_harmless_sysctls_and_volumes_are_let_be() -> None:
    security = {**pod()["securityContext"], "sysctls": [{"name": name} for name in SYSCTLS]}
    volumes = [{"name": "a", "emptyDir": {}}, {"name": "b", "secret": {}}, {"name": "c", "configMap": {}}]
    assert broken("restricted-pods", deployment(pod(securityContext=security, volumes=volumes))) == []


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"privileged": True}, "privileged"),
        ({"allowPrivilegeEscalation": True}, "allowPrivilegeEscalation"),
        ({"procMount": "Unmasked"}, "procMount"),
        ({"capabilities": {"drop": ["NET_RAW"]}}, "capabilities.drop"),
        ({"capabilities": {}}, "capabilities.drop"),
        ({"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}, "capabilities.add"),
        ({"runAsNonRoot": False}, "runAsNonRoot"),
        ({"runAsUser": 0}, "runAsUser"),
        ({"seccompProfile": {"type": "Unconfined"}}, "seccompProfile.type"),
        ({"seLinuxOptions": {"role": "sysadm_r"}}, "seLinuxOptions.role"),
    ],
)
def test_a_container_has_no_more_rights_than_it_needs(fields: dict[str, Any], path: str) -> None:
    found = broken("restricted-pods", deployment(pod(with_security(**fields))))
    assert paths(found) == [f"{OWN}.securityContext.{path}"]


def test_a_container_without_a_security_context_breaks_what_only_it_can_say() -> None:
    bare = {key: value for key, value in container().items() if key != "securityContext"}
    found = broken("restricted-pods", deployment(pod(bare)))
    assert paths(found) == [
        f"{OWN}.securityContext.{path}" for path in ("allowPrivilegeEscalation", "capabilities.drop")
    ]
    assert {item.finding.value for item in found} == {MISSING}


def test_what_the_pod_says_holds_for_its_containers_and_they_may_say_it_themselves() -> None:
    own = with_security(runAsNonRoot=True, seccompProfile={"type": "Localhost"})
    assert broken("restricted-pods", deployment(pod(own, securityContext={}))) == []
    found = broken("restricted-pods", deployment(pod(securityContext={})))
    assert paths(found) == [f"{OWN}.securityContext.{path}" for path in ("runAsNonRoot", "seccompProfile.type")]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"ports": [{"containerPort": 8000, "hostPort": 80}]}, "ports.hostPort"),
        ({"livenessProbe": {"httpGet": {"host": "10.0.0.1"}}}, "livenessProbe.httpGet.host"),
        ({"lifecycle": {"preStop": {"tcpSocket": {"host": "a"}}}}, "lifecycle.preStop.tcpSocket.host"),
    ],
)
def test_a_container_reaches_nothing_through_its_node(fields: dict[str, Any], path: str) -> None:
    assert paths(broken("restricted-pods", deployment(pod(container(**fields))))) == [f"{OWN}.{path}"]


@pytest.mark.parametrize("value", [False, None])
def test_a_root_file_system_is_read_only(value: object) -> None:
    subject = cron_job(pod(container(), initContainers=[with_security(readOnlyRootFilesystem=value)]))
    (found,) = broken("read-only-root", subject)
    assert found.finding.value is value


def test_a_pod_has_no_token() -> None:
    assert paths(broken("service-account-token", deployment(pod(automountServiceAccountToken=True)))) == [
        f"{SPEC}.automountServiceAccountToken"
    ]
    silent = {key: value for key, value in pod().items() if key != "automountServiceAccountToken"}
    (found,) = broken("service-account-token", deployment(silent))
    assert found.finding.value == MISSING
    volume = {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
    (found,) = broken("service-account-token", deployment(pod(volumes=[volume])))
    assert found.finding.path == f"{SPEC}.volumes[token].projected.sources"


@pytest.mark.parametrize(("name", "shown"), [("default", "default"), ("", MISSING), (None, MISSING)])
def test_a_pod_has_an_account_of_its_own(name: str | None, shown: str) -> None:
    (found,) = broken("service-account", deployment(pod(serviceAccountName=name)))
    assert (found.finding.path, found.finding.value) == (f"{SPEC}.serviceAccountName", shown)


def test_a_violation_says_where_what_and_what_to_do() -> None:
    (found,) = broken("image-tag", deployment(pod(container(image="flagsmith/flagsmith:latest"))))
    assert str(found) == (
        "image-tag: Deployment flags/flagsmith: spec.template.spec.containers[flagsmith].image = "
        "'flagsmith/flagsmith:latest': a tag other than `latest`, or a digest. Name the release that was tested."
    )


def test_a_manifest_that_makes_no_pod_has_none() -> None:
    assert broken("restricted-pods", manifests.config_map(a="b")) == []
