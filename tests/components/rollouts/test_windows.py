"""When a share may rise is found at once, however many windows and freezes there are."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from components.rollouts.in_pod.declared import MOST
from components.rollouts.in_pod.notes import Description, NotesError, read, write
from components.rollouts.in_pod.windows import Freeze, Window, freeze, next_opening, window
from tests.components.rollouts.test_table import rollout

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SATURDAYS = [freeze(f"{date(2026, 12, 5) + timedelta(weeks=number)}", "UTC") for number in range(MOST["freezes"])]


@pytest.mark.parametrize(
    ("only", "freezes", "opens"),
    [
        ([window("Tue 09:00-10:00 UTC")] * 2, [], datetime(2026, 12, 1, 9, tzinfo=UTC)),
        (
            [window(f"Mon-Fri {hour:02}:00-{hour:02}:30 Asia/Jerusalem") for hour in range(MOST["only"])],
            [freeze(f"2026-11-{day:02}..2028-12-05", "UTC") for day in range(1, 30)],
            datetime(2028, 12, 5, 22, tzinfo=UTC) + timedelta(hours=2),
        ),
        ([window("Sat 09:00-10:00 UTC")], SATURDAYS, datetime(2027, 11, 20, 9, tzinfo=UTC)),
        ([window("Mon 09:00-10:00 UTC")] * MOST["only"], [freeze("2026-11-01..9997-12-31", "UTC")], None),
    ],
)
def test_an_opening_is_looked_for_on_few_days(
    monkeypatch: pytest.MonkeyPatch, only: list[Window], freezes: list[Freeze], opens: datetime | None
) -> None:
    asked: list[date] = []
    spans = Window.spans

    def counted(self: Window, day: date) -> object:
        asked.append(day)
        return spans(self, day)

    monkeypatch.setattr(Window, "spans", counted)
    assert next_opening(only, freezes, NOW) == opens
    # Nine days behind now and each freeze, for each window; and then the days of what is tried.
    assert len(asked) < 3 * len(only) * 9 * (len(freezes) + 1)


def test_a_description_with_more_than_a_catalogue_may_have_is_not_read() -> None:
    most = replace(rollout(), only=(window("Mon 09:00-10:00 UTC"),) * MOST["only"])
    assert read(write(Description("", most))).declared == most
    more = replace(most, only=(*most.only, most.only[0]))
    with pytest.raises(NotesError, match="it has 21 entries of `only`: at most 20"):
        read(write(Description("", more)))
