"""Every pod has an account of its component's own, without a token and without rights."""

from collections.abc import Mapping

import pytest

from tests.recording import Recording, pod_templates, record, recorded

COMPONENT = "app.kubernetes.io/component"
STACKS: Mapping[str, Mapping[str, object]] = {
    "local": {},
    "staging": {},
    "production": {},
    "production, with everything outside": {
        "postgres": {"mode": "external", "existingSecret": "postgres"},
        "redis": {"mode": "external", "existingSecret": "redis"},
    },
    "production, with an autoscaler": {"autoscaling": {"enabled": True}},
    "production, with an exporter of the audit log": {"audit": {"export": {"sink": "stdout"}}},
}
RIGHTS = {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> Recording:
    name, overrides = request.param.partition(",")[0], STACKS[request.param]
    return record(name, overrides) if overrides else recorded(name)


def test_every_pod_runs_as_the_account_of_its_component_and_gets_no_token(stack: Recording) -> None:
    seen = 0
    for name, template in pod_templates(stack):
        pod = template["spec"]
        assert pod["serviceAccountName"] == f"flagsmith-{template['metadata']['labels'][COMPONENT]}", name
        assert pod["automountServiceAccountToken"] is False, name
        projected = [source for volume in pod["volumes"] for source in volume.get("projected", {}).get("sources", ())]
        assert not [source for source in projected if "serviceAccountToken" in source], name
        seen += 1
    assert seen >= 6


def test_every_account_has_pods_gives_no_token_and_is_there_before_them(stack: Recording) -> None:
    accounts = {item["metadata"]["name"]: item for item in stack.all("ServiceAccount")}
    used = {template["spec"]["serviceAccountName"] for _, template in pod_templates(stack)}

    assert accounts.keys() == used
    assert "default" not in accounts
    for name, account in accounts.items():
        assert account["automountServiceAccountToken"] is False, name
        assert not {"secrets", "imagePullSecrets"} & account.keys(), name
    for item in stack.program.objects:
        if item.ref.kind in ("Deployment", "StatefulSet", "Job", "CronJob"):
            spec = item.manifest["spec"]
            template = (spec.get("jobTemplate") or {"spec": spec})["spec"]["template"]
            assert f"ServiceAccount/{template['spec']['serviceAccountName']}" in stack.needed_by(item), item.ref


def test_nobody_is_given_rights(stack: Recording) -> None:
    assert not [item.ref for item in stack.program.objects if item.ref.kind in RIGHTS]
