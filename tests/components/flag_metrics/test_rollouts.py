"""For whom features are on: what the settings say, and on which share of the identities it comes out."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.components.flag_metrics.conftest import Exporter, Metrics, insert, new_exporter
from tests.servers import Postgres

ADOPTION = "flagsmith_feature_adoption_ratio"
SPLIT = "PERCENTAGE_SPLIT"


def segment(server: Postgres, number: int, name: str, *conditions: tuple[str | None, str, str]) -> None:
    """A segment as Flagsmith's UI makes it: one rule, and one in it that holds the conditions."""
    insert(server, "segments_segment", id=number, name=name, version_of_id=number)
    insert(server, "segments_segmentrule", id=10 * number, type="ALL", segment_id=number)
    insert(server, "segments_segmentrule", id=10 * number + 1, type="ALL", rule_id=10 * number)
    for asked, operator, value in conditions:
        row = {"rule_id": 10 * number + 1, "operator": operator, "property": asked, "value": value}
        insert(server, "segments_condition", **row)


def override(server: Postgres, number: int, segment: int, *, feature: int = 1, enabled: bool = True) -> None:
    """An override in production, after those with a lower number."""
    insert(server, "features_featuresegment", id=number, segment_id=segment, priority=number)
    row = {"environment_id": 1, "feature_id": feature, "feature_segment_id": number, "enabled": enabled}
    insert(server, "features_featurestate", **row)


def people(server: Postgres, count: int) -> None:
    """Identities of production, every fourth of which pays."""
    rows = ", ".join(f"({number + 1000}, 'user-{number}', 1)" for number in range(count))
    server.query(f"INSERT INTO environments_identity (id, identifier, environment_id) VALUES {rows}")  # noqa: S608
    server.query(
        "INSERT INTO environments_trait (identity_id, trait_key, value_type, string_value)"
        " SELECT id, 'plan', 'unicode', CASE WHEN id % 4 = 0 THEN 'premium' ELSE 'free' END FROM environments_identity"
    )


def adoption(found: Metrics, feature: str = "checkout", environment: str = "production") -> float:
    return found.all(ADOPTION)[environment, feature, "shop"]


def test_what_everybody_gets(exporter: Exporter) -> None:
    assert exporter.turn().all("flagsmith_feature_enabled") == {
        ("production", "checkout", "shop"): 0,
        ("production", "export", "shop"): 1,
        ("staging", "checkout", "shop"): 1,
        ("staging", "export", "shop"): 0,
    }


def test_a_percentage_is_told_with_its_segment_and_with_what_it_switches(server: Postgres, exporter: Exporter) -> None:
    segment(server, 1, "quarter", (None, SPLIT, "25"))
    segment(server, 2, "premium", ("plan", "EQUAL", "premium"))
    segment(server, 3, "half of premium", ("plan", "EQUAL", "premium"), (None, SPLIT, "50.5"))
    override(server, 1, 1)
    override(server, 2, 2)
    override(server, 3, 3, feature=2, enabled=False)
    assert exporter.turn().all("flagsmith_feature_rollout_ratio") == {
        ("true", "production", "checkout", "shop", "quarter"): 0.25,
        ("false", "production", "export", "shop", "half of premium"): 0.505,
    }


def test_what_is_deleted_or_not_live_yet_does_not_count(server: Postgres, exporter: Exporter) -> None:
    for number in (1, 2, 3):
        segment(server, number, f"segment {number}", (None, SPLIT, "25"))
        override(server, number, number)
    server.query("UPDATE segments_segment SET deleted_at = now() WHERE id = 1")
    server.query("UPDATE features_featurestate SET deleted_at = now() WHERE feature_segment_id = 2")
    server.query("UPDATE features_featurestate SET live_from = now() + interval '1 day' WHERE feature_segment_id = 3")
    assert exporter.turn().all("flagsmith_feature_rollout_ratio") == {}


def test_of_an_environment_with_versions_the_newest_published_one_counts(server: Postgres, exporter: Exporter) -> None:
    server.query("UPDATE environments_environment SET use_v2_feature_versioning = true WHERE id = 1")
    now = datetime.now(UTC)
    # Long live, live, live tomorrow, and a draft: only the second has the feature on.
    for number, hours, published in ((1, -48, now), (2, -24, now), (3, 24, now), (4, -1, None)):
        version = {"uuid": UUID(int=number), "live_from": now + timedelta(hours=hours), "published_at": published}
        insert(server, "feature_versioning_environmentfeatureversion", environment_id=1, feature_id=1, **version)
        state = {"environment_feature_version_id": UUID(int=number), "enabled": number == 2, "live_from": None}
        insert(server, "features_featurestate", environment_id=1, feature_id=1, version=None, **state)
    found = exporter.turn().all("flagsmith_feature_enabled")
    assert found["production", "checkout", "shop"] == 1
    # Nothing of the other feature was published.
    assert ("production", "export", "shop") not in found


def test_variants_are_told_by_key_or_by_number_and_never_by_value(server: Postgres, exporter: Exporter) -> None:
    server.query(
        "INSERT INTO multivariate_multivariatefeatureoption VALUES (7, 'blue', 'secret-1'), (8, NULL, 'secret-2');"
        "INSERT INTO multivariate_multivariatefeaturestatevalue VALUES (1, 11, 7, 20), (2, 11, 8, 12.5), (3, 99, 7, 50)"
    )
    found = exporter.turn()
    assert found.all("flagsmith_feature_variant_ratio") == {
        ("production", "checkout", "shop", "", "blue"): 0.2,
        ("production", "checkout", "shop", "", "option-8"): 0.125,
    }
    assert "secret" not in found.text


def test_adoption_is_the_share_of_those_who_have_it_by_rule_or_by_name(server: Postgres, exporter: Exporter) -> None:
    people(server, 40)
    segment(server, 1, "premium", ("plan", "EQUAL", "premium"))
    override(server, 1, 1)
    # user-1 is given the feature, user-4, who pays, is not.
    server.query(
        "INSERT INTO features_featurestate (environment_id, feature_id, identity_id, enabled)"
        " VALUES (1, 1, 1001, true), (1, 1, 1004, false)"
    )
    found = exporter.turn()
    assert adoption(found) == 10 / 40
    assert adoption(found, "export") == 1
    assert found.all("flagsmith_feature_adoption_identities") == {("production", "shop"): 40}
    # Nobody is known in staging: no share of nobody.
    assert {environment for environment, _, _ in found.all(ADOPTION)} == {"production"}


@pytest.mark.parametrize(("percentage", "fewest", "most"), [("0", 0, 0), ("25", 0.15, 0.35), ("100", 1, 1)])
def test_adoption_follows_a_percentage(
    server: Postgres, exporter: Exporter, percentage: str, fewest: float, most: float
) -> None:
    people(server, 400)
    segment(server, 1, "some", (None, SPLIT, percentage))
    override(server, 1, 1)
    assert fewest <= adoption(exporter.turn()) <= most


def test_the_first_of_two_overrides_counts(server: Postgres, exporter: Exporter) -> None:
    people(server, 8)
    segment(server, 1, "premium", ("plan", "EQUAL", "premium"))
    segment(server, 2, "everybody", (None, SPLIT, "100"))
    override(server, 1, 1, feature=2, enabled=False)
    override(server, 2, 2, feature=2, enabled=True)
    assert adoption(exporter.turn(), "export") == 6 / 8


def test_traits_have_the_type_they_were_sent_with_and_flagsmiths_own_win(server: Postgres, exporter: Exporter) -> None:
    people(server, 4)
    traits = "environments_trait"
    insert(server, traits, identity_id=1001, trait_key="age", value_type="int", integer_value=30)
    insert(server, traits, identity_id=1002, trait_key="beta", value_type="bool", boolean_value=True)
    insert(server, traits, identity_id=1003, trait_key="age", value_type="float", float_value=7.5)
    server.query("""UPDATE environments_identity SET system_traits = '{"plan": "premium"}' WHERE id = 1001""")
    rules = {1: ("age", "GREATER_THAN", "29"), 2: ("beta", "EQUAL", "true"), 3: ("plan", "EQUAL", "premium")}
    shares = []
    for number, rule in rules.items():
        segment(server, number, f"segment {number}", rule)
        override(server, number, number)
        shares.append(adoption(exporter.turn(5)))
    # user-1; user-2 too; user-0 too, and user-1 again.
    assert shares == [1 / 4, 2 / 4, 3 / 4]


def test_a_sample_stands_for_all_and_is_the_same_each_time(server: Postgres) -> None:
    people(server, 900)
    segment(server, 1, "half", (None, SPLIT, "50"))
    override(server, 1, 1)
    first, second = (new_exporter(server, sample=200).turn() for _ in range(2))
    assert first.all("flagsmith_feature_adoption_identities") == {("production", "shop"): 200}
    assert adoption(first) == adoption(second)
    assert 0.35 <= adoption(first) <= 0.65


def test_no_sample_is_no_adoption_and_no_failure(server: Postgres) -> None:
    people(server, 4)
    found = new_exporter(server, sample=0).turn()
    assert found.all(ADOPTION) == {}
    assert found.one("flagsmith_flag_metrics_up") == 1


def test_a_rule_that_the_engine_chokes_on_costs_the_adoption_alone_and_tells_nothing_of_it(
    server: Postgres, exporter: Exporter, capsys: pytest.CaptureFixture[str]
) -> None:
    people(server, 4)
    segment(server, 1, "broken", ("plan", "REGEX", "(user-known-by-this"))
    override(server, 1, 1)
    found = exporter.turn()
    parts = found.all("flagsmith_flag_metrics_part_up")
    assert {name for (name,), up in parts.items() if not up} == {"adoption"}
    assert found.one("flagsmith_flag_metrics_up") == 0
    assert found.all("flagsmith_feature_enabled")
    output = capsys.readouterr().out
    assert "could not collect adoption" in output
    assert "user-known-by-this" not in output
