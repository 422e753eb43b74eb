"""A plan says who is affected: in figures that the engine gives, in words, as Markdown, and against a commit."""

from pathlib import Path

import pytest

from flagops.commands.flags.catalogue.load import parse
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.plan import plan
from flagops.commands.flags.reconcile.review.catalogues import as_server
from flagops.commands.flags.reconcile.review.outcome import after, before
from flagops.commands.flags.reconcile.review.sentences import sentences
from flagops.commands.flags.reconcile.review.who import who
from flagops.commands.flags.spec import ProjectSpec
from flagops.serving.audience.figures import Affected
from tests.flagops.commands.flags.support import EXAMPLE

EVERYONE = ("everyone: 25", "everyone: 50")
ON = ("production: {enabled: false}", "production: {enabled: true}")


def spec(text: str) -> ProjectSpec:
    return desired(parse(text, Path("catalogue.yaml"))[0])


def figures(one: str, other: str) -> dict[tuple[str, str], Affected]:
    """Who is affected when the first catalogue becomes the second."""
    wanted, found = spec(other), as_server(spec(one))
    return {(item.flag, item.environment): item for item in who(plan(wanted, found), wanted, found)}


def changed(*replaced: tuple[str, str]) -> dict[tuple[str, str], Affected]:
    before_ = text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return figures(before_, text)


def said(found: Affected) -> list[str]:
    return list(sentences(found))


def test_a_rollout_that_grows_gives_it_to_that_many_more_and_takes_it_from_none() -> None:
    found = changed(("rollout: 25", "rollout: 50"))
    assert set(found) == {("advanced_analytics_enabled", name) for name in ("development", "staging", "production")}
    one = found["advanced_analytics_enabled", "production"]
    assert said(one) == ["about 25 % of users gain it, none lose it"]
    (kind,) = one.kinds
    assert (kind.lose, kind.other) == (0, 0)
    assert abs(kind.gain / kind.users - 0.25) < 0.03


def test_each_group_is_told_apart_by_the_segments_that_the_flag_asks_for() -> None:
    one = changed(EVERYONE, ("premium_users: 50", "premium_users: 40"))["new_feature_rollout", "production"]
    assert said(one) == [
        "users in none of its segments, those without traits among them: about 25 % of them gain it, none lose it",
        "users in premium_users: none gain it, about 10 % of them lose it",
        "nothing changes for all others",
        "of all users between 0 % and 25 % gain it, between 0 % and 10 % lose it",
    ]
    assert {kind.segments for kind in one.kinds} == {
        (),
        ("beta_users",),
        ("premium_users",),
        ("beta_users", "premium_users"),
    }


def test_a_flag_that_is_switched_on_is_gained_by_all_also_by_who_names_no_user() -> None:
    one = changed(ON)["ml_model_v2_enabled", "production"]
    assert said(one) == ["all gain it", "for clients that name no user it is off now, on then"]


def test_other_weights_give_other_values() -> None:
    found = changed(
        ("value: original_dashboard, weight: 40", "value: original_dashboard, weight: 60"),
        ("value: new_dashboard_v2, weight: 30", "value: new_dashboard_v2, weight: 10"),
    )
    assert said(found["dashboard_ab_test", "staging"]) == ["about 20 % of users get another value"]


def test_a_segment_whose_rules_change_affects_who_comes_and_who_leaves() -> None:
    wider = changed(
        ('signup_date, operator: GREATER_THAN, value: "2024', 'signup_date, operator: GREATER_THAN, value: "2023')
    )
    one = wider["real_time_processing_enabled", "development"]
    assert said(one)[0] == "users who come into beta_users: all gain it"
    other = changed(("operator: EQUAL, value: premium", "operator: EQUAL, value: gold"))
    said_of = said(other["new_feature_rollout", "production"])
    assert any(line.startswith("users who leave premium_users") for line in said_of), said_of
    assert ("gpu_optimization_enabled", "production") in other


def test_what_only_people_see_affects_nobody() -> None:
    assert changed(("The advanced analytics pages.", "Pages of analytics.")) == {}


RULES = """project: P
environments: [production]
segments:
  some:
    description: A.
    CONDITIONS
flags:
  one: {description: A., owner: web, kind: ops, enabled: false, targeting: [{segment: some, enabled: false}]}
"""


@pytest.mark.parametrize(
    "conditions",
    [
        "all: [{trait: age, operator: GREATER_THAN, value: 17}, {trait: age, operator: LESS_THAN, value: 30}]",
        "all: [{trait: app, operator: GREATER_THAN_INCLUSIVE, value: 2.1.0:semver}]",
        "all: [{trait: mail, operator: REGEX, value: '^.+@example\\.com$'}]",
        "all: [{trait: number, operator: MODULO, value: 7|3}]",
        "all: [{trait: country, operator: IN, value: 'IL,US'}]",
        "all: [{trait: mail, operator: CONTAINS, value: example}, {trait: mail, operator: NOT_CONTAINS, value: admin}]",
        "none: [{trait: blocked, operator: IS_SET}]",
        "any: [{trait: a, operator: NOT_EQUAL, value: x}, {trait: b, operator: IS_NOT_SET}]",
    ],
)
def test_somebody_is_made_up_for_every_operator(conditions: str) -> None:
    text = RULES.replace("CONDITIONS", conditions)
    one = figures(text, text.replace("{segment: some, enabled: false}", "{segment: some, enabled: true}"))
    kinds = {kind.segments: kind for kind in one["one", "production"].kinds}
    assert kinds["some",].gain == kinds["some",].users
    assert () in kinds
    assert kinds[()].is_nothing


def test_a_segment_in_which_nobody_can_be_made_up_is_said_and_not_called_unaffected() -> None:
    text = RULES.replace(
        "CONDITIONS", "all: [{trait: code, operator: REGEX, value: '^(?=.*[0-9])(?=.*[A-F])Q[0-9A-F]{6}$'}]"
    )
    one = figures(text, text.replace("{segment: some, enabled: false}", "{segment: some, enabled: true}"))
    lines = said(one["one", "production"])
    assert "not known for some: no user could be made up who is in it" in lines
    assert "nobody is affected" not in lines


def test_the_outcome_of_a_plan_is_what_the_catalogue_declares() -> None:
    """All changes of a plan, made on what was there, give what the catalogue itself says."""
    text = EXAMPLE.read_text(encoding="utf-8")
    other = text
    for old, new in (
        EVERYONE,
        ON,
        ("beta_users: 100", "beta_users: 70"),
        ("{segment: premium_users, enabled: true}", "{segment: beta_users, enabled: false}"),
        ("weight: 40", "weight: 50"),
        ("value: new_dashboard_v2, weight: 30", "value: new_dashboard_v3, weight: 20"),
    ):
        assert old in other
        other = other.replace(old, new)
    wanted, found = spec(other), as_server(spec(text))
    made = after(before(found, wanted), plan(wanted, found, delete=True), wanted)
    for name, flag in wanted.flags.items():
        assert made.flags[name].states == flag.states, name
        assert made.flags[name].options == flag.options, name
    assert {name: item.rules for name, item in made.segments.items()} == {
        name: item.rules for name, item in wanted.segments.items()
    }


def test_the_same_figures_come_again() -> None:
    assert changed(EVERYONE) == changed(EVERYONE)


def test_a_flag_that_is_new_or_gone() -> None:
    text = RULES.replace("CONDITIONS", "all: [{trait: a, operator: EQUAL, value: x}]")
    more = text + "  two: {description: A., owner: web, kind: ops, enabled: true}\n"
    assert said(figures(text, more)["two", "production"])[0] == "all gain it"
    wanted, found = spec(text), as_server(spec(more))
    (gone,) = who(plan(wanted, found, delete=True), wanted, found)
    assert said(gone)[0] == "all lose it"
    assert who(plan(wanted, found), wanted, found) == []  # archived: it is served as it is
