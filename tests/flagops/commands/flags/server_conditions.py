"""Each condition that Flagsmith has of what a catalogue says: where the server holds it, and how it is broken.

Taken one by one from the serializers, validators and models of release 2.265.0. `test_server_conditions.py` holds each
against `ff flags validate` and against the double; with `FLAGSMITH_TEST_URL` against a real Flagsmith.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.flagops.commands.flags.conditioned import (
    FLAG,
    HEAD,
    OPTIONS,
    condition,
    environment,
    flag,
    group,
    one,
    option,
    rules,
    segment,
    shares,
)


@dataclass(frozen=True)
class Condition:
    """One condition of the server.

    Attributes:
        name: What it is of.
        source: Where the server has it.
        catalogue: A catalogue that breaks it, or is just within it.
        said: What `validate` says; empty for what is within.
        path: Where `apply` would send it; `{flag}` and `{key}` are a flag and an environment that are there.
        body: What it would send.
        status: What the server answers.
        answer: What it says of it.
        method: How it is sent.
    """

    name: str
    source: str
    catalogue: str
    said: str
    path: str
    body: Mapping[str, Any]
    status: int
    answer: str = ""
    method: str = "POST"


FEATURES, SEGMENTS, TAGS = "/projects/1/features/", "/projects/1/segments/", "/projects/1/tags/"
ENVIRONMENTS, GROUPS = "/environments/", "/organisations/1/groups/"
STATE, MV = "/environments/{key}/featurestates/{state}/", "/projects/1/features/{flag}/mv-options/"
LONG, MODEL = "Ensure this field has no more than {} characters.", "{}: max_length={}"
EXPLICIT = "TooMany"


def _longest(
    kind: str, source: str, most: int, catalogue: Any, path: str, body: Any, created: int = 201
) -> list[Condition]:
    """The longest text that is taken, and one that is a character too long."""
    return [
        Condition(f"{kind} of {most}", source, catalogue("a" * most), "", path, body("a" * most), created),
        Condition(
            f"{kind} of {most + 1}",
            source,
            catalogue("a" * (most + 1)),
            f"Flagsmith takes {most}",
            path,
            body("a" * (most + 1)),
            400,
            LONG.format(most),
        ),
    ]


CONDITIONS = [
    *_longest(
        "flag's name", "features.models.Feature.name", 2000, lambda n: flag(name=n), FEATURES, lambda n: {"name": n}
    ),
    *_longest(
        "flag's value",
        "features.models.Feature.initial_value, FEATURE_VALUE_LIMIT",
        20_000,
        lambda n: flag(f", value: {n}"),
        FEATURES,
        lambda n: {"name": "long", "initial_value": n},
    ),
    *_longest(
        "variation's value",
        "features.feature_states.models.AbstractBaseFeatureValueModel.string_value, FEATURE_VALUE_LIMIT",
        20_000,
        lambda n: flag(OPTIONS % (50, n, 50)),
        MV,
        lambda n: option(text=n),
    ),
    *_longest(
        "variation's name",
        "features.multivariate.models.MultivariateFeatureOption.key",
        255,
        lambda n: flag(OPTIONS.replace("two", n) % (50, "x", 50)),
        MV,
        lambda n: option(key=n),
    ),
    *_longest(
        "tag",
        "projects.tags.models.Tag.label",
        100,
        lambda n: flag(f", tags: [{n}]"),
        TAGS,
        lambda n: {"label": n, "color": "#000000"},
    ),
    *_longest(
        "environment's name",
        "environments.models.Environment.name",
        2000,
        environment,
        ENVIRONMENTS,
        lambda n: {"name": n, "project": 1},
    ),
    *_longest(
        "group's name",
        "users.models.UserPermissionGroup.name",
        200,
        group,
        GROUPS,
        lambda n: {"name": n, "is_default": False},
    ),
    *_longest(
        "segment's name",
        "segments.models.Segment.name",
        2000,
        lambda n: segment(condition("v"), n),
        SEGMENTS,
        lambda n: {"name": n, "rules": rules(one())},
    ),
    *_longest(
        "trait's name in a condition",
        "segments.models.Condition.property",
        1000,
        lambda n: segment(condition("v", trait=n)),
        SEGMENTS,
        lambda n: {"name": "s", "rules": rules(one(trait=n))},
    ),
    *_longest(
        "condition's value",
        "segments.models.Condition.value, SEGMENT_CONDITION_VALUE_LIMIT",
        1000,
        lambda n: segment(condition(n)),
        SEGMENTS,
        lambda n: {"name": "s", "rules": rules(one(n))},
    ),
    *_longest(
        "expression",
        "segments.models.Condition.value, SEGMENT_CONDITION_VALUE_LIMIT",
        1000,
        lambda n: segment(condition(n, operator="REGEX")),
        SEGMENTS,
        lambda n: {"name": "s", "rules": rules(one(n, operator="REGEX"))},
    ),
    Condition(
        "a condition's value is trimmed before it is counted",
        "rest_framework CharField",
        segment(condition("'" + "a" * 1000 + "   '")),
        "",
        SEGMENTS,
        {"name": "s", "rules": rules(one("a" * 1000 + "   "))},
        201,
    ),
    Condition(
        "100 conditions",
        "segments.serializers.SegmentSerializer, SEGMENT_RULES_CONDITIONS_LIMIT",
        segment(", ".join(condition(f"v{n}") for n in range(100))),
        "",
        SEGMENTS,
        {"name": "s", "rules": rules(*(one(f"v{n}") for n in range(100)))},
        201,
    ),
    Condition(
        "101 conditions",
        "segments.serializers.SegmentSerializer, SEGMENT_RULES_CONDITIONS_LIMIT",
        segment(", ".join(condition(f"v{n}") for n in range(101))),
        "has 101 conditions; Flagsmith takes 100",
        SEGMENTS,
        {"name": "s", "rules": rules(*(one(f"v{n}") for n in range(101)))},
        400,
        "which exceeds the maximum condition count of 100",
    ),
    Condition(
        "no rules",
        "segments.serializers.SegmentSerializer.rules allow_empty=False",
        f"{HEAD}segments:\n  some: {{description: x}}\n",
        "has no condition",
        SEGMENTS,
        {"name": "s", "rules": []},
        400,
        "This list may not be empty",
    ),
    Condition(
        "rules that are nested too deep",
        "segments.serializers.SEGMENT_RULES_MAX_DEPTH",
        "",
        "",
        SEGMENTS,
        {"name": "s", "rules": [{"type": "ALL", "rules": [{"type": "ANY", "rules": rules(one()), "conditions": []}]}]},
        400,
        "Rules must not be nested more than 2 levels deep",
    ),
    Condition(
        "an operator that there is not",
        "segments.models.Condition.operator",
        segment(condition("v", operator="LIKE")),
        "is 'LIKE': must be one of EQUAL",
        SEGMENTS,
        {"name": "s", "rules": rules(one(operator="LIKE"))},
        400,
        "is not a valid choice",
    ),
    Condition(
        "a trait without a name",
        "segments.models.Condition.property",
        segment(condition("v", trait="''")),
        "trait: is '': must not be empty",
        SEGMENTS,
        {"name": "s", "rules": rules(one(trait=""))},
        400,
        "This field may not be blank",
    ),
    Condition(
        "a trait of blanks",
        "segments.models.Condition.property",
        segment(condition("v", trait="'  '")),
        "trait: is '  ': Flagsmith takes no name without a letter",
        SEGMENTS,
        {"name": "s", "rules": rules(one(trait="  "))},
        400,
        "This field may not be blank",
    ),
    Condition(
        "a flag of a name that there is, but for its case",
        "features.serializers.CreateFeatureSerializer.validate_name",
        f"names: any\n{HEAD}flags:\n  there: {FLAG % ''}\n  There: {FLAG % ''}\n",
        "'There' differs from 'there' in case only",
        FEATURES,
        {"name": "There"},
        400,
        "feature names are case insensitive",
    ),
    Condition(
        "an environment of a name that there is",
        "environments.serializers._BaseCreateUpdateEnvironmentSerializer",
        "project: FootAnalytics\nenvironments: [staging, staging]\n",
        "staging is given twice",
        ENVIRONMENTS,
        {"name": "staging", "project": 1},
        400,
        "An environment with this name already exists",
    ),
    Condition(
        "a flag without a name",
        "features.models.Feature.name",
        f"names: any\n{HEAD}flags:\n  ' ': {FLAG % ''}\n",
        "is empty",
        FEATURES,
        {"name": " "},
        400,
        "This field may not be blank",
    ),
    Condition(
        "an environment without a name",
        "environments.models.Environment.name",
        environment("' '"),
        "is empty",
        ENVIRONMENTS,
        {"name": " ", "project": 1},
        400,
        "This field may not be blank",
    ),
    Condition(
        "a segment without a name",
        "segments.models.Segment.name",
        segment(condition("v"), "' '", f"names: any\n{HEAD}"),
        "is empty",
        SEGMENTS,
        {"name": " ", "rules": rules(one())},
        400,
        "This field may not be blank",
    ),
    Condition(
        "a tag without a name",
        "projects.tags.models.Tag.label",
        flag(", tags: [' ']"),
        "is empty",
        TAGS,
        {"label": " ", "color": "#000000"},
        400,
        "This field may not be blank",
    ),
    Condition(
        "a group without a name",
        "users.models.UserPermissionGroup.name",
        group("' '"),
        "is empty",
        GROUPS,
        {"name": " ", "is_default": False},
        400,
        "This field may not be blank",
    ),
    Condition(
        "a variation's name that is no slug",
        "features.multivariate.models.MultivariateFeatureOption.key validate_slug",
        flag(OPTIONS.replace("two", "a b") % (50, "x", 50)),
        "must be of the letters",
        MV,
        option(key="a b"),
        400,
        "Enter a valid",
    ),
    Condition(
        "a variation called as the control",
        "features.multivariate.serializers.MultivariateFeatureOptionSerializer.validate_key",
        flag(OPTIONS.replace("two", "control") % (50, "x", 50)),
        "control is Flagsmith's own name",
        MV,
        option(key="control"),
        400,
        "is a reserved variant key",
    ),
    Condition(
        "two variations of one name",
        "features.multivariate.serializers._validate_key_is_unique",
        flag(OPTIONS.replace("two", "one") % (50, "x", 50)),
        "one is given twice",
        MV,
        option(key="first"),
        400,
        "Multivariate option with this key already exists",
    ),
    Condition(
        "the largest whole number",
        "AbstractBaseFeatureValueModel.integer_value",
        flag(OPTIONS % (50, 2**31 - 1, 50)),
        "",
        MV,
        {**option(), "type": "int", "string_value": None, "integer_value": 2**31 - 1},
        201,
    ),
    Condition(
        "a larger whole number",
        "AbstractBaseFeatureValueModel.integer_value",
        flag(OPTIONS % (50, 2**31, 50)),
        "keeps whole numbers of 32 bits",
        MV,
        {**option(), "type": "int", "string_value": None, "integer_value": 2**31},
        400,
        "less than or equal to 2147483647",
    ),
    Condition(
        "a smaller whole number",
        "AbstractBaseFeatureValueModel.integer_value",
        flag(OPTIONS % (50, -(2**31) - 1, 50)),
        "keeps whole numbers of 32 bits",
        MV,
        {**option(), "type": "int", "string_value": None, "integer_value": -(2**31) - 1},
        400,
        "greater than or equal to -2147483648",
    ),
    Condition(
        "a weight above 100",
        "MultivariateFeatureOption.default_percentage_allocation",
        flag(OPTIONS % (0, "x", 100.5)),
        "must be at most 100",
        MV,
        option(share=100.5),
        400,
        "less than or equal to 100",
    ),
    Condition(
        "a weight below 0",
        "MultivariateFeatureOption.default_percentage_allocation",
        flag(OPTIONS % (100, "x", -0.5)),
        "must be at least 0",
        MV,
        option(share=-0.5),
        400,
        "greater than or equal to 0",
    ),
    Condition(
        "weights of 100 by decimals",
        "MultivariateFeatureOptionSerializer.validate",
        shares(40, 33.3, 26.7),
        "",
        MV,
        option(share=60),
        201,
    ),
    Condition(
        "weights above 100",
        "MultivariateFeatureOptionSerializer.validate",
        shares(40, 60.005),
        "as Flagsmith adds them",
        MV,
        option(share=60.005),
        400,
        "Invalid percentage allocation",
    ),
    Condition(
        "weights above 100 by the last digit of a float",
        "MultivariateFeatureOptionSerializer.validate",
        shares(40, 60.00000000000002),
        "as Flagsmith adds them",
        MV,
        option(share=60.00000000000002),
        400,
        "Invalid percentage allocation",
    ),
]
