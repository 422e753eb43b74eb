"""No stack sees a replacement: a resource that was there before is found again, by its URN or by one of its aliases.

Mocks know only the aliases that a resource states itself. The Pulumi engine adds those that it inherits
(`generateAliases` in its pkg/resource/deploy/step_generator.go), which is done here as it does it.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from components.settings.sections.rotations import RotationsSettings
from components.stack import DEFAULT, part_name
from flagops.evaluation.evaluate import evaluate
from flagops.evaluation.generated import Placeholders
from flagops.evaluation.monitor import RecordingMonitor, Registration
from flagops.stacks.files import load_stack
from tests.components.registering import WHOLE
from tests.recording import ROOT, record, run

BEFORE = tuple(
    line
    for line in (Path(__file__).parent / "urns.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)
ROTATED: tuple[str, dict[str, object]] = ("production", {"rotations": dict.fromkeys(RotationsSettings.model_fields, 1)})
STACKS: Mapping[str, tuple[str, dict[str, object]]] = {**WHOLE, "production, rotated": ROTATED}
Known = Mapping[str, tuple[str, ...]]


def short(urn: str) -> str:
    """A URN without stack and project."""
    return urn.split("::", 2)[2]


def urn_of(parent: str, type_: str, name: str) -> str:
    return f"{parent.rpartition('::')[0]}${type_}::{name}" if parent else f"{type_}::{name}"


def inherited(parent_alias: str, parent: str, type_: str, name: str) -> str:
    """What a child was called under its parent's alias: a name that begins with the parent's follows it."""
    before, now = parent_alias.rpartition("::")[2], parent.rpartition("::")[2]
    return urn_of(parent_alias, type_, before + name.removeprefix(now) if name.startswith(now) else name)


def stated(request: Any, parent: str) -> list[str]:
    """The URNs of a resource's own aliases."""
    found = []
    for alias in request.aliases:
        spec = alias.spec
        assert (alias.urn, spec.stack, spec.project) == ("", "", ""), "an alias of this form is not known here"
        above = "" if spec.noParent else short(spec.parentUrn) if spec.parentUrn else parent
        found.append(urn_of(above, spec.type or request.type, spec.name or request.name))
    return found


@cache
def known(stack: str) -> Known:
    """The aliases of each resource, by its URN."""
    requests: dict[str, Any] = {}
    register = RecordingMonitor.RegisterResource

    def note(self: RecordingMonitor, request: Any) -> Any:
        answer = register(self, request)
        if request.type != "pulumi:pulumi:Stack":
            requests[short(answer.urn)] = request
        return answer

    name, overrides = STACKS[stack]
    with mock.patch.object(RecordingMonitor, "RegisterResource", note):
        run(name, overrides, generated=Placeholders())
    found: dict[str, tuple[str, ...]] = {}

    def aliases(urn: str) -> tuple[str, ...]:
        if urn not in found:
            request = requests[urn]
            parent = short(request.parent) if "pulumi:pulumi:Stack" not in request.parent else ""
            own = stated(request, parent)
            above = aliases(parent) if parent else ()
            as_before = [(request.type, request.name), *((item.rpartition("$")[2].split("::")) for item in own)]
            through = [inherited(alias, parent, type_, name) for alias in above for type_, name in as_before]
            found[urn] = tuple(dict.fromkeys([*own, *through]))
        return found[urn]

    return {urn: aliases(urn) for urn in requests}


@pytest.mark.parametrize("urn", BEFORE)
def test_what_was_there_is_found_again(urn: str) -> None:
    keepers = {now for stack in STACKS for now, aliases in known(stack).items() if urn == now or urn in aliases}
    assert len(keepers) == 1, keepers


@pytest.mark.parametrize("stack", STACKS)
def test_no_two_resources_claim_to_be_the_same(stack: str) -> None:
    claims = Counter(claim for urn, aliases in known(stack).items() for claim in (urn, *aliases))
    assert [claim for claim, count in claims.items() if count > 1] == []


def test_the_default_instance_has_the_names_that_there_have_always_been() -> None:
    assert part_name(DEFAULT, "postgres") == "postgres"
    assert part_name("second", "postgres") == "second-postgres"


PROGRAM = """
import json

import pulumi

from components.deployment.own_cluster import OwnCluster
from components.kit.provider import cluster_provider
from components.platform import FeatureFlags
from components.settings.load import load
from components.stack import DEFAULT, FeatureFlagsArgs

settings = load()
other = settings.model_copy(update={"namespace": settings.namespace.model_copy(update={"name": "second"})})
provider = cluster_provider(settings.context, settings.resolved_cluster_identifier)
for name, own in ((DEFAULT, settings), ("second", other)):
    args = FeatureFlagsArgs(settings=own, own_cluster=OwnCluster(own))
    FeatureFlags(name, args, pulumi.ResourceOptions(provider=provider))
"""


def two(tmp_path: Path) -> dict[str, Registration]:
    """What a program registers that makes two platforms."""
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "components").symlink_to(ROOT / "components")
    monitors: list[RecordingMonitor] = []
    begin = RecordingMonitor.__init__

    def note(self: RecordingMonitor, *args: Any) -> None:
        begin(self, *args)
        monitors.append(self)

    with mock.patch.object(RecordingMonitor, "__init__", note):
        evaluate(tmp_path, load_stack("local", ROOT), Placeholders())
    return monitors[0].registrations


def test_a_second_platform_in_one_program_renames_nothing_of_the_first(tmp_path: Path) -> None:
    name, overrides = WHOLE["local"]
    alone = {short(urn) for urn in record(name, overrides).registrations}
    registered = two(tmp_path)
    both = {short(urn) for urn in registered}
    assert alone < both
    second = {urn for urn in both - alone if "$" in urn}
    assert len(second) == len(alone) - 2, "all but the provider and the component itself"
    assert all(urn.rpartition("::")[2].startswith("second-") for urn in second)


def test_each_of_two_platforms_has_a_record_of_its_own_objects(tmp_path: Path) -> None:
    records = {
        item.inputs["metadata"]["namespace"]: item.inputs["data"]
        for item in two(tmp_path).values()
        if item.inputs.get("metadata", {}).get("name") == "flagsmith-deployment"
    }
    assert set(records) == {"feature-flags", "second"}
    (first, second) = (str(records[name]) for name in ("feature-flags", "second"))
    assert first.count("Deployment") == second.count("Deployment")


def test_the_name_of_a_class_is_no_part_of_a_resource(tmp_path: Path) -> None:
    renamed = PROGRAM.replace(
        "settings = load()", "class Renamed(FeatureFlags):\n    pass\n\n\nFeatureFlags = Renamed\nsettings = load()"
    )
    before = {short(urn) for urn in two(tmp_path)}
    with mock.patch(f"{__name__}.PROGRAM", renamed):
        (tmp_path / "again").mkdir()
        assert {short(urn) for urn in two(tmp_path / "again")} == before


def test_every_component_has_outputs() -> None:
    outputs: dict[str, Any] = {}
    register = RecordingMonitor.RegisterResourceOutputs

    def note(self: RecordingMonitor, request: Any) -> Any:
        outputs[short(request.urn)] = dict(request.outputs)
        return register(self, request)

    missing = set()
    with mock.patch.object(RecordingMonitor, "RegisterResourceOutputs", note):
        for name, overrides in STACKS.values():
            outputs.clear()
            components = {short(urn) for urn, item in run(name, overrides).registrations.items() if not item.custom}
            missing |= {urn for urn in components if not outputs.get(urn)}
    assert missing == set()
