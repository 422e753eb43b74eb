"""The autoscaler of the proxies is watched, wherever they run."""

import pytest

from tests.recording import record

EDGE = {"enabled": True, "existingSecret": "edge-keys"}


@pytest.mark.parametrize(
    ("api", "edge_is_scaled", "said"),
    [
        (False, True, "that edge.autoscaling.maxReplicas allows"),
        (True, False, "that autoscaling.maxReplicas allows"),
        (
            True,
            True,
            'that {{ if eq $labels.horizontalpodautoscaler "flagsmith-edge" }}edge.{{ end }}autoscaling.maxReplicas',
        ),
        (False, False, None),
    ],
)
def test_an_autoscaler_of_the_proxies_that_is_at_its_most_is_an_alert_beside_a_whole_flagsmith_too(
    *, api: bool, edge_is_scaled: bool, said: str | None
) -> None:
    settings = {"edge": {**EDGE, "autoscaling": {"enabled": edge_is_scaled}}, "autoscaling": {"enabled": api}}
    found = record("production", {"apiVersions": ["monitoring.coreos.com/v1"], **settings})
    groups = found.one("PrometheusRule", "flagsmith")["spec"]["groups"]
    rules = {rule["alert"]: rule for group in groups for rule in group["rules"]}
    rule = rules.get("FlagsmithAutoscalerAtItsMost")
    assert (rule is not None) == (said is not None)
    if rule is not None and said is not None:
        assert said in rule["annotations"]["description"]
