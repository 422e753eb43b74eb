"""What the rules of a catalogue refuse, beside its form: shares, weights, values, access, deliveries."""

import re
from datetime import date
from pathlib import Path

import pytest

from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.catalogue.problems import CatalogueError
from flagops.commands.flags.catalogue.rules import check

TODAY = date(2026, 11, 23)
HEAD = "project: X\nenvironments: [staging, production]\n"
FLAG = "flags:\n  banner:\n    description: A banner.\n    owner: web\n    kind: ops\n    enabled: false\n"
SEGMENTS = (
    "segments:\n  beta:\n    description: The beta.\n    all:\n      - {trait: beta, operator: EQUAL, value: true}\n"
)
VARIATIONS = "    variations:\n      - {name: a, value: x, weight: 50}\n      - {name: b, value: y, weight: 50}\n"


def problems(home: Path, text: str) -> list[str]:
    path = home / "c.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        declared, source = load(path)
    except CatalogueError as error:
        lines = error.message.splitlines()
    else:
        lines = [source.line(problem) for problem in check(declared, TODAY)]
    return [line.replace(f"{home}/", "") for line in lines]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("{operator: PERCENTAGE_SPLIT, value: 25}", None),
        ("{operator: PERCENTAGE_SPLIT, value: 33.3}", None),
        ("{operator: PERCENTAGE_SPLIT, value: 101}", "value: is 101: must be a percentage from 0 to 100"),
        ("{operator: PERCENTAGE_SPLIT, value: true}", "value: is True: must be a percentage from 0 to 100"),
        ("{operator: PERCENTAGE_SPLIT}", "value: is None: must be a percentage from 0 to 100"),
        ("{trait: club.id, operator: PERCENTAGE_SPLIT, value: 5}", None),
        ("{trait: $.identity.key, operator: PERCENTAGE_SPLIT, value: 5}", None),
        ("{operator: EQUAL, value: 5}", "lacks the key 'trait', of which EQUAL asks"),
    ],
)
def test_a_share_of_users_or_of_the_values_of_a_trait_has_a_percentage(
    tmp_path: Path, condition: str, said: str | None
) -> None:
    text = f"{HEAD}segments:\n  some:\n    description: Some.\n    all:\n      - {condition}\n"
    found = problems(tmp_path, text)
    assert (not found) if said is None else (len(found) == 1 and said in found[0])
    assert not found or re.match(r"c\.yaml:7:\d+: segments\.some\.all\[0\]", found[0])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("    value: {a: [1, two]}\n", None),
        ("    value: {day: 2024-01-01}\n", None),
        ("    value: {share: .inf}\n", "value: cannot be written as JSON"),
        ("    value: 2147483648\n", "value: is 2147483648: Flagsmith keeps whole numbers of 32 bits"),
        ("    value: -2147483648\n", None),
        (VARIATIONS + "      - {name: control, value: z, weight: 0}\n", "control is Flagsmith's own name"),
        (
            VARIATIONS + "    targeting:\n      - {segment: beta, enabled: true, weights: {a: 10, b: 80}}\n",
            "targeting[0].weights: are 90 together: they must be 100",
        ),
        (
            VARIATIONS + "    targeting:\n      - {segment: beta, enabled: true, weights: {a: 100}}\n",
            "targeting[0].weights: lack b: name every variation",
        ),
        (
            VARIATIONS + "    targeting:\n      - {segment: beta, enabled: true, value: x, weights: {a: 20, b: 80}}\n",
            "targeting[0]: has both a value and weights",
        ),
        ("    environments:\n      staging: {value: 99999999999}\n", "environments.staging.value: is 99999999999"),
    ],
)
def test_values_and_weights_are_what_flagsmith_can_keep(tmp_path: Path, lines: str, said: str | None) -> None:
    found = problems(tmp_path, HEAD + SEGMENTS + FLAG + lines)
    assert (not found) if said is None else (len(found) == 1 and said in found[0]), found


def test_a_flag_that_says_nothing_is_a_warning(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, HEAD + FLAG.replace("A banner.", "''"))
    assert "flags.banner.description: is empty: say what the flag switches" in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "access:\n  groups:\n    devs:\n      role: developer\n      environments: {canary: viewer}\n",
            "access.groups.devs.environments.canary: is no environment of this catalogue",
        ),
        (
            "access:\n  groups:\n    devs:\n      role: developer\n      environments: {staging: admin}\n",
            "access.groups.devs.environments.staging: is of no use",
        ),
        ("access:\n  groups:\n    devs: {role: owner}\n", "must be one of admin, developer, viewer"),
        ("keys:\n  - {environment: canary, namespace: web}\n", "keys[0].environment: canary is no environment"),
        (
            "keys:\n  - {environment: staging, namespace: Web}\n",
            "keys[0].namespace: is 'Web': must be a Kubernetes name",
        ),
        (
            "keys:\n  - {environment: staging, namespace: web}\n  - {environment: production, namespace: web}\n",
            "keys[1]: writes the Secret web/flagsmith-keys, as keys[0] does",
        ),
    ],
)
def test_access_and_deliveries_name_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    found = problems(tmp_path, HEAD + text)
    assert len(found) == 1, found
    assert said in found[0]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            (
                "    targeting:\n      - {segment: beta, enabled: true}\n"
                "    environments:\n      staging: {rollout: {segments: {beta: 50}}}\n"
            ),
            "beta has a share in the rollout too",
        ),
        ("    environments:\n      staging: {enabled: true, rollout: 25}\n", "goes with `enabled: false` only"),
        ("    value: 1.5\n", "value: is 1.5: must be true, false, a text, a whole number, a mapping or a list"),
        ("    value: !!int soon\n", "which cannot be read"),
        ("    value: !odd 5\n", "which cannot be read"),
        ("    value: &a [*a]\n", "an alias names what it is in"),
        ("    value: \x07\n", "this is not valid YAML"),
    ],
)
def test_what_counts_in_an_environment_is_checked_and_odd_yaml_is_named(tmp_path: Path, lines: str, said: str) -> None:
    found = problems(tmp_path, HEAD + SEGMENTS + FLAG + lines)
    assert len(found) == 1, found
    assert said in found[0]
    assert found[0].startswith("c.yaml:")


def test_three_thirds_are_a_whole(tmp_path: Path) -> None:
    lines = "".join(f"      - {{name: {name}, value: {name}, weight: 33.333}}\n" for name in "abc")
    assert problems(tmp_path, f"{HEAD}{FLAG}    variations:\n{lines}") == []


def test_flags_named_like_types_and_keys_keep_their_names(tmp_path: Path) -> None:
    text = HEAD + "".join(
        f"{'flags:' if name == 'bool' else ''}\n  {name}:\n    description: x\n    owner: x\n    kind: ops\n"
        f"    enabled: maybe\n"
        for name in ("bool", "kind", "value")
    )
    keys = [line.split(": ")[1] for line in problems(tmp_path, text)]
    assert keys == ["flags.bool.enabled", "flags.kind.enabled", "flags.value.enabled"]
