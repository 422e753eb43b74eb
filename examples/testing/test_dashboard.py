"""An application is tested with every state of a flag, with the official SDK and without a Flagsmith."""

import pytest
from conftest import ServedFlags, states
from flagsmith import Flagsmith

TITLES = {
    "original_dashboard": "Season overview",
    "new_dashboard_v1": "Your season at a glance",
    "new_dashboard_v2": "Your season, match by match",
}


def title(flagsmith: Flagsmith, user: str) -> str:
    """What is tested: the title of a user's dashboard."""
    flag = flagsmith.get_identity_flags(user).get_flag("dashboard_ab_test")
    return TITLES[str(flag.value)] if flag.enabled else TITLES["original_dashboard"]


@pytest.mark.parametrize("state", states("dashboard_ab_test"))
def test_every_state_has_a_title(flags: ServedFlags, state: str) -> None:
    flagsmith = Flagsmith(environment_key=flags.client_side_key, api_url=flags.api_url)
    with flags.set("dashboard_ab_test", state):
        expected = {"variant_a": "new_dashboard_v1", "variant_b": "new_dashboard_v2"}.get(state, "original_dashboard")
        assert title(flagsmith, "anna") == TITLES[expected]


@pytest.mark.parametrize("state", states("ml_model_v2_enabled"))
def test_a_flag_without_variations_is_on_or_off(flags: ServedFlags, state: str) -> None:
    flagsmith = Flagsmith(environment_key=flags.client_side_key, api_url=flags.api_url)
    with flags.set("ml_model_v2_enabled", state):
        assert flagsmith.get_environment_flags().is_feature_enabled("ml_model_v2_enabled") is (state == "on")
