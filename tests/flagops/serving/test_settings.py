"""`--set` overrides flags: for all, in one environment, for one user; what is wrong with one is said."""

import json
from pathlib import Path

import pytest

from flagops.errors import OpsError
from tests.flagops.commands.flags.support import Run
from tests.flagops.serving.support import served_file

SPLIT = "dashboard_ab_test"


def test_on_and_off_hold_for_everybody_whatever_their_segments(catalogue: Path) -> None:
    with served_file(
        catalogue, "gpu_optimization_enabled=off", "advanced_analytics_enabled=on", "staging:ml_model_v2_enabled=off"
    ) as served:
        premium = {"plan": "premium", "country": "IL"}
        for environment in ("development", "production"):
            found = served.flags(environment, "anna", **premium)
            assert (found["gpu_optimization_enabled"][0], found["advanced_analytics_enabled"][0]) == (False, True)
        assert served.flags("staging")["ml_model_v2_enabled"][0] is False


def test_a_value_switches_on_and_one_user_has_their_own(catalogue: Path) -> None:
    with served_file(
        catalogue,
        "hebrew_ui_enabled=17",
        "production:hebrew_ui_enabled@anna@example.com=true",
        "production:hebrew_ui_enabled@ben=off",
        "hebrew_ui_enabled@carl='\"17\"'".replace("'", ""),
    ) as served:
        assert served.flags()["hebrew_ui_enabled"] == (True, 17)
        for identity, environment, expected in (
            ("anna@example.com", "production", (True, True)),
            ("anna@example.com", "staging", (True, 17)),
            ("ben", "production", (False, 17)),
            ("carl", "staging", (True, "17")),
            ("dora", "production", (True, 17)),
        ):
            assert served.flags(environment, identity)["hebrew_ui_enabled"] == expected


@pytest.mark.parametrize("chosen", ["control", "variant_a", "variant_b", "new_dashboard_v1", "original_dashboard"])
def test_a_variation_is_for_all_or_for_one_by_its_name_or_value(catalogue: Path, chosen: str) -> None:
    values = {"control": "original_dashboard", "variant_a": "new_dashboard_v1", "variant_b": "new_dashboard_v2"}
    value = values.get(chosen, chosen)
    with served_file(catalogue, f"{SPLIT}={chosen}", f"production:{SPLIT}=off") as served:
        found = {served.flags("staging", f"user-{number}")[SPLIT] for number in range(10)}
        assert found == {(True, value)}
        assert served.flags("production")[SPLIT][0] is False
    with served_file(catalogue, f"{SPLIT}@anna={chosen}") as served:
        assert served.flags("staging", "anna")[SPLIT] == (True, value)
        key = served.key("staging")
        rows = served.get("api/v1/identities/?identifier=anna", key).json()["flags"]
        (variant,) = (row["variant"] for row in rows if row["feature"]["name"] == SPLIT)
        assert values[variant] == value


def test_what_a_saved_document_may_leave_out_is_not_missed(catalogue: Path, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    with served_file(catalogue) as served:
        document = dict(served.state.environments["production"].document)
    segments = [
        {name: value for name, value in row.items() if name != "feature_states"}
        for row in document["project"]["segments"]
    ]
    del document["updated_at"]
    path.write_text(json.dumps({**document, "project": {**document["project"], "segments": segments}}), "utf-8")
    with served_file(path, f"{SPLIT}=off", f"{SPLIT}@anna=variant_a") as served:
        assert served.get("_ff/flags").is_success
        assert [served.flags("production", name)[SPLIT][0] for name in ("anna", "ben")] == [True, False]


def test_of_several_the_last_one_counts(catalogue: Path) -> None:
    with served_file(catalogue, "production:hebrew_ui_enabled=off", "hebrew_ui_enabled=1") as served:
        assert served.flags("production")["hebrew_ui_enabled"] == (True, 1)


def test_an_override_outlives_edits_and_a_flag_that_is_gone(catalogue: Path) -> None:
    with served_file(catalogue, "hebrew_ui_enabled=off") as served:
        good = catalogue.read_text(encoding="utf-8")
        catalogue.write_text(good.replace("hebrew_ui_enabled:", "renamed_ui_enabled:"), encoding="utf-8")
        served.wait()
        assert served.flags()["renamed_ui_enabled"][0] is True
        catalogue.write_text(good, encoding="utf-8")
        served.wait()
        assert served.flags()["hebrew_ui_enabled"][0] is False


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("banner", "--set 'banner' must be [ENVIRONMENT:]FLAG[@IDENTITY]=STATE."),
        ("=on", "--set '=on' must be"),
        (":banner=on", "must be [ENVIRONMENT:]"),
        ("banner@=on", "must be [ENVIRONMENT:]"),
        ("hebrew_ui_enabled=", "the state must be on, off, true, false, a whole number, a text or JSON."),
        ("hebrew_ui_enabled=1.5", "the state must be on, off"),
        ("hebrew_ui_enabled=[", "the state must be on, off"),
        ("hebrew_ui=on", "There is no flag 'hebrew_ui' in development; near it: hebrew_ui_enabled."),
        ("qa:hebrew_ui_enabled=on", "There is no environment 'qa'; there are: development, staging, production."),
        (f"{SPLIT}=variant_c", f"The flag {SPLIT} has no variation 'variant_c' in development; there are: control, "),
    ],
)
def test_what_is_wrong_with_one_is_said(run: Run, setting: str, said: str) -> None:
    for command in (("serve", "--port", "0"), ("document", "-e", "production")):
        done = run("flags", *command, "--set", setting)
        assert (done.exit_code, done.stdout) == (1, "")
        assert said in done.stderr


def test_errors_of_an_override_are_told_as_such(catalogue: Path) -> None:
    with pytest.raises(OpsError, match="no flag 'nothing'"), served_file(catalogue, "nothing=on"):
        pass
