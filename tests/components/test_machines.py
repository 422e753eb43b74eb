"""Nothing of the machine that deploys is in what is deployed, or in Pulumi's state: another machine sees no change."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi_kubernetes
import pytest

from tests.recording import ROOT

COPIED = ("__main__.py", "components", "flagops", "policies", "tests", "flags")
PROVIDER = "pulumi:providers:kubernetes"
# What the SDK looks for in the environment: `get_env('A', 'B')`, `get_env_bool('A')` and so on.
LOOKED_UP = re.compile(r"get_env\w*\(([^)]*)\)")


def variables_of_the_sdk() -> set[str]:
    """The variables that the SDK of the provider reads, by its own source."""
    directory = Path(pulumi_kubernetes.__file__).parent
    sources = [(directory / name).read_text(encoding="utf-8") for name in ("provider.py", "_inputs.py")]
    calls = [call for text in sources for call in LOOKED_UP.findall(text)]
    return {name for call in calls for name in re.findall(r"'([A-Z0-9_]+)'", call)}


def registered(project: Path, environment: dict[str, str], host: str, shift: int) -> dict[str, Any]:
    """What the program in `project` registers for every stack in this environment."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.components.registering", host, str(shift)],
        cwd=project,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(project), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same project on two machines that have nothing in common but the project."""
    here, there = (tmp_path_factory.mktemp(name) for name in ("here", "there"))
    copy = there / "elsewhere"
    copy.mkdir()
    for path in [*ROOT.glob("Pulumi*.yaml"), *ROOT.glob("*.lock.yaml"), *(ROOT / name for name in COPIED)]:
        if path.is_dir():
            skipped = shutil.ignore_patterns(".venv", "__pycache__", "node_modules")
            shutil.copytree(path, copy / path.name, ignore=skipped)
        elif path.exists():
            shutil.copy(path, copy / path.name)
    (there / "tmp").mkdir()
    plain = {"HOME": str(here), "USER": "ann", "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0"}
    other = {
        **dict.fromkeys(variables_of_the_sdk(), "true"),
        "KUBECONFIG": f"{there}/kubeconfig:{there}/more",
        "HOME": str(there),
        "TMPDIR": str(there / "tmp"),
        "XDG_CONFIG_HOME": str(there / "config"),
        "USER": "bob",
        "LOGNAME": "bob",
        "HOSTNAME": "other.example.com",
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "4711",
        "CI": "true",
        "HTTPS_PROXY": "http://proxy.example.com:3128",
    }
    return registered(ROOT, plain, "one", 0), registered(copy, other, "other.example.com", 40_000_000)


def test_the_program_registers_the_same_on_two_machines(machines: tuple[dict[str, Any], dict[str, Any]]) -> None:
    one, other = machines
    assert one.keys() == other.keys()
    for stack, resources in one.items():
        assert len(resources) > 30, stack
        assert resources.keys() == other[stack].keys(), stack
        for urn, resource in resources.items():
            assert other[stack][urn] == resource, (stack, urn)


def test_the_provider_looks_for_its_kubeconfig_where_it_runs(
    machines: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    assert "KUBECONFIG" in variables_of_the_sdk()
    assert len(variables_of_the_sdk()) >= 10
    for stack, resources in machines[1].items():
        (provider,) = (item for item in resources.values() if item.get("type") == PROVIDER)
        assert provider["inputs"]["kubeconfig"] == "", stack
        assert provider["inputs"]["context"], stack


def test_every_option_that_the_environment_could_set_is_stated(
    machines: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    source = (Path(pulumi_kubernetes.__file__).parent / "provider.py").read_text(encoding="utf-8")
    options = set(re.findall(r"^ +(\w+) = _utilities\.get_env", source, re.MULTILINE))
    assert {"kubeconfig", "enable_server_side_apply", "delete_unreachable"} <= options
    wire = {re.sub(r"_(\w)", lambda found: found[1].upper(), option) for option in options}
    for resources in machines[0].values():
        (provider,) = (item for item in resources.values() if item.get("type") == PROVIDER)
        assert wire <= provider["inputs"].keys()
