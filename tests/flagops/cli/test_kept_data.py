"""`ff` with the Pulumi CLI refuses what Pulumi, by its own state, would delete data for."""

from dataclasses import replace
from typing import Any

import pytest
from pulumi.automation import EngineEvent

from flagops.engines.pulumi_cli.events import EventTranslator
from flagops.engines.pulumi_cli.kept_data import refuse_losses
from flagops.errors import OpsError
from flagops.stacks.files import load_stack
from tests.recording import ROOT, recorded

STORAGE = {"size": "20Gi"}


def state(*, identifier: str = "feature-flags") -> dict[str, Any]:
    """What Pulumi has on record of the stack `staging`, as the program declares it."""
    resources: list[dict[str, Any]] = [
        {"urn": urn, "type": item.type, "custom": True, "inputs": item.inputs}
        for urn, item in recorded("staging").registrations.items()
    ]
    for item in resources:
        if item["type"] == "pulumi:providers:kubernetes":
            item["inputs"] = {**item["inputs"], "clusterIdentifier": identifier}
    return {"resources": resources}


def refuse(settings: dict[str, object], recorded_state: dict[str, Any] | None = None) -> None:
    stack = load_stack("staging", ROOT)
    config = {**stack.config, **{f"feature-flags:{key}": value for key, value in settings.items()}}
    refuse_losses(state() if recorded_state is None else recorded_state, replace(stack, config=config))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"postgres": {"storage": {"className": "fast"}}}, "flagsmith-postgres-data would be .* spec.storageClassName"),
        ({"postgres": {"storage": {"size": "1Gi"}}}, "flagsmith-postgres-data cannot shrink from .* to 1Gi"),
        ({"backup": {"storage": {"className": "fast"}}}, "flagsmith-backup-data would be deleted and made anew"),
        ({"namespace": {"name": "other"}}, "the namespace feature-flags would be deleted with everything in it"),
        ({"clusterIdentifier": "other"}, "clusterIdentifier was 'feature-flags' and would be 'other'"),
    ],
)
def test_what_would_be_replaced_is_refused_with_the_way(settings: dict[str, object], reason: str) -> None:
    with pytest.raises(OpsError, match=f"(?s)Nothing was changed, because data would be lost:.*{reason}") as caught:
        refuse(settings)
    assert "docs/backups.md#another-volume" in str(caught.value.hint)
    assert "pulumi refresh --stack staging" in str(caught.value.hint)


def test_what_is_as_it_was_grows_or_is_new_is_not() -> None:
    refuse({})
    refuse({"postgres": {"storage": {"size": "900Gi"}}, "replicas": 3})
    refuse({"namespace": {"name": "other"}}, {})
    gone = [item for item in state()["resources"] if "PersistentVolumeClaim" not in item["type"]]
    refuse({"postgres": {"storage": {"className": "fast"}}}, {"resources": gone})  # deleted by hand, and refreshed


def test_a_preview_says_that_data_goes_with_a_volume() -> None:
    kind = "kubernetes:core/v1:PersistentVolumeClaim"
    urn, inputs = f"urn:pulumi:s::p::{kind}::c", {"metadata": {"name": "flagsmith-backup-data"}}
    step: dict[str, Any] = {"op": "delete", "urn": urn, "type": kind}
    step |= {"old": {"type": kind, "urn": urn, "custom": True, "inputs": inputs}}
    translator = EventTranslator(lambda _: None)
    translator(EngineEvent.from_json({"resourcePreEvent": {"metadata": step}}))
    assert "ff db backup" in translator.changes[0].note
