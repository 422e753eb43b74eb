"""Steps and guards in the catalogue: what they say, and what is refused with its line and key."""

import json
from pathlib import Path

import pytest

from flagops.commands.flags.catalogue.guards import SHIPPED
from flagops.commands.flags.catalogue.load import parse
from flagops.commands.flags.catalogue.timetables import check_guards
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.running import in_short
from flagops.commands.flags.reconcile.timetable import at_moment, moments
from tests.flagops.commands.flags.test_validate import HEAD, flag, problems
from tests.metrics import mistakes

STEPS = "steps: [{to: 5, for: 6h}, {to: 25, for: 12h}, {to: 100}]"
PLACE = "flags.banner.rollout"
GUARD = "  errors: {query: up, at_most: 1}\n"


def rollout(home: Path, *lines: str, base: str = "") -> list[str]:
    """What is wrong with a rollout, without the file and the line."""
    text = "\n".join([base, "rollout:", *(f"  {line}" for line in lines)])
    return [line.split(": ", 1)[1] for line in flag(home, text)]


def guarded(home: Path, guards: str) -> list[str]:
    return [
        line.split(": ", 1)[1] for line in problems(home, HEAD.replace("flags:\n", f"guards:\n{guards}flags: {{}}\n"))
    ]


@pytest.mark.parametrize(
    "lines",
    [
        [STEPS],
        ["steps: [{to: 0.01, for: 1h}, {to: 0.02, for: 1h}, {to: 99.99, for: 1h}, {to: 100}]"],
        [STEPS, "start: 2026-10-25 01:30 Asia/Jerusalem"],
        [STEPS, "start: 2027-12-31 23:00 UTC"],
        ["steps: [{to: 100}]", "start: 2026-12-01 09:00 Asia/Jerusalem"],
        ["steps: [{to: 0.5, for: 30m}, {to: 100, for: 1d}]", "start: 2026-12-01T09:00:00Z"],
        [STEPS, "start: 2026-12-01T09:00+02:00", "only: Mon-Thu 09:00-16:00 Asia/Jerusalem"],
        [STEPS, "only: [Mon 22:00-04:00 UTC, Fri-Sun 00:00-24:00 UTC]", "freeze: 2026-12-20..2027-01-03"],
        [STEPS, "freeze: [2026-12-24, 2026-12-31 Europe/Berlin]"],
        [STEPS, "segment: beta", "guards: [platform-errors, platform-latency, flag-evaluated]"],
        [STEPS, "segments: {beta: 100}"],
        [STEPS, "value: blue"],
    ],
)
def test_steps_that_are_right(tmp_path: Path, lines: list[str]) -> None:
    assert rollout(tmp_path, *lines) == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["steps: [{to: 25, for: 1h}, {to: 5}]"], f"{PLACE}.steps[1].to: is 5, after 25: each step must be more"),
        (["steps: [{to: 5, for: 1h}, {to: 5}]"], f"{PLACE}.steps[1].to: is 5, after 5"),
        (["steps: [{to: 5}, {to: 25}]"], f"{PLACE}.steps[0]: lasts no time"),
        (["steps: [{to: 0, for: 1h}, {to: 25}]"], f"{PLACE}.steps[0].to: is 0: must be at least 0.01"),
        (["steps: [{to: 0.0005}]"], f"{PLACE}.steps[0].to: is 0.0005: must be at least 0.01"),
        (
            ["steps: [{to: 10, for: 1h}, {to: 10.005}]"],
            f"{PLACE}.steps[1].to: is 10.005, after 10: it must be",
        ),
        ([STEPS, "start: 9999-12-31 23:00 UTC"], f"{PLACE}.start: is '9999-12-31 23:00 UTC', more than a hundred"),
        (
            [STEPS, "start: 2026-03-27 02:30 Asia/Jerusalem"],
            f"{PLACE}.start: is '2026-03-27 02:30 Asia/Jerusalem': names a time that is skipped there",
        ),
        ([STEPS, "only: Mon 24:00-08:00 UTC"], f"{PLACE}.only[0]: is 'Mon 24:00-08:00 UTC': begins at 24:00, which is"),
        ([STEPS, f"only: [{', '.join(['Mon 08:00-09:00 UTC'] * 21)}]"], f"{PLACE}.only: has 21 entries: at most 20"),
        ([STEPS, f"freeze: [{', '.join(['2027-01-01'] * 51)}]"], f"{PLACE}.freeze: has 51 entries: at most 50"),
        ([STEPS, f"guards: [{', '.join(['platform-errors'] * 21)}]"], f"{PLACE}.guards: has 21 entries: at most 20"),
        ([f"steps: [{', '.join(['{to: 5}'] * 101)}]"], f"{PLACE}.steps: has 101 entries: at most 100"),
        (["steps: [{to: 101}]"], f"{PLACE}.steps[0].to: is 101: must be at most 100"),
        (["steps: [{to: 5, for: 6 hours}, {to: 9}]"], f"{PLACE}.steps[0].for: is '6 hours': must be a number of s, m"),
        (["steps: [{to: 5, for: 999d}, {to: 9}]"], f"{PLACE}.steps[0].for: is '999d': is too long: at most 365d"),
        (["step: [{to: 5}]"], f"{PLACE}.step: is not a known key: did you mean steps?"),
        (["steps: [{to: 5, form: 5h}]"], f"{PLACE}.steps[0].form: is not a known key: did you mean for?"),
        (["start: 2026-12-01T09:00Z"], f"{PLACE}.start: goes with `steps` only"),
        ([STEPS, "start: 2026-12-01 09:00"], f"{PLACE}.start: is '2026-12-01 09:00': must be a day, a time and a time"),
        ([STEPS, "start: 2026-12-01 09:00 Moon"], f"{PLACE}.start: is '2026-12-01 09:00 Moon': Moon is no time zone"),
        ([STEPS, "start: 2026-02-30 09:00 UTC"], f"{PLACE}.start: is '2026-02-30 09:00 UTC': names no time"),
        ([STEPS, "only: Mon-Thu 09:00-16:00"], f"{PLACE}.only[0]: is 'Mon-Thu 09:00-16:00': must be days, hours and"),
        ([STEPS, "only: Mon-Thu 09:00-25:00 UTC"], f"{PLACE}.only[0]: is 'Mon-Thu 09:00-25:00 UTC': 25:00 is no time"),
        ([STEPS, "only: Mun 09:00-16:00 UTC"], f"{PLACE}.only[0]: is 'Mun 09:00-16:00 UTC': Mun is no day"),
        ([STEPS, "freeze: 2027-01-03..2026-12-20"], f"{PLACE}.freeze[0]: is '2027-01-03..2026-12-20': ends before"),
        ([STEPS, "freeze: christmas"], f"{PLACE}.freeze[0]: is 'christmas': must be days such as"),
        ([STEPS, "freeze: 2020-01-01..9998-12-31"], f"{PLACE}.freeze: can never be left"),
        ([STEPS, "everyone: 5"], f"{PLACE}.everyone: and `steps` are two ways to say one thing"),
        ([STEPS, "segment: bata"], f"{PLACE}.segment: bata is no segment of this catalogue; there are: beta"),
        (
            [STEPS, "segment: beta", "@targeting: [{segment: beta, enabled: true}]"],
            "flags.banner.targeting[0].segment: beta has a share in the rollout too: only one of the two can count",
        ),
        ([STEPS, "segment: beta", "segments: {beta: 50}"], f"{PLACE}.segment: beta has a share in `segments` too"),
        (
            [STEPS, "guards: [platform-error]"],
            f"{PLACE}.guards[0]: platform-error is not a guard: did you mean platform-errors",
        ),
        ([STEPS, "guards: [platform-errors, platform-errors]"], f"{PLACE}.guards[1]: platform-errors is given twice"),
        ([STEPS, "enabled: false"], f"{PLACE}.steps: give what everybody has, a flag that is off: say `enabled: true`"),
    ],
)
def test_steps_that_are_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    base = "\n".join(line.removeprefix("@") for line in lines if line.startswith("@"))
    found = rollout(tmp_path, *(line for line in lines if not line.startswith("@")), base=base)
    assert len(found) == 1
    assert found[0].startswith(said)


def test_each_has_its_line(tmp_path: Path) -> None:
    (found,) = flag(tmp_path, "rollout:\n  steps:\n    - {to: 25, for: 1h}\n    - {to: 5}")
    assert found.startswith("catalogue.yaml:17:12: flags.banner.rollout.steps[1].to: is 5")


def test_a_flag_that_is_on_wants_steps_that_say_what_they_give(tmp_path: Path) -> None:
    text = HEAD + "  banner: {description: A, owner: w, kind: ops, enabled: true, rollout: {steps: [{to: 100}]%s}}\n"
    (found,) = problems(tmp_path, text % "")
    assert "say `enabled: false` in it, or a `value`" in found
    assert problems(tmp_path, text % ", enabled: false") == []
    assert problems(tmp_path, text % ", value: blue") == []


def test_steps_that_cannot_come_to_their_end_before_the_flag_expires_are_refused(tmp_path: Path) -> None:
    base = "expires: 2026-11-30"
    (found,) = rollout(tmp_path, "steps: [{to: 5, for: 10d}, {to: 100}]", base=base)
    assert (
        found
        == f"{PLACE}.steps: cannot come to their end before the flag expires, on 2026-11-30: that is on 2026-12-03"
    )
    assert rollout(tmp_path, "steps: [{to: 5, for: 1d}, {to: 100}]", base=base) == []


def test_a_segment_that_is_a_percentage_itself_takes_no_steps(tmp_path: Path) -> None:
    rollout = f"{{segment: beta, {STEPS}}}"
    text = f"{HEAD}  banner: {{description: A, owner: w, kind: ops, enabled: false, rollout: {rollout}}}\n"
    beta = "{trait: beta, operator: EQUAL, value: true}"
    share = "{operator: PERCENTAGE_SPLIT, value: 20}"
    (found,) = problems(tmp_path, text.replace(beta, share))
    assert "segment: beta is a percentage of users itself, and steps set one" in found
    (found,) = problems(tmp_path, text.replace(beta, f"{{any: [{share}, {beta}]}}"))
    assert "beta is a percentage of users itself" in found
    by_trait = share.replace("operator", "trait: team, operator")
    assert problems(tmp_path, text.replace(beta, by_trait)) == []


def test_steps_go_with_flags_without_variations(tmp_path: Path) -> None:
    base = "variations:\n- {name: a, value: x, weight: 50}\n- {name: b, value: y, weight: 50}"
    (found,) = rollout(tmp_path, STEPS, base=base)
    assert found.startswith(f"{PLACE}.steps: go with flags without variations")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  errors: {at_most: 1}\n", "guards.errors: must have a `query`, or two arms in `compare`"),
        ("  errors: {query: up}\n", "guards.errors: has no bound"),
        ("  errors: {query: up, at_most: .nan}\n", "guards.errors.at_most: is nan: input should be a finite number"),
        ("  errors: {query: up, at_least: -.inf}\n", "guards.errors.at_least: is -inf: input should be a finite"),
        ("  errors: {query: up, at_most: 1, at_least: 2}\n", "guards.errors.at_least: is 2, which is more than"),
        ("  errors: {query: up, at_most: 1, for: 5}\n", "guards.errors.for: is 5: must be text"),
        (
            "  errors: {query: up, at_most: 1, for: 5 min}\n",
            "guards.errors.for: is '5 min': must be a number of s, m, h",
        ),
        (
            "  errors: {query: up, at_most: 1, broken: stop}\n",
            "guards.errors.broken: is 'stop': must be one of hold, back, off",
        ),
        ("  errors: {query: up, at_most: 1, samples: {least: 5}}\n", "guards.errors.samples: lacks the key 'query'"),
        ("  Errors: {query: up, at_most: 1}\n", "guards.Errors: is 'Errors': must be a Kubernetes name"),
        ("  e: {compare: {events: a, total: b, label: l, new: x, old: x}, at_most: 1}\n", "guards.e.compare.new: and"),
        ("  e: {compare: {events: a, total: b, label: l}, at_most: 1, for: 5m}\n", "guards.e.for: goes with a `query`"),
        (
            "  e: {compare: {events: a, total: b, label: l, alpha: 1}, at_most: 1}\n",
            "guards.e.compare.alpha: is 1: must",
        ),
        (
            "  e: {compare: {events: a, total: b, label: l, measure: odds}, at_most: 1}\n",
            "guards.e.compare.measure: is 'odds'",
        ),
    ],
)
def test_guards_that_are_refused(tmp_path: Path, text: str, said: str) -> None:
    found = guarded(tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith(said)


def test_a_guard_of_the_catalogue_is_known_to_rollouts(tmp_path: Path) -> None:
    assert guarded(tmp_path, GUARD) == []


def test_the_guards_that_come_along_are_right_and_ask_for_metrics_that_there_are() -> None:
    assert len(SHIPPED) >= 3
    for guard in SHIPPED.values():
        assert mistakes(guard.query.replace("$flag", "new_checkout").replace("$environment", "development")) == []
    declared, _ = parse("project: p\nenvironments: [e]\n", Path("c.yaml"))
    assert list(check_guards(declared.model_copy(update={"guards": SHIPPED}))) == []


CATALOGUE = """project: FootAnalytics
environments: [staging, production]
guards:
  errors: {query: 'sum(rate(failed{flag="$flag"}[$window]))', at_most: 0.01, for: 5m}
flags:
  banner:
    description: A banner.
    owner: web
    kind: ops
    enabled: false
    rollout:
      start: 2026-12-01 09:00 Asia/Jerusalem
      steps: [{to: 5, for: 6h}, {to: 25, for: 12h}, {to: 100}]
      only: Mon-Thu 09:00-16:00 Asia/Jerusalem
      guards: [errors]
"""


def test_it_becomes_one_segment_that_nobody_is_in_and_an_override_in_each_environment() -> None:
    declared, _ = parse(CATALOGUE, Path("c.yaml"))
    wanted = desired(declared)
    segment = wanted.segments["banner.production"]
    assert str(segment.rules) == "-1 %"
    assert segment.rollout is not None
    assert segment.rollout.guards[0].query == 'sum(rate(failed{flag="banner"}[$window]))'
    (override,) = wanted.flags["banner"].states["production"].overrides
    assert (override.segment, override.enabled) == ("banner.production", True)
    steps = "from 2026-12-01 07:00 UTC: 5 % for 6h, 25 % for 12h, 100 %"
    assert in_short(segment.rollout) == f"{steps}; only Mon-Thu 09:00-16:00 Asia/Jerusalem; guards errors"


def test_the_timetable_says_how_far_it_is_if_all_goes_well() -> None:
    declared, _ = parse(CATALOGUE, Path("c.yaml"))
    rollout_of = desired(declared).segments["banner.production"].rollout
    assert rollout_of is not None
    said = {f"{begins:%a %H:%M}": to for begins, to in moments(rollout_of)}
    assert said == {"Tue 07:00": 5, "Tue 13:00": 25, "Wed 07:00": 100}
    begins = [moment for moment, _ in moments(rollout_of)]
    assert [at_moment(moment)(rollout_of) for moment in begins] == [5, 25, 100]
    assert at_moment(begins[0].replace(hour=6))(rollout_of) == 0


def test_the_schema_knows_it() -> None:
    schema = json.loads(Path("flags/catalogue.schema.json").read_text(encoding="utf-8"))
    assert {"steps", "start", "only", "freeze", "guards", "segment"} <= schema["$defs"]["Rollout"]["properties"].keys()
    assert {"to", "for"} == schema["$defs"]["RolloutStep"]["properties"].keys()
