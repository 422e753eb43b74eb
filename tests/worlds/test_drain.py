"""docs/data-tier.md: the budget by which a drain asks first is for the one pod of PostgreSQL, and for no other."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.recording import ROOT, pod_templates
from tests.worlds.stacks import NAMES, stack

PAGE = (ROOT / "docs" / "data-tier.md").read_text(encoding="utf-8")


def budget() -> Mapping[str, Any]:
    blocks = [yaml.safe_load(found) for found in re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)]
    (found,) = [block for block in blocks if block.get("kind") == "PodDisruptionBudget"]
    return dict(found)


@pytest.mark.parametrize("name", NAMES)
def test_it_selects_the_embedded_server_alone(name: str) -> None:
    selected = budget()["spec"]["selector"]["matchLabels"].items()
    found = [pod for pod, template in pod_templates(stack(name)) if selected <= template["metadata"]["labels"].items()]
    assert found in ([], ["StatefulSet/flagsmith-postgres"])
    assert found or name not in ("local", "production")


def test_nothing_that_serves_is_evicted_and_what_is_down_is() -> None:
    spec = budget()["spec"]
    assert (spec["maxUnavailable"], spec["unhealthyPodEvictionPolicy"]) == (0, "AlwaysAllow")
    assert "delete pod flagsmith-postgres-0" in " ".join(PAGE.split())
    (server,) = stack("production").all("StatefulSet")
    assert server["metadata"]["name"] == "flagsmith-postgres"
