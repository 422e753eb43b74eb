"""Faults that show in what Flagsmith answers, and clusters that do not answer at all."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from flagops.commands.doctor import flagsmith as answers
from flagops.commands.doctor.ingress import unresolved
from flagops.commands.doctor.model import Examination
from flagops.kubernetes.objects import Ref
from flagops.stacks import target
from flagops.stacks.deployed import Instance
from flagops.stacks.target import StackTarget
from tests.containers import NAMESPACE
from tests.doubles.flagsmith import Flagsmith
from tests.flagops.commands.doctor.conftest import Examine
from tests.platform import Platform
from tests.servers import free_port

pytestmark = pytest.mark.cluster
API = Ref("apps/v1", "Deployment", NAMESPACE, "flagsmith")
Find = Callable[..., None]


def test_the_probes_host_is_not_allowed(doctor: Examine, flagsmith: Flagsmith) -> None:
    flagsmith.failing["/health/"] = 400
    finding = doctor()["probe-host-not-allowed"]
    assert "DJANGO_ALLOWED_HOSTS" in finding.what
    assert ": 400 text/html" in finding.evidence[0]
    assert "ff env --stack local" in finding.fix


def test_a_probe_passes_on_the_user_interface_s_page(doctor: Examine, flagsmith: Flagsmith) -> None:
    flagsmith.replaced["/health/liveness/"] = "/health/"
    finding = doctor()["probe-passes-on-ui"]
    assert finding.what.startswith("The livenessProbe asks a path that does not exist")
    assert "200 text/html" in finding.evidence[0]


def test_a_probe_fails(doctor: Examine, flagsmith: Flagsmith) -> None:
    flagsmith.failing["/health/readiness/"] = 500
    assert "500" in doctor()["probe-failing"].evidence[0]


def test_the_api_hangs(doctor: Examine, flagsmith: Flagsmith, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "SECONDS", 0.5)
    flagsmith.hanging.add("/health/")
    assert doctor().keys() == {"api-hangs"}


def test_another_release_runs_than_the_settings_say(doctor: Examine, flagsmith: Flagsmith) -> None:
    flagsmith.version = "2.264.0"
    finding = doctor()["another-version"]
    assert finding.what == "Flagsmith 2.264.0 is running, and the settings say 2.265.0."


def test_a_key_that_applications_use_is_rejected(doctor: Examine) -> None:
    found = doctor(environment_key="of-another-flagsmith")
    assert found.keys() == {"key-rejected"}
    assert "of-another-flagsmith" not in str(found)


def test_the_environments_own_keys_are_rejected(doctor: Examine, flagsmith: Flagsmith) -> None:
    flagsmith.failing["/api/v1/flags/"] = 403
    assert doctor()["key-rejected"].what.startswith("Flagsmith refuses the key of ")


def test_flags_fail(doctor: Examine, flagsmith: Flagsmith) -> None:
    flagsmith.failing["/api/v1/flags/"] = 500
    assert "status 500" in doctor()["flags-failing"].evidence[0]


def test_a_password_that_a_person_changed_is_no_fault(doctor: Examine, flagsmith: Flagsmith) -> None:
    flagsmith.database.one("users")["password"] = "changed in the UI"
    assert doctor() == {}


@pytest.fixture
def elsewhere(deployed: Platform, monkeypatch: pytest.MonkeyPatch) -> Find:
    """The stack is looked for elsewhere."""

    def find(*, context: str | None = None, kubeconfig: Path | None = None, **settings: object) -> None:
        cluster = deployed.cluster
        found = StackTarget(deployed.stack(settings), context or cluster.context, kubeconfig or cluster.kubeconfig)
        monkeypatch.setattr(target, "find", lambda _: found)

    return find


def test_the_context_is_not_in_the_kubeconfig(doctor: Examine, elsewhere: Find) -> None:
    elsewhere(context="production-eu")
    found = doctor()
    assert found.keys() == {"wrong-context"}
    assert "has no context 'production-eu'" in found["wrong-context"].evidence[0]
    assert "kubectl config get-contexts" in found["wrong-context"].fix


def test_the_cluster_is_unreachable(doctor: Examine, elsewhere: Find, deployed: Platform, tmp_path: Path) -> None:
    content = yaml.safe_load(deployed.cluster.kubeconfig.read_text(encoding="utf-8"))
    for entry in content["clusters"]:
        entry["cluster"]["server"] = f"https://127.0.0.1:{free_port()}"
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    elsewhere(kubeconfig=path)
    found = doctor()
    assert found.keys() == {"cluster-unreachable"}
    assert "refused" in found["cluster-unreachable"].evidence[0]


def test_the_stack_is_not_deployed_there(doctor: Examine, elsewhere: Find) -> None:
    elsewhere(namespace={"name": "flags-of-another-team"})
    found = doctor()
    assert found.keys() == {"not-deployed"}
    assert "has no namespace 'flags-of-another-team'" in found["not-deployed"].what


def test_a_public_name_that_leads_nowhere(instance: Instance) -> None:
    (finding,) = unresolved(Examination(instance), "flags.invalid")
    assert (finding.name, finding.what) == ("dns-public", "The name flags.invalid cannot be resolved from here.")
    assert list(unresolved(Examination(instance), "localhost")) == []
