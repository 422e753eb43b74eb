"""The flags: which are asked for, who has them, how far their rollouts are. From the exporter of flag metrics."""

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard as Board

from components.monitoring.dashboards.collection import collection
from components.monitoring.dashboards.model import Dashboard, Facts
from components.monitoring.dashboards.panels import HERE, Panel, add_row, bars, choice, frame, lines, number, rows
from components.monitoring.dashboards.rollouts import decided, rollouts

CHOSEN: Final = f'{HERE},project=~"$project",environment=~"$environment",feature=~"$feature"'
WITHOUT_FEATURE: Final = f'{HERE},project=~"$project",environment=~"$environment"'
EVALUATIONS: Final = "flagsmith_feature_evaluations_total"
RATE: Final = "[$__rate_interval]"
BY: Final = "environment, feature"
# Which users a figure is about.
STORED: Final = (
    "Of identities that asked the API itself, however long ago: nobody whom the edge or an SDK itself evaluates."
)
REPORTED: Final = (
    "Of the last hour, wherever they were evaluated, if their SDK reports to version 2 of the endpoint for analytics; "
    "nobody else."
)


def flags(facts: Facts) -> Board:
    """The dashboard `flags`."""
    series = "flagsmith_feature_enabled"
    board = frame(
        Dashboard.FLAGS, facts, "Evaluations, adoption and rollouts of features, as Flagsmith keeps them in PostgreSQL."
    )
    chosen = f"{series}{{{HERE}}}"
    for name, label in (("project", "Project"), ("environment", "Environment"), ("feature", "Feature")):
        board = board.with_variable(choice(name, label, chosen, several=True))
    board = add_row(board, "At a glance", _glance())
    board = add_row(board, "Evaluations", _evaluations())
    board = add_row(board, "Adoption among users whom Flagsmith stores", _adoption())
    board = add_row(board, "Adoption as SDKs report it, at the edge and evaluated locally too", _reported())
    board = add_row(board, "Rollouts", _rollouts())
    if facts.rollouts:
        board = add_row(board.annotation(decided()), "Rollouts that run themselves", rollouts())
    return add_row(board, "Collection", collection())


def _glance() -> list[Panel]:
    return [
        number(
            "Features",
            "Features, archived ones too.",
            f'sum(flagsmith_features{{{HERE},project=~"$project"}})',
            unit="short",
        ),
        number("Segments", "Segments.", f'sum(flagsmith_segments{{{HERE},project=~"$project"}})', unit="short"),
        number(
            "Identities",
            "Identities of all environments, as PostgreSQL estimates them.",
            f"sum(flagsmith_identities_estimate{{{HERE}}})",
            unit="short",
        ),
        number(
            "Not evaluated today",
            "Features that are in an environment and that no SDK has reported within 24 hours.",
            f"count((sum by ({BY}) (increase({EVALUATIONS}{{{CHOSEN}}}[24h])) == 0)) or vector(0)",
            unit="short",
        ),
        number(
            "Collected",
            "Whether the exporter could read everything the last time.",
            f"min(flagsmith_flag_metrics_up{{{HERE}}})",
            unit="bool_yes_no",
            limit=1,
            below=True,
        ),
    ]


def _evaluations() -> list[Panel]:
    rate = f"sum by ({BY}) (rate({EVALUATIONS}{{{CHOSEN}}}{RATE}))"
    return [
        lines(
            "Evaluations by feature",
            "Evaluations a second that SDKs have reported, in batches and so a little late; the 15 most frequent. "
            "What a pod that was killed had not sent is missing.",
            {"{{environment}} {{feature}}": f"topk(15, {rate})"},
            unit="ops",
        ),
        lines(
            "Evaluations by environment",
            "Evaluations a second that SDKs have reported.",
            {"{{environment}}": f"sum by (environment) (rate({EVALUATIONS}{{{CHOSEN}}}{RATE}))"},
            unit="ops",
            stacked=True,
        ),
        bars(
            "Most evaluated",
            "Evaluations within the time shown.",
            f"topk(15, sum by ({BY}) (increase({EVALUATIONS}{{{CHOSEN}}}[$__range])))",
            "{{environment}} {{feature}}",
            unit="short",
        ),
    ]


def _adoption() -> list[Panel]:
    adoption = f"100 * max by ({BY}) (flagsmith_feature_adoption_ratio{{{CHOSEN}}})"
    return [
        lines(
            "Adoption",
            f"The share of an environment's identities for which the feature is on, on a sample of them. {STORED}",
            {"{{environment}} {{feature}}": adoption},
            unit="percent",
            most=100,
        ),
        bars(
            "Adoption now",
            f"The share of an environment's identities for which the feature is on. {STORED}",
            adoption,
            "{{environment}} {{feature}}",
            unit="percent",
            most=100,
        ),
        lines(
            "Sample",
            "On how many identities the adoption was found.",
            {"{{environment}}": (f"sum by (environment) (flagsmith_feature_adoption_identities{{{WITHOUT_FEATURE}}})")},
            unit="short",
        ),
    ]


def _reported() -> list[Panel]:
    users, told = "flagsmith_feature_reported_identities", "flagsmith_feature_reported_evaluations"
    where = "environment, feature, variant"
    return [
        lines(
            "Reported users with the feature",
            f"The share of users to whom SDKs last reported the feature as on. {REPORTED}",
            {"{{environment}} {{feature}}": _share_on(users)},
            unit="percent",
            most=100,
        ),
        lines(
            "Reported users",
            f"How many users SDKs reported by name. {REPORTED}",
            {"{{environment}} {{feature}}": f"topk(15, sum by ({BY}) ({users}{{{CHOSEN}}}))"},
            unit="short",
        ),
        lines(
            "Reported evaluations with the feature",
            f"The share of evaluations that gave the feature as on, those of users without a name too. {REPORTED}",
            {"{{environment}} {{feature}}": _share_on(told)},
            unit="percent",
            most=100,
        ),
        rows(
            "Exposed by experiments",
            "Users whom an experiment of the feature gave a variant, wherever they were evaluated, if their SDK sends "
            "exposures; as Flagsmith last asked the warehouse of events.",
            f"max by ({where}) (flagsmith_feature_exposed_identities{{{CHOSEN}}})",
            {"environment": "Environment", "feature": "Feature", "variant": "Variant", "Value": "Users"},
            unit="short",
        ),
    ]


def _share_on(metric: str) -> str:
    """In percent; 0 where only `enabled="false"` has a series."""
    every = f"sum by ({BY}) ({metric}{{{CHOSEN}}})"
    on = f'sum by ({BY}) ({metric}{{{CHOSEN},enabled="true"}})'
    return f"100 * ({on} or 0 * {every}) / {every}"


def _rollouts() -> list[Panel]:
    rollout = "flagsmith_feature_rollout_ratio"
    where = "environment, feature, segment"
    return [
        rows(
            "On by default",
            "Whether the feature is on for whom no override is: 1 for on.",
            f"max by ({BY}) (flagsmith_feature_enabled{{{CHOSEN}}})",
            {"environment": "Environment", "feature": "Feature", "Value": "On"},
            unit="short",
        ),
        rows(
            "Percentage rollouts",
            "The share of users that an override by percentage is for, and whether it switches on.",
            f"100 * max by ({where}, enabled) ({rollout}{{{CHOSEN}}})",
            {
                "environment": "Environment",
                "feature": "Feature",
                "segment": "Segment",
                "enabled": "Switches on",
                "Value": "Share",
            },
            unit="percent",
        ),
        lines(
            "Rollouts over time",
            "The share of users that an override by percentage is for.",
            {"{{environment}} {{feature}} {{segment}}": f"100 * max by ({where}) ({rollout}{{{CHOSEN}}})"},
            unit="percent",
            most=100,
        ),
        rows(
            "Variants",
            "The share of users that get a variant, of all or of a segment; the rest gets the control value.",
            f"100 * max by ({where}, variant) (flagsmith_feature_variant_ratio{{{CHOSEN}}})",
            {
                "environment": "Environment",
                "feature": "Feature",
                "segment": "Segment",
                "variant": "Variant",
                "Value": "Share",
            },
            unit="percent",
        ),
    ]
