"""An export says exactly what is there, or names what it leaves out."""

from pathlib import Path

import pytest

from flagops.commands.flags.catalogue.conditions import conditions_of
from flagops.commands.flags.catalogue.load import load
from tests.flagops.commands.flags.support import EXAMPLE, Project, Run
from tests.flagops.commands.flags.test_overrides import FEATURES, SEGMENTS, number_of, override

ODD_TEXTS = ["on", "Yes", "null", "1:30", "1e20", "0x10", "2024-01-01", "5", "a: b # c", "x\u2028y"]


def export(server: Project, run: Run, home: Path, *options: str) -> tuple[Path, list[str]]:
    """The exported file, which plans empty, and what was left out of it."""
    path = home / "exported.yaml"
    done = run("flags", "export", "--url", server.url, "--out", str(path), "--force", *options)
    assert done.exit_code == 0, done.stderr
    planned = run("flags", "plan", str(path), "--url", server.url)
    assert planned.exit_code == 0, planned.stdout
    return path, [line for line in done.stderr.splitlines() if line.startswith("Left out: ")]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_texts_stay_texts(server: Project, run: Run, tmp_path: Path, text: str) -> None:
    number = server.client.post(FEATURES, {"name": "banner"})["id"]
    value = {"environment_default": {"value": {"type": "string", "value": text}}}
    for key in server.environments().values():
        server.client.patch(f"/api/__future__/environments/{key}/features/{number}/", value)
    rules = [
        {
            "type": "ALL",
            "rules": [{"type": "ALL", "conditions": [{"property": "p", "operator": "EQUAL", "value": text}]}],
            "conditions": [],
        }
    ]
    server.client.post(SEGMENTS, {"name": "some", "description": "x", "rules": rules})
    path, left_out = export(server, run, tmp_path)
    declared = load(path)[0]
    assert declared.flags["banner"].value == text
    ((_, condition),) = conditions_of((), declared.segments["some"])
    assert condition.value == text
    assert left_out == []


def test_what_ff_manages_stays_in_and_its_difference_is_named(applied: Project, run: Run, tmp_path: Path) -> None:
    where = {"environment": 3, "feature": number_of(applied, "advanced_analytics_enabled")}
    rows = applied.client.pages("/api/v1/features/featurestates/", where)
    (own,) = [row for row in rows if not row["feature_segment"]]
    applied.client.put(f"/api/v1/features/featurestates/{own['id']}/", {**own, "enabled": True})
    path = tmp_path / "exported.yaml"
    done = run("flags", "export", "--url", applied.url, "--out", str(path), "--like", str(EXAMPLE))
    assert "Differs: flag advanced_analytics_enabled: a catalogue cannot say it as it is" in done.stderr
    assert "Left out" not in done.stderr
    assert len(load(path)[0].flags) == 8, "left out, it would be archived"


def test_a_value_behind_a_rollout_is_not_lost(applied: Project, run: Run, tmp_path: Path) -> None:
    applied.client.post(SEGMENTS, {"name": "late", "rules": [
        {"type": "ALL", "rules": [{"type": "ALL", "conditions": [
            {"property": "p", "operator": "EQUAL", "value": "x"}]}], "conditions": []}]})  # fmt: skip
    override(applied, "new_feature_rollout", "late", "special")
    done = run("flags", "export", "--url", applied.url, "--out", str(tmp_path / "exported.yaml"))
    assert "Differs: flag new_feature_rollout: a catalogue cannot say it as it is" in done.stderr


def test_what_a_catalogue_cannot_say_of_peoples_flags_is_left_out(server: Project, run: Run, tmp_path: Path) -> None:
    server.client.post(FEATURES, {"name": "banner", "initial_value": "a"})
    rules = [{"type": "ALL", "rules": [{"type": "ALL", "conditions": [
        {"property": "p", "operator": "REGEX", "value": "(?<x>a)"}]}], "conditions": []}]  # fmt: skip
    server.client.post(SEGMENTS, {"name": "odd", "description": "x", "rules": rules})
    override(server, "banner", "odd", "special")
    path, left_out = export(server, run, tmp_path)
    assert [line.split(": ")[1] for line in left_out] == ["segment odd", "flag banner"]
    assert load(path)[0].flags == {}


def test_shares_keep_their_digits(server: Project, run: Run, tmp_path: Path) -> None:
    thirds = [{"type": "unicode", "string_value": name, "default_percentage_allocation": 33.33333} for name in "bc"]
    server.client.post(FEATURES, {"name": "trial", "initial_value": "a", "multivariate_options": thirds})
    path, left_out = export(server, run, tmp_path)
    assert left_out == []
    assert [item.weight for item in load(path)[0].flags["trial"].variations] == [33.33334, 33.33333, 33.33333]


def test_archived_flags_are_named(applied: Project, run: Run, tmp_path: Path) -> None:
    number = number_of(applied, "hebrew_ui_enabled")
    applied.client.patch(f"{FEATURES}{number}/", {"is_archived": True})
    done = run("flags", "export", "--url", applied.url, "--out", str(tmp_path / "exported.yaml"))
    assert "Left out: flag hebrew_ui_enabled: it is archived" in done.stderr


@pytest.mark.parametrize(
    ("before", "is_laid_out_anew"),
    [
        (lambda text: text.replace("\n", "\r\n"), False),
        (lambda text: text.replace("  ml_model_v2_enabled:", "  ml_model_v2_enabled:   "), True),
    ],
    ids=["Windows' line ends", "blanks that nobody sees"],
)
def test_promoting_says_when_a_layout_cannot_be_kept(run: Run, tmp_path: Path, before, is_laid_out_anew: bool) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "catalogue.yaml"
    path.write_bytes(before(EXAMPLE.read_text(encoding="utf-8")).encode())
    done = run("flags", "promote", "staging", "production", "--catalogue", str(path))
    assert done.exit_code == 0, done.stderr
    assert ("Its layout cannot be kept" in done.stderr) is is_laid_out_anew
    raw = path.read_bytes()
    assert (raw.count(b"\r\n") == raw.count(b"\n")) is not is_laid_out_anew
