"""`ff flags validate`: the example catalogue is right, and each mistake is named with its file, line and key."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import Result

from flagops.commands.flags.catalogue.conditions import conditions_of
from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.catalogue.model import FlagKind, schema
from flagops.commands.flags.catalogue.rules import check
from flagops.commands.flags.catalogue.segment import Operator
from flagops.errors import OpsError
from tests.commands import EVERY
from tests.recording import ROOT

Run = Callable[..., Result]
EXAMPLE = ROOT / "flags" / "catalogue.yaml"
HALVES = "variations:\n- {name: a, value: x, weight: 50}\n- {name: b, value: y, weight: 50}"
TODAY = date(2026, 11, 23)
HEAD = """project: FootAnalytics
environments: [staging, production]
segments:
  beta:
    description: The beta.
    all:
      - {trait: beta, operator: EQUAL, value: true}
flags:
"""


def write(home: Path, text: str) -> Path:
    path = home / "catalogue.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(home: Path, text: str) -> list[str]:
    """What is wrong, without the directory."""
    path = write(home, text)
    try:
        declared, source = load(path)
    except OpsError as error:
        lines = error.message.splitlines()
    else:
        lines = [source.line(problem) for problem in check(declared, TODAY)]
    return [line.replace(f"{home}/", "") for line in lines]


def flag(home: Path, text: str, name: str = "banner") -> list[str]:
    """What is wrong with one flag, which is all right but for `text`."""
    lines = "".join(f"    {line}\n" for line in text.strip("\n").splitlines())
    body = f"  {name}:\n    description: A banner.\n    owner: web\n    kind: ops\n    enabled: false\n{lines}"
    return problems(home, HEAD + body)


def test_the_example_says_what_it_should() -> None:
    declared, _ = load(EXAMPLE)
    assert check(declared, TODAY) == []
    flags = declared.flags
    assert flags["ml_model_v2_enabled"].environments["staging"].enabled is True
    assert flags["ml_model_v2_enabled"].environments["production"].enabled is False
    assert flags["gpu_optimization_enabled"].targeting[0].segment == "premium_users"
    rollout = flags["advanced_analytics_enabled"].rollout
    assert rollout is not None
    assert (rollout.everyone, rollout.segments) == (25, {})
    graded = flags["new_feature_rollout"].rollout
    assert graded is not None
    assert (graded.everyone, list(graded.segments.items())) == (25, [("beta_users", 100), ("premium_users", 50)])
    variations = flags["dashboard_ab_test"].variations
    assert [(item.value, item.weight) for item in variations] == [
        ("original_dashboard", 40),
        ("new_dashboard_v1", 30),
        ("new_dashboard_v2", 30),
    ]
    conditions = dict(conditions_of((), declared.segments["premium_users"])).values()
    assert [(item.trait, item.operator, item.value) for item in conditions] == [
        ("plan", Operator.EQUAL, "premium"),
        ("country", Operator.EQUAL, "IL"),
    ]


def test_the_schema_beside_it_is_the_model_s() -> None:
    written = json.loads((ROOT / "flags" / "catalogue.schema.json").read_text(encoding="utf-8"))
    assert written == schema(), "run: ff flags schema > flags/catalogue.schema.json"
    assert set(written["$defs"]["Operator"]["enum"]) == set(Operator)
    assert set(written["$defs"]["FlagKind"]["enum"]) == set(FlagKind)


def test_a_flag_that_is_right(tmp_path: Path) -> None:
    assert flag(tmp_path, "value: hello\ntargeting: [{segment: beta, enabled: false}]") == []
    assert flag(tmp_path, "rollout: {everyone: 5, segments: {beta: 33.3}}") == []
    assert flag(tmp_path, 'environments: {staging: {enabled: false, value: "", rollout: 0}}') == []
    thirds = "".join(f"- {{name: v{n}, value: {n}, weight: 33.3333}}\n" for n in range(3))
    assert flag(tmp_path, f"variations:\n{thirds}") == []


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [
        ("rollout: 101", 14, "rollout.everyone: is 101: must be at most 100"),
        (
            "environments: {staging: {enabled: true, rollout: 5}}",
            14,
            "environments.staging.rollout: goes with `enabled: false` only",
        ),
        ("rollout: -1", 14, "rollout.everyone: is -1: must be at least 0"),
        (
            "rollout: {segments: {gold: 10}}",
            14,
            "rollout.segments.gold: is no segment of this catalogue; there are: beta",
        ),
        (
            "targeting: [{segment: gold, enabled: true}]",
            14,
            "targeting[0].segment: gold is no segment of this catalogue; there are: beta",
        ),
        (
            "targeting:\n- {segment: beta, enabled: true}\n- {segment: beta, enabled: false}",
            16,
            "targeting[1].segment: beta is targeted twice: remove one",
        ),
        (
            "rollout: {segments: {beta: 10}}\ntargeting: [{segment: beta, enabled: true}]",
            15,
            "targeting[0].segment: beta has a share in the rollout too: only one of the two can count",
        ),
        (
            "variations:\n- {name: a, value: x, weight: 50}\n- {name: b, value: y, weight: 49}",
            14,
            "variations: have weights of 99 together: they must be 100",
        ),
        (
            "value: x\nvariations: [{name: a, value: x, weight: 100}]",
            14,
            "value: goes without variations only: the first variation is the control",
        ),
        (
            f"{HALVES}\nenvironments: {{staging: {{weights: {{a: 60, b: 30}}}}}}",
            17,
            "environments.staging.weights: are 90 together: they must be 100",
        ),
        (
            "variations: [{name: a, value: x, weight: 100}]\nenvironments: {staging: {weights: {c: 1}}}",
            15,
            "environments.staging.weights.c: is no variation of this catalogue; there are: a",
        ),
        (
            "environments: {testing: {enabled: true}}",
            14,
            "environments.testing: is no environment of this catalogue; there are: staging, production",
        ),
        (
            "expires: 2026-11-22",
            14,
            "expires: was 2026-11-22: remove the flag from the code",
        ),
        ("expires: soon", 14, "expires: is 'soon': must be a date such as 2027-06-30"),
        ("version: 2", 14, "version: is 2: the name must say so, such as banner_v2"),
        ("colour: red", 14, "colour: is not a known key: remove it, or correct its name"),
        ("enviroments: {}", 14, "enviroments: is not a known key: did you mean environments?"),
        ("tags: ui", 14, "tags: is 'ui': must be a list"),
        (
            "tags: [ui, expires-2027-01-31]",
            14,
            "tags[1]: expires-2027-01-31 says when the flag expires, as the key does: write `expires: 2027-01-31`",
        ),
        ("owner: me", 14, "owner: is given twice, first at line 11: remove one"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(text: str, number: int, rest: str, tmp_path: Path) -> None:
    (found, *others) = flag(tmp_path, text)
    place, said = found.split(": ", 1)
    assert (place.rpartition(":")[0], said.startswith(f"flags.banner.{rest}")) == (f"catalogue.yaml:{number}", True), (
        found
    )
    if "weights: {c: 1}" not in text:
        assert others == []


@pytest.mark.parametrize("name", ["newDashboard", "New_dashboard", "has space", "dash-board", "_x", "x__y", "2fast"])
def test_names_are_snake_case(name: str, tmp_path: Path) -> None:
    (line,) = flag(tmp_path, "", name=name)
    assert line.startswith(f"catalogue.yaml:9:3: flags.{name}: must be snake_case")


def test_a_release_says_when_it_is_done_and_when_it_ends(tmp_path: Path) -> None:
    text = HEAD + "  banner: {description: A banner., owner: web, kind: release, enabled: true}\n"
    assert problems(tmp_path, text) == [
        "catalogue.yaml:9:3: flags.banner: lacks the key 'success': when has this release done its work?",
        "catalogue.yaml:9:3: flags.banner: lacks the key 'expires': a flag of the kind release does not stay for good",
    ]


@pytest.mark.parametrize(
    ("condition", "line"),
    [
        ("{trait: a, operator: LIKE, value: x}", "operator: is 'LIKE': must be one of EQUAL, NOT_EQUAL, GREATER_THAN"),
        ("{trait: a, operator: EQUAL}", "lacks the key 'value', which EQUAL compares with"),
        ("{trait: a, operator: IS_SET, value: x}", "value: is not used by IS_SET: remove it"),
        (
            "{trait: a, operator: REGEX, value: '('}",
            "value: is '(', and is no regular expression as Python reads them: missing )",
        ),
        ("{trait: a, operator: MODULO, value: 2}", "value: is '2': must be DIVISOR|REMAINDER, such as 2|0"),
        ("{trait: '', operator: EQUAL, value: x}", "trait: is '': must not be empty"),
        ("{operator: EQUAL, value: x}", "lacks the key 'trait'"),
    ],
)
def test_conditions_are_checked(condition: str, line: str, tmp_path: Path) -> None:
    text = HEAD.replace("{trait: beta, operator: EQUAL, value: true}", condition)
    (found,) = problems(tmp_path, text + "  {}\n")
    place, where = found.split(": ")[:2]
    assert (place.rpartition(":")[0], where.partition(".all[0]")[:2]) == (
        "catalogue.yaml:7",
        ("segments.beta", ".all[0]"),
    )
    assert line in found


def test_a_date_without_quotes_is_its_text(tmp_path: Path) -> None:
    text = HEAD.replace("operator: EQUAL, value: true", "operator: GREATER_THAN, value: 2024-01-01")
    declared, _ = load(write(tmp_path, text + "  {}\n"))
    ((_, found),) = conditions_of((), declared.segments["beta"])
    assert found.value == "2024-01-01"


def test_a_segment_without_conditions_is_refused(tmp_path: Path) -> None:
    text = "project: P\nenvironments: [a]\nsegments:\n  all_of_us: {description: Everybody.}\n"
    (line,) = problems(tmp_path, text)
    assert line == (
        "catalogue.yaml:4:3: segments.all_of_us: has no condition: everybody would be in it. Give `all`, `any` or "
        "`none`; `all: []` is everybody"
    )


def test_what_is_no_catalogue_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path, "a: [1\n")[0].startswith("catalogue.yaml:2:1: this is not valid YAML")
    assert problems(tmp_path, "- a\n") == [
        "catalogue.yaml:1:1: must be a mapping with `project`, `environments` and `flags`"
    ]
    assert problems(tmp_path, "") == [
        "catalogue.yaml:1:1: must be a mapping with `project`, `environments` and `flags`"
    ]
    assert problems(tmp_path, "flags: {}\n") == [
        "catalogue.yaml:1:1: lacks the key 'project'",
        "catalogue.yaml:1:1: lacks the key 'environments'",
    ]
    with pytest.raises(OpsError, match="There is no catalogue at"):
        load(tmp_path / "missing.yaml")


def test_the_command(run: Run, tmp_path: Path) -> None:
    shown = run("flags", "validate", str(EXAMPLE))
    assert shown.exit_code == 0, shown.stderr
    assert "8 flags and 3 segments for development, staging, production" in shown.stderr
    path = write(tmp_path, HEAD + "  Banner: {description: A., owner: web, kind: ops, enabled: true, rollout: 200}\n")
    shown = run("flags", "validate", str(path))
    assert shown.exit_code == 1
    assert f"{path}:9:67: flags.Banner.rollout.everyone: is 200: must be at most 100" in shown.stderr


def test_a_tag_that_says_a_day_is_a_warning_so_that_a_catalogue_with_one_stays_valid(run: Run, tmp_path: Path) -> None:
    flag(tmp_path, "tags: [expires-2027-01-31]\nexpires: 2027-01-31")
    done = run("flags", "validate", str(tmp_path / "catalogue.yaml"))

    assert done.exit_code == 0, done.output
    assert "write `expires: 2027-01-31` in its place" in done.output + done.stderr


def test_an_expired_flag_is_a_warning_and_an_error_when_strict(run: Run, tmp_path: Path) -> None:
    text = HEAD + "  banner: {description: A., owner: web, kind: ops, enabled: true, expires: 2020-01-01}\n"
    path = write(tmp_path, text)
    shown = run("flags", "validate", str(path))
    assert shown.exit_code == 0
    assert f"Warning: {path}:9:67: flags.banner.expires: was 2020-01-01" in shown.stderr
    assert run("flags", "validate", str(path), "--strict").exit_code == 1


@pytest.mark.parametrize(
    ("text", "place", "key"),
    [
        (f"{HEAD}  banner: {{description: x, owner: web, kind: odd, enabled: true}}\n", (9, 40), "flags.banner.kind"),
        (f"{HEAD}  banner:\n      owner: web\n      kind: ops\n", (9, 3), "flags.banner"),
        ("project: x\nenvironments: [staging, 7]\nflags: {}\n", (2, 25), "environments[1]"),
        ("project: x\nenvironments: [a\nflags: {}\n", (3, 6), ""),
        ("project: x\n\u00e4: \u00fc\u0007\n", (2, 5), ""),
        ("project: x\nenvironments: *none\n", (2, 15), ""),
        ("a: 1\nb:\n  c: [1, {a: 1, a: 2}]\n", (3, 17), "b.c[1].a"),
        ("a: 1\n---\nb: 2\n", (3, 1), ""),
        ("a: 1\nb: &x\n  - *x\n", (2, 4), ""),
    ],
)
def test_a_mistake_is_at_a_line_and_a_column(
    run: Run, tmp_path: Path, text: str, place: tuple[int, int], key: str
) -> None:
    path = write(tmp_path, text)
    said = run("flags", "validate", str(path))
    shown = f"{path}:{place[0]}:{place[1]}: {f'{key}: ' if key else ''}"
    assert (said.exit_code, shown in said.stderr) == (1, True), said.stderr
    found = run("flags", "validate", str(path), "--json")
    report = json.loads(found.stdout)
    assert (found.exit_code, report["is_right"], report["catalogue"]) == (1, False, str(path))
    assert any((item["line"], item["column"], item["key"]) == (*place, key) for item in report["problems"]), report
    assert {item["file"] for item in report["problems"]} == {str(path)}


def test_a_right_catalogue_has_its_warnings_as_json(run: Run, tmp_path: Path) -> None:
    body = "  banner:\n    description: A banner.\n    owner: web\n    kind: ops\n    enabled: false\n"
    path = write(tmp_path, f"{HEAD}{body}    expires: 2020-01-01\n")
    found = run("flags", "validate", str(path), "--json")
    report = json.loads(found.stdout)
    (item,) = report["problems"]
    assert (found.exit_code, report["is_right"], item["is_warning"]) == (0, True, True)
    assert (item["line"], item["column"], item["key"]) == (14, 5, "flags.banner.expires")
    strict = run("flags", "validate", str(path), "--json", "--strict")
    assert (strict.exit_code, json.loads(strict.stdout)["is_right"]) == (1, False)


def test_every_command_that_reads_a_catalogue_takes_it_by_one_option() -> None:
    """The kind: an argument is another way, never the only one."""
    by_argument, by_option = set(), set()
    for words, command in EVERY.items():
        options = {name for item in command.params for name in item.opts}
        if {"-c", "--catalogue"} <= options:
            by_option.add(words)
        arguments = [item for item in command.params if item.param_type_name == "argument"]
        if any("CATALOGUE" in (getattr(item, "metavar", None) or "") for item in arguments):
            by_argument.add(words)
    assert by_argument == {"flags validate", "flags plan", "flags apply", "flags serve", "flags document"}
    assert by_argument < by_option


def test_the_catalogue_is_named_by_the_option_as_by_the_argument_and_never_twice(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    for line in (("-c", str(other)), ("--catalogue", str(other)), (str(other),)):
        shown = run("flags", "validate", *line)
        assert shown.exit_code == 0, shown.stderr
        assert f"{other} is right" in shown.stderr
    twice = run("flags", "validate", str(other), "-c", str(EXAMPLE))
    assert twice.exit_code == 1
    assert "The catalogue is named twice" in twice.stderr
