"""Reading Pulumi's configuration: from the runtime, from the environment, and what is marked as secret."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pulumi
import pytest
from pulumi.runtime import config as runtime

from components.settings.load import load
from tests.components.settings.support import VALID

CONFIG = {
    "feature-flags:host": "flags.example.com",
    "feature-flags:context": "cluster",
    "feature-flags:ingress": json.dumps(VALID["ingress"]),
    "feature-flags:replicas": "4",
    "kubernetes:context": "another",
}


@pytest.fixture(autouse=True)
def _own_configuration(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_SECRET_KEYS", raising=False)
    before = runtime.CONFIG.get()
    runtime.set_all_config({}, [])
    yield
    runtime.set_all_config(before, [])


def test_the_runtimes_configuration_is_read() -> None:
    runtime.set_all_config(CONFIG)

    assert load().resolved_replicas == 4


def test_the_configuration_in_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(CONFIG))

    assert load().host == "flags.example.com"


@pytest.mark.parametrize("where", ["runtime", "environment"])
def test_a_single_variable_of_the_environment_is_refused(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if where == "runtime":
        runtime.set_all_config(CONFIG)
    else:
        monkeypatch.setenv("PULUMI_CONFIG", json.dumps(CONFIG))
    monkeypatch.setenv("PULUMI_CONFIG_FEATURE_FLAGS_SIZE", "large")

    with pytest.raises(pulumi.RunError, match="PULUMI_CONFIG_FEATURE_FLAGS_SIZE: is set in the environment"):
        load()


@pytest.mark.parametrize("where", ["runtime", "environment"])
def test_an_unknown_key_is_found_wherever_it_is(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {**CONFIG, "feature-flags:replica": "4"}
    if where == "runtime":
        runtime.set_all_config(values)
    else:
        monkeypatch.setenv("PULUMI_CONFIG", json.dumps(values))

    with pytest.raises(pulumi.RunError, match=r"feature-flags:replica: is not a known key: did you mean replicas\?"):
        load()


@pytest.mark.parametrize("where", ["runtime", "environment"])
def test_a_key_marked_as_secret_is_refused_without_its_value(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {**CONFIG, "feature-flags:env": json.dumps({"TOKEN": "hunter2"})}
    if where == "runtime":
        runtime.set_all_config(values, ["feature-flags:env"])
    else:
        monkeypatch.setenv("PULUMI_CONFIG", json.dumps(values))
        monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(["feature-flags:env"]))

    with pytest.raises(pulumi.RunError, match="feature-flags:env: is marked as secret") as caught:
        load()

    assert "hunter2" not in str(caught.value)
    assert "envFromSecrets" in str(caught.value)


def test_a_secret_of_another_project_is_none_of_ours() -> None:
    runtime.set_all_config({**CONFIG, "other:token": "x"}, ["other:token"])

    assert load().context == "cluster"


def test_what_is_refused_ends_a_run_of_pulumi_with_its_message_and_without_a_trace() -> None:
    """Pulumi shows a RunError as its message; of any other error, it shows where it was raised."""
    runtime.set_all_config({**CONFIG, "feature-flags:replicas": "0", "feature-flags:sise": "small"})

    with pytest.raises(pulumi.RunError) as caught:
        load()

    assert {line.split(":")[1] for line in str(caught.value).splitlines()} == {"sise", 'replicas = "0"'}
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_reading_settings_loads_neither_pulumi_nor_the_kubernetes_sdk() -> None:
    code = "import components.settings, sys; sys.exit(bool({'pulumi', 'pulumi_kubernetes'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
