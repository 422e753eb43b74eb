"""`ff flags export --only`: the catalogue follows what was changed by hand, and nothing else of it changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flagops.commands.flags.support import EXAMPLE, Project, Run, example
from tests.flagops.commands.flags.switching import FLAG, OTHER, change, feature, states, switch
from tests.flagops.commands.flags.test_hands import TEXT, in_production, override, share, weigh

BY_HAND: dict[str, tuple[str, Callable[[Project], Any]]] = {
    "a switch": (FLAG, lambda server: switch(server, on=True)),
    "a value": (OTHER, lambda server: change(server, OTHER, feature_state_value={**TEXT, "string_value": "slow"})),
    "an override": (OTHER, lambda server: override(server, enabled=False)),
    "weights": ("dashboard_ab_test", weigh),
    "a share": ("advanced_analytics_enabled", lambda server: share(server, "10")),
    "its end": (
        OTHER,
        lambda server: server.client.delete(f"/api/v1/projects/1/features/{feature(server, OTHER)['id']}/"),
    ),
}


@pytest.mark.parametrize("what", BY_HAND)
def test_the_catalogue_follows_one_flag(applied: Project, run: Run, tmp_path: Path, what: str) -> None:
    name, by_hand = BY_HAND[what]
    by_hand(applied)
    switch(applied, "real_time_processing_enabled", on=True)
    path = example(tmp_path)
    done = run("flags", "export", "--only", name, "--like", str(path), "--url", applied.url)
    assert done.exit_code == 0, done.stderr
    after = path.read_text(encoding="utf-8")
    assert after != EXAMPLE.read_text(encoding="utf-8")
    lines = [line[1:] for line in done.stdout.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert len(lines) < 20, "no other line changes"
    planned = run("flags", "plan", str(path), "--url", applied.url).stdout
    assert "flag real_time_processing_enabled" in planned, "what was not named is not followed"
    assert f"flag {name}" not in planned
    assert f"segment {name}" not in planned
    again = run("flags", "export", "--only", name, "--like", str(path), "--url", applied.url)
    if what != "its end":
        assert "says it already" in again.stderr


def test_who_holds_the_switch_stays(applied: Project, run: Run, tmp_path: Path) -> None:
    path = example(tmp_path, lambda text: in_production(text, "{state: ui}"))
    change(applied, feature_state_value={**TEXT, "string_value": "slow"})
    done = run("flags", "export", "--only", FLAG, "--like", str(path), "--url", applied.url)
    assert done.exit_code == 0, done.stderr
    text = path.read_text(encoding="utf-8")
    assert "state: ui" in text
    assert "slow" in text


def test_a_segment_that_a_flag_uses_comes_with_it(applied: Project, run: Run, tmp_path: Path) -> None:
    condition = {"property": "vip", "operator": "EQUAL", "value": "true"}
    rules = [{"type": "ALL", "rules": [{"type": "ALL", "rules": [], "conditions": [condition]}], "conditions": []}]
    segment = applied.client.post("/api/v1/projects/1/segments/", {"name": "vips", "rules": rules})
    key = applied.environments()["production"]
    body = {
        "feature_segment": {"segment": segment["id"]},
        "enabled": True,
        "feature_state_value": {**TEXT, "string_value": None},
    }
    path = f"/api/v1/environments/{key}/features/{feature(applied)['id']}/create-segment-override/"
    applied.client.post(path, body)
    assert len(states(applied)) == 2
    catalogue = example(tmp_path)
    done = run("flags", "export", "--only", FLAG, "--like", str(catalogue), "--url", applied.url)
    assert done.exit_code == 0, done.stderr
    text = catalogue.read_text(encoding="utf-8")
    assert "  vips:" in text
    assert "segment: vips" in text
    assert run("flags", "validate", str(catalogue)).exit_code == 0


def test_a_name_that_is_nowhere_is_refused(applied: Project, run: Run, tmp_path: Path) -> None:
    path = example(tmp_path)
    done = run("flags", "export", "--only", "nobody", "--like", str(path), "--url", applied.url)
    assert done.exit_code == 1
    assert "There is no flag or segment 'nobody'" in done.stderr
    assert path.read_text(encoding="utf-8") == EXAMPLE.read_text(encoding="utf-8")


SAID_ONCE: dict[str, tuple[Callable[[str], str], str]] = {
    "a merge key": (
        lambda text: text.replace(f"  {FLAG}:\n", f"  {FLAG}:\n    <<: {{owner: somebody}}\n", 1),
        "The catalogue cannot follow what it says by `<<`.",
    ),
    "an alias": (
        lambda text: text.replace(f"  {FLAG}:\n", f"  {FLAG}: &flag\n", 1).replace(
            "\naccess:", "\n  twin_v2: *flag\n\naccess:", 1
        ),
        f"The catalogue cannot follow {FLAG} alone: the file says the same once, for twin_v2 too.",
    ),
}


@pytest.mark.parametrize("what", SAID_ONCE)
def test_what_the_file_says_once_for_several_is_not_changed_for_one(
    applied: Project, run: Run, tmp_path: Path, what: str
) -> None:
    edit, said = SAID_ONCE[what]
    switch(applied, on=True)
    path = example(tmp_path, edit)
    before = path.read_text(encoding="utf-8")
    done = run("flags", "export", "--only", FLAG, "--like", str(path), "--url", applied.url)
    assert done.exit_code == 1
    assert said in done.stderr
    assert "without << and aliases" in done.stderr
    assert path.read_text(encoding="utf-8") == before
