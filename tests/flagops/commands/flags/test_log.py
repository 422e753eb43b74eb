"""Whose change an entry of the audit log is: by the clock of Flagsmith, page by page."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flagops.commands.flags.history import log
from flagops.commands.flags.history.applies import Apply, Touched
from flagops.commands.flags.history.log import LogEntry, is_by_hand, is_of_apply
from tests.flagops.commands.flags.support import EXAMPLE, Project, Run
from tests.flagops.commands.flags.switching import ANN, FLAG, OTHER, as_ann, switch

STOPPED = 3
BEGAN = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)
ENTRY = LogEntry("flag", FLAG, "production", BEGAN, "updated", ("user", ANN), ANN)
RUN = Apply(
    BEGAN,
    BEGAN + timedelta(seconds=10),
    ("user", ANN.upper()),
    1,
    None,
    None,
    is_whole=True,
    touched=(Touched("flag", 1, FLAG, ("production",)),),
)
BY_HAND = replace(RUN, reason="on fire")


@pytest.mark.parametrize(
    ("seconds", "is_own"), [(-3, False), (-1.5, True), (0, True), (11.5, True), (13, False), (3600, False)]
)
def test_two_clocks_may_be_two_seconds_apart_and_no_more(seconds: float, *, is_own: bool) -> None:
    entry = replace(ENTRY, at=BEGAN + timedelta(seconds=seconds))
    assert is_of_apply(entry, [RUN]) is is_own
    assert is_by_hand(entry, [BY_HAND]) is is_own


def test_what_a_switch_with_a_reason_covers_is_never_apply_s() -> None:
    assert is_of_apply(ENTRY, [RUN])
    assert not is_of_apply(ENTRY, [RUN, BY_HAND])
    assert not is_of_apply(ENTRY, [BY_HAND])
    assert not is_of_apply(ENTRY, []), "without a record none can be told from a hand"
    assert not is_of_apply(replace(ENTRY, environment="staging"), [RUN])
    assert not is_of_apply(replace(ENTRY, actor=("user", "bob@example.com")), [RUN])


WORDS = [
    ("FEATURE", "New Flag / Remote Config created: {0}"),
    ("FEATURE", "Flag / Remote Config updated: {0}"),
    ("FEATURE", "Segment overrides re-ordered for feature '{0}'."),
    ("FEATURE_STATE", "Flag state updated for feature: {0}"),
    ("FEATURE_STATE", "Remote config value updated for feature: {0}"),
    ("FEATURE_STATE", "Flag state / Remote config updated for feature: {0} by Change Request: Another one"),
    ("FEATURE_STATE", "Flag state for feature '{0}' scheduled for update by Change Request 'One' at 01/02/2027 00:00."),
    ("FEATURE_STATE", "Segment override created for feature '{0}' and segment 'the others'"),
    ("FEATURE_STATE", "Remote config updated for segment override on feature '{0}' and segment 'the others'."),
    ("FEATURE_STATE", "Flag state / Remote config updated for feature: {0} by Release pipeline: Slow (stage: One)"),
    (
        "FEATURE_STATE",
        "Phased rollout split changed from '1%' to '2%' for feature '{0}' by release pipeline 'A' (stage: 'b')",
    ),
    ("EF_VERSION", "New version published for feature: {0}"),
    ("SEGMENT", "New Segment created: {0}"),
    ("SEGMENT", "Segment updated: {0}"),
]


@pytest.mark.parametrize("name", ["plain", "with two blanks", "it's quoted", "say: yes", "a 'b' c", "new\nline"])
@pytest.mark.parametrize(("kind", "words"), WORDS)
def test_a_name_is_found_whole_in_all_that_the_log_says(kind: str, words: str, name: str) -> None:
    row = {
        "related_object_type": kind,
        "log": words.format(name),
        "author": None,
        "is_system_event": False,
        "environment": None,
        "created_date": "2027-03-01T02:00:00Z",
    }
    entry = log._of_answer(row)  # noqa: SLF001 - one row, in the API's form
    assert entry is not None
    assert entry.name == name


@pytest.mark.parametrize(("pages", "said"), [(5, f"changed by {ANN}"), (1, "who did that cannot be told")])
def test_a_switch_pages_back_is_found_as_far_as_the_log_is_read(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch, pages: int, said: str
) -> None:
    assert applied.double
    data = applied.double.database
    data.shows_audit = True
    data.tables["audit"].clear()
    as_ann(applied)
    switch(applied, on=True)
    for on in (False, True) * 3:
        switch(applied, OTHER, "development", on=on)
    monkeypatch.setattr(log, "PAGE_SIZE", 2)
    monkeypatch.setattr(log, "MOST_PAGES", pages)
    done = run("flags", "plan", str(EXAMPLE), "--url", applied.url)
    assert done.exit_code == STOPPED
    assert said in done.stdout
    assert ("The audit log was read back to 20" in done.stderr) is (pages == 1)
