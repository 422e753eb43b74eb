"""Rollouts with steps go to Flagsmith and come back: the declaration, and never how far it is."""

from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.reconcile.desired import desired
from tests.flagops.commands.flags.rolling import FLAG
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.test_rollout_command import REASON, Steered

CATALOGUE = """project: FootAnalytics
environments: [staging, production]
segments:
  beta: {description: Testers., all: [{trait: plan, operator: EQUAL, value: beta}]}
guards:
  # What the shop counts.
  errors:
    description: Of the checkout.
    query: sum(rate(failed{flag="$flag",environment="$environment"}[$window]))
    at_most: 0.01
    for: 5m
    samples: {query: sum(total), least: 200}
    broken: hold
  arms:
    compare: {measure: ratio, events: a, total: b, label: variant, new: blue, old: red, alpha: 0.05}
    at_most: 1.5
    warm_up: 10m
    warn_after: 2h
  unused: {query: up, at_least: 1}
flags:
  banner:
    description: A banner.
    owner: web
    kind: ops
    enabled: false
    # In steps.
    rollout:
      start: 2026-11-01 11:00 Asia/Jerusalem  # after the match
      steps: [{to: 5, for: 360m}, {to: 12.5, for: 1d}, {to: 100}]
      freeze: 2026-12-24
      guards: [errors, platform-errors]
  button:
    description: A button.
    owner: web
    kind: ops
    enabled: true
    value: red
    environments:
      production:
        rollout:
          steps: [{to: 50, for: 90s}, {to: 100}]
          segment: beta
          value: blue
          only: [Mon-Thu 09:00-16:00 Asia/Jerusalem, Fri 09:00-12:00 UTC]
          guards: [errors, arms]
      staging:
        rollout: {steps: [{to: 100}], enabled: false, start: 2099-01-01T00:00:30Z}
"""


@pytest.fixture
def steered(server: Project, run: Run, tmp_path: Path) -> Steered:
    made = Steered(server, run, tmp_path)
    done = made.apply(CATALOGUE)
    assert done.exit_code == 0, done.stderr
    return made


def export(steered: Steered, run: Run, *words: str, out: str = "back.yaml") -> tuple[Path, str]:
    path = steered.path.with_name(out)
    done = run("flags", "export", "--url", steered.server.url, "--out", str(path), "--force", *words)
    assert done.exit_code == 0, done.stderr
    return path, done.stderr


def rollouts(declared: Catalogue) -> dict[str, Any]:
    return {name: item.rollout for name, item in desired(declared).segments.items() if item.rollout}


def advance(steered: Steered, until: str) -> None:
    """The banner's rollout in production runs, is paused, or is done."""
    if until == "waiting":
        return
    steered.rollout("start", FLAG, "-e", "production", *REASON, "--yes", code=0)
    if until == "paused":
        steered.rollout("pause", FLAG, "-e", "production", *REASON)


@pytest.mark.parametrize("until", ["waiting", "running", "paused"])
@pytest.mark.parametrize("like", [True, False])
def test_what_is_exported_has_the_steps_and_plans_empty(steered: Steered, run: Run, until: str, like: bool) -> None:
    advance(steered, until)
    path, said = export(steered, run, *(("--like", str(steered.path)) if like else ()))
    assert "Left out" not in said
    assert "Differs" not in said
    assert rollouts(load(path)[0]) == rollouts(load(steered.path)[0])
    planned = run("flags", "plan", str(path), "--url", steered.server.url)
    assert planned.exit_code == 0, planned.stdout
    text = path.read_text(encoding="utf-8")
    assert "because" not in text
    assert "$flag" in text, "one guard for two flags"
    assert ("start: 2026-11-01 11:00 Asia/Jerusalem" in text, "{to: 5, for: 360m}" in text) == (like, like)
    assert ("unused" in text, "Of the checkout." in text) == (like, like)
    assert ("start: 2026-11-01 09:00 UTC" in text, "{to: 5, for: 6h}" in text) == (not like, not like)


def test_one_that_is_done_or_paused_by_a_hand_comes_back_too(server: Project, run: Run, tmp_path: Path) -> None:
    steered = Steered(server, run, tmp_path)
    assert steered.apply().exit_code == 0
    for hours in (6, 24, 0):
        assert steered.turn().is_written
        path, said = export(steered, run)
        assert "Differs" not in said
        assert rollouts(load(path)[0]) == rollouts(load(steered.path)[0])
        if hours:
            steered.pass_by(hours)
    assert steered.turn().decision.why == "is done"
    path, _ = export(steered, run)
    assert run("flags", "plan", str(path), "--url", server.url).exit_code == 0
    row = steered.segment()
    rules = [{**row["rules"][0], "rules": [{**row["rules"][0]["rules"][0]}]}]
    rules[0]["rules"][0]["conditions"] = [{**rules[0]["rules"][0]["conditions"][0], "value": "7"}]
    server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, "rules": rules})
    path, _ = export(steered, run)
    assert rollouts(load(path)[0]) == rollouts(load(steered.path)[0]), "the state is not exported"


def test_a_catalogue_that_follows_keeps_its_words_and_comments(steered: Steered, run: Run) -> None:
    advance(steered, "running")
    only = ("--only", FLAG, "--only", "button", "--like", str(steered.path), "--url", steered.server.url)
    done = run("flags", "export", *only)
    assert (done.exit_code, "says it already" in done.stderr) == (0, True), done.stdout + done.stderr
    assert steered.path.read_text(encoding="utf-8") == CATALOGUE


def test_a_catalogue_without_the_steps_gets_them_with_their_guard_and_segment(steered: Steered, run: Run) -> None:
    begins, ends = CATALOGUE.index("    environments:\n"), CATALOGUE.index("segments:")
    head = CATALOGUE[:ends] + "guards:\n  # Kept.\n  unused: {query: up, at_least: 1}\n"
    less = head + CATALOGUE[CATALOGUE.index("flags:") : begins]
    less = less[: less.index("    # In steps.")] + less[less.index("  button:") :]
    steered.path.write_text(less, encoding="utf-8")
    only = ("--only", FLAG, "--only", "button", "--like", str(steered.path), "--url", steered.server.url)
    done = run("flags", "export", *only)
    assert done.exit_code == 0, done.stderr
    assert "# Kept." in steered.path.read_text(encoding="utf-8")
    after = load(steered.path)[0]
    assert set(after.guards) == {"unused", "errors", "arms"}
    assert "beta" in after.segments
    assert run("flags", "plan", str(steered.path), "--url", steered.server.url).exit_code == 0


def test_a_guard_that_another_flag_names_too_is_not_changed_for_one(steered: Steered, run: Run) -> None:
    text = CATALOGUE.replace("at_most: 0.01", "at_most: 0.02")
    steered.path.write_text(text, encoding="utf-8")
    only = ("--only", FLAG, "--like", str(steered.path), "--url", steered.server.url)
    done = run("flags", "export", *only)
    assert done.exit_code == 1
    assert "the guard errors is another one in Flagsmith, and is for button too" in done.stderr.replace("\n", " ")
    assert steered.path.read_text(encoding="utf-8") == text
    done = run("flags", "export", *only, "--only", "button")
    assert done.exit_code == 0, done.stderr
    assert load(steered.path)[0].guards["errors"].at_most == 0.01


def described(steered: Steered, before: str, after: str) -> None:
    rows = sorted(steered.server.client.pages("/api/v1/projects/1/segments/"), key=lambda item: str(item["name"]))
    row = next(item for item in rows if item["name"].endswith(("production", "beta")) and before in item["description"])
    text = row["description"].replace(before, after)
    assert text != row["description"]
    steered.server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, "description": text})


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"format":1', '"format":7', "flag banner: its steps in production (what the description says of the rollout"),
        ('"new":"blue"', '"new":"red"', "guard arms: compare.new and `old` are the same"),
        (
            "[5.0,21600.0]",
            "[95.0,21600.0]",
            "flag banner: environments.production.rollout.steps[1].to is 12.5",
        ),
    ],
)
def test_what_somebody_made_of_the_description_is_named(
    steered: Steered, run: Run, before: str, after: str, said: str
) -> None:
    described(steered, before, after)
    path, told = export(steered, run)
    assert f"Left out: {said}" in told
    assert load(path)[0].flags["button"].environments["production"].rollout is not None


def test_steps_to_what_everybody_has_by_now_are_left_out_and_named(steered: Steered, run: Run) -> None:
    done = run("flags", "set", FLAG, "--on", "-e", "production", "--url", steered.server.url, "--yes", *REASON)
    assert done.exit_code == 0, done.stderr
    path, said = export(steered, run)
    assert "Left out: flag banner: its steps in production (it is on for everybody there)" in said
    assert load(path)[0].flags["banner"].environments["production"].enabled
