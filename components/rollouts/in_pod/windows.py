"""When shares may rise: hours of the week, and days on which nothing does. Each has a time zone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONGEST = timedelta(days=800)
"""How far an opening is looked for: past two years of freezes, nobody waits for it."""
_WINDOW = re.compile(r"(?P<days>[A-Za-z,-]+) +(?P<begins>\d\d?:\d\d)-(?P<ends>\d\d?:\d\d) +(?P<zone>\S+)")
_FREEZE = re.compile(r"(?P<first>\d{4}-\d\d-\d\d)(?:\.\.(?P<last>\d{4}-\d\d-\d\d))?(?: +(?P<zone>\S+))?")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


class WindowError(ValueError):
    """A text that says no window, no freeze or no time zone; the message says what it must look like."""


@dataclass(frozen=True)
class Window:
    """Hours of some days of the week; an end that is not after the beginning is on the next day."""

    text: str
    days: frozenset[int]
    begins: time
    ends: time
    zone: str

    def spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """From when to when it is open, where it opens on a day of its own zone."""
        if day.weekday() in self.days:
            zone = zone_of(self.zone)
            last = day if self.ends > self.begins else day + timedelta(days=1)
            begins, ends = datetime.combine(day, self.begins, zone), datetime.combine(last, self.ends, zone)
            yield begins.astimezone(UTC), ends.astimezone(UTC)

    def is_open(self, now: datetime) -> bool:
        """Whether it is open; it is at its beginning, and not at its end."""
        local = now.astimezone(zone_of(self.zone)).date()
        days = (local - timedelta(days=1), local)
        return any(begins <= now < ends for day in days for begins, ends in self.spans(day))


@dataclass(frozen=True)
class Freeze:
    """Days on which nothing rises, the first and the last one included."""

    text: str
    first: date
    last: date
    zone: str

    def holds(self, now: datetime) -> bool:
        """Whether it is one of these days there."""
        return self.first <= now.astimezone(zone_of(self.zone)).date() <= self.last

    @property
    def ends(self) -> datetime:
        """When the last of them is over."""
        return datetime.combine(self.last + timedelta(days=1), time(), zone_of(self.zone)).astimezone(UTC)


def zone_of(name: str) -> tzinfo:
    """The time zone: UTC, an offset such as +02:00, or a name of the IANA's. Raises WindowError for no zone."""
    if name in ("UTC", "Z"):
        return UTC
    found = _OFFSET.fullmatch(name)
    try:
        if found:
            length = timedelta(hours=int(found[2]), minutes=int(found[3]))
            return timezone(-length if found[1] == "-" else length)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WindowError(f"{name} is no time zone: write UTC, +02:00, or a name such as Asia/Jerusalem") from None


def window(text: str) -> Window:
    """The window that a text such as `Mon-Thu 09:00-16:00 Asia/Jerusalem` says. Raises WindowError."""
    found = _WINDOW.fullmatch(text.strip())
    if found is None:
        raise WindowError("must be days, hours and a time zone, such as Mon-Thu 09:00-16:00 Asia/Jerusalem")
    zone_of(found["zone"])
    if found["begins"] == "24:00":
        raise WindowError("begins at 24:00, which is 00:00 of the day after: name that day")
    begins, ends = _time(found["begins"]), _time(found["ends"])
    return Window(text.strip(), frozenset(_days(found["days"])), begins, ends, found["zone"])


def freeze(text: str, zone: str) -> Freeze:
    """The days of `2026-12-20..2027-01-03`, or of one day; in `zone` if it names none. Raises WindowError."""
    found = _FREEZE.fullmatch(text.strip())
    if found is None:
        raise WindowError("must be days such as 2026-12-20..2027-01-03, with a time zone behind them or without")
    try:
        first = date.fromisoformat(found["first"])
        last = date.fromisoformat(found["last"]) if found["last"] else first
    except ValueError:
        raise WindowError("names a day that no month has") from None
    if last < first:
        raise WindowError("ends before it begins")
    if last == date.max:
        raise WindowError("ends on the last day that there is")
    own = found["zone"] or zone
    zone_of(own)
    return Freeze(text.strip(), first, last, own)


def _time(text: str) -> time:
    hour, minute = map(int, text.split(":"))
    if (hour, minute) == (24, 0):
        return time()
    if hour > 23 or minute > 59:
        raise WindowError(f"{text} is no time of a day: write 00:00 to 24:00")
    return time(hour, minute)


def _days(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        for name in (first, last or first):
            if name.capitalize() not in DAYS:
                raise WindowError(f"{name or text} is no day: write {', '.join(DAYS)}")
        begin, end = DAYS.index(first.capitalize()), DAYS.index((last or first).capitalize())
        yield from (day % 7 for day in range(begin, end + 1 + (7 if end < begin else 0)))


def is_open(only: Sequence[Window], freezes: Sequence[Freeze], now: datetime) -> bool:
    """Whether a share may rise now."""
    return not any(item.holds(now) for item in freezes) and (not only or any(item.is_open(now) for item in only))


def next_opening(only: Sequence[Window], freezes: Sequence[Freeze], now: datetime) -> datetime | None:
    """When a share may rise, now or later; None for never."""
    if is_open(only, freezes, now):
        return now
    thaws = [item.ends for item in freezes if item.ends > now]
    if max([now, *thaws]) > datetime.max.replace(tzinfo=UTC) - LONGEST:
        return None
    moments = set(thaws)
    for item in only:
        local = now.astimezone(zone_of(item.zone)).date()
        # A week is enough where nothing is frozen; one behind each freeze is too.
        weeks = {local, *(moment.date() - timedelta(days=1) for moment in thaws)}
        days = {begin + timedelta(days=number) for begin in weeks for number in range(9)}
        moments.update(opens for day in days for opens, _ in item.spans(day))
    later = sorted(moment for moment in moments if moment > now)
    return next((moment for moment in later if is_open(only, freezes, moment)), None)
