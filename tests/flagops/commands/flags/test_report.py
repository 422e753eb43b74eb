"""`ff flags report`: all flags on one page."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.report.last_change import LastChange
from flagops.commands.flags.report.page import html
from flagops.commands.flags.report.report import FlagsPage, report
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteState, Snapshot
from flagops.flagsmith_api.deployed import Environment
from tests.examples.browser import chromium
from tests.flagops.commands.flags.support import EXAMPLE, Project, Run

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAMES = ("staging", "production")


class Page(HTMLParser):
    """The rows of the tables, as the words of their cells, by the flag's name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._row: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        if tag == "tr":
            self._row = self.rows.setdefault(str(values["id"]), []) if "id" in values else None
        elif tag in ("td", "th") and self._row is not None:
            self._row.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self._row = None

    def handle_data(self, data: str) -> None:
        if self._row:
            self._row[-1] = " ".join([*self._row[-1].split(), *data.split()])


def written(run: Run, project: Project, home: Path, *arguments: str) -> Page:
    out = home / "new" / "report.html"
    shown = run("flags", "report", "--out", str(out), "--url", project.url, *arguments)
    assert shown.exit_code == 0, shown.stderr
    return Page(out.read_text(encoding="utf-8"))


def test_each_flag_is_shown_in_each_environment(applied: Project, run: Run, tmp_path: Path) -> None:
    page = written(run, applied, tmp_path, "--catalogue", str(EXAMPLE))
    assert len(page.rows) == 8
    name, facts, development, staging, production, change = page.rows["new_feature_rollout"]
    assert name.startswith("new_feature_rollout The new feature, first for the beta")
    assert facts == "web-team release until 2027-06-30"
    assert development == staging == production
    assert production == "off for all others beta_users on premium_users 50 % everyone 25 %"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d in (development|staging|production)", change)
    assert page.rows["dashboard_ab_test"][4] == "on control 40 % variant_a 30 % variant_b 30 %"
    assert page.rows["ml_model_v2_enabled"][2:5] == ["off", "on", "off"]


def test_a_page_is_complete_in_itself(applied: Project, run: Run, tmp_path: Path) -> None:
    page = written(run, applied, tmp_path, "--catalogue", str(EXAMPLE))
    assert {tag for tag, _ in page.tags} & {"script", "img", "iframe", "object"} == set()
    links = [values.get("href") or values.get("src") for _, values in page.tags]
    assert [link for link in links if link] == ["data:,"]
    text = (tmp_path / "new" / "report.html").read_text(encoding="utf-8")
    assert "url(" not in text
    assert "@import" not in text


def test_it_opens_in_a_browser(
    applied: Project, run: Run, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    written(run, applied, tmp_path, "--catalogue", str(EXAMPLE))
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        browser.get((tmp_path / "new" / "report.html").as_uri())
        assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
        assert browser.title == "Flags of FootAnalytics"
        shown = browser.find_element("id", "new_feature_rollout").text
        assert "beta_users on" in shown
        widths = [item.size["width"] for item in browser.find_elements("css selector", "#new_feature_rollout .share")]
        assert widths[0] == pytest.approx(2 * widths[1], abs=1), "50 % is twice as wide as 25 %"


def test_another_file_is_not_written_over(applied: Project, run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "index.html"
    mine.write_text("<p>Mine</p>", encoding="utf-8")
    shown = run("flags", "report", "--out", str(mine), "--url", applied.url, "--catalogue", str(EXAMPLE))
    assert (shown.exit_code, mine.read_text(encoding="utf-8")) == (1, "<p>Mine</p>")
    assert "was not written by this command" in shown.stderr
    shown = run("flags", "report", "--out", str(tmp_path), "--url", applied.url)
    assert "is a directory" in shown.stderr
    mine.unlink()
    for _ in range(2):
        again = run("flags", "report", "--out", str(mine), "--url", applied.url, "--catalogue", str(EXAMPLE))
        assert again.exit_code == 0, again.stderr


# Of made-up flags.


def flag(number: int, name: str, **changes: Any) -> RemoteFlag:
    value = changes.pop("value", None)
    states = {place: RemoteState(number, True, value, (), ()) for place in NAMES}
    given = {"description": "", "tags": frozenset(), "is_archived": False, "options": (), **changes}
    return RemoteFlag(id=number, name=name, states=states, **given)


def made(flags: list[RemoteFlag], expires: Mapping[str, date] | None = None, **changes: Any) -> FlagsPage:
    snapshot = Snapshot(
        environments={name: Environment(number, name, "key") for number, name in enumerate(NAMES, 1)},
        tags={},
        flags={item.name: item for item in flags},
    )
    declared = None
    if expires is not None:
        kept = {
            name: {"description": "", "owner": "web-team", "kind": "ops", "enabled": True, "expires": day}
            for name, day in expires.items()
        }
        declared = Catalogue.model_validate({"project": "P", "environments": NAMES, "flags": kept})
    given = {"project": "P", "label": "here", "made": NOW, "is_audited": False, **changes}
    return report(snapshot, declared, given.pop("log", {}), **given)


def test_expired_flags_stand_out_and_those_that_soon_will_be() -> None:
    days = {
        "past": date(2026, 11, 23),
        "today": date(2026, 11, 24),
        "near": date(2026, 12, 24),
        "far": date(2027, 1, 1),
    }
    found = made([flag(number, name) for number, name in enumerate(days)], days)
    assert [line.name for line in found.expired] == ["past"]
    assert [line.name for line in found.due] == ["near", "today"]
    page = Page(html(found))
    assert page.rows["past"][1] == "web-team ops expired 2026-11-23"
    assert [values["class"] for tag, values in page.tags if str(values.get("class")).startswith("expiry")] == [
        "expiry",
        "expiry due",
        "expiry expired",
        "expiry due",
    ]


def test_flags_that_only_one_side_knows_are_told_apart() -> None:
    flags = [flag(1, "declared"), flag(2, "by_hand"), flag(3, "gone", is_archived=True)]
    found = made(flags, {"declared": date(2027, 1, 1), "missing": date(2027, 1, 1), "gone": date(2027, 1, 1)})
    assert [line.name for line in found.lines] == ["declared", "gone"]
    assert [line.name for line in found.others] == ["by_hand"]
    assert found.missing == ("missing",)
    text = html(found)
    assert "Unmanaged: not in the catalogue" in text
    assert "Declared, and not in Flagsmith: missing." in text


def test_archived_flags_are_shown_last_and_marked_since_they_are_served() -> None:
    found = made([flag(1, "away", is_archived=True), flag(2, "banner"), flag(3, "zebra")])
    page = Page(html(found))
    assert list(page.rows) == ["banner", "zebra", "away"]
    assert (page.rows["away"][0], page.rows["banner"][0]) == ("away archived", "banner")
    assert found.count_on(0) == 3, "what is served counts"
    assert "Flagsmith serves them as before." in html(found)
    assert "archived" not in str(Page(html(made([flag(1, "banner")]))).rows).lower()


def test_without_a_catalogue_the_expiry_is_that_of_the_tag() -> None:
    found = made([flag(1, "old", tags=frozenset({"ui", "expires-2026-11-23", "expires-2027-01-01"})), flag(2, "new")])
    assert [(line.name, line.expires) for line in found.expired] == [("old", date(2026, 11, 23))]
    assert [Page(html(found)).rows[name][1] for name in ("old", "new")] == ["expired 2026-11-23", "-"]


def test_the_catalogue_s_expiry_counts_before_the_tag_s() -> None:
    kept = flag(1, "old", tags=frozenset({"expires-2026-01-01"}))
    assert made([kept], {"old": date(2027, 6, 30)}).expired == []


def test_without_a_catalogue_no_owner_is_shown() -> None:
    page = Page(html(made([flag(1, "banner", value=True)])))
    assert page.rows["banner"] == ["banner", "-", "on true", "on true", "-"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("New Flag / Remote Config created: banner", "New Flag / Remote Config created"),
        ("Multivariate option added to feature 'banner'.", "Multivariate option added"),
        ("Value updated for feature 'banner' and segment 'banner.x'", "Value updated for segment 'banner.x'"),
        ("Flag state updated for feature: banner_two", "Flag state updated for feature: banner_two"),
    ],
)
def test_a_change_does_not_repeat_the_flag_s_name(said: str, shown: str) -> None:
    (line,) = made([flag(1, "banner")], log={1: LastChange(NOW, said)}).lines
    assert line.change == LastChange(NOW, shown)


def test_what_people_write_is_no_markup() -> None:
    text = html(made([flag(1, "banner", description="<script>alert(1)</script>", value='"><b>x')]))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "<b>x" not in text


def test_the_audit_log_tells_who_changed_what_and_where() -> None:
    log = {1: LastChange(NOW, "Flag state updated for feature: banner", "ann@example.com", "production")}
    found = made([flag(1, "banner")], log=log, is_audited=True)
    change = Page(html(found)).rows["banner"][-1]
    assert change == "2026-11-24 12:00 Flag state updated by ann@example.com, in production", "its row names the flag"
    assert "from the audit log." in html(found)
    assert "from the states of the flags" in html(made([flag(1, "banner")], log=log))


def test_an_empty_project_has_a_page_too() -> None:
    assert "The project has no flags." in html(made([]))
