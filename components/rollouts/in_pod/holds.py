"""A hold: a tag on a flag, which keeps every apply and every rollout away until it ends."""

from datetime import UTC, datetime, timedelta

PREFIX = "ff-hold-until-"
"""What a hold's tag begins with. Its end follows, in UTC: 2027-01-31T18:00Z, or a day, to its end."""
FORMS = (("%Y-%m-%dT%H:%MZ", timedelta()), ("%Y-%m-%dT%H:%M:%SZ", timedelta()), ("%Y-%m-%d", timedelta(days=1)))


def is_hold(tag: str) -> bool:
    """Whether a tag is a hold's."""
    return tag.startswith(PREFIX)


def end_of(tag: str) -> datetime | None:
    """When a hold ends; None where its tag does not say that so that it can be read: it then holds on."""
    for form, rest in FORMS:
        try:
            return datetime.strptime(tag.removeprefix(PREFIX), form).replace(tzinfo=UTC) + rest
        except (ValueError, OverflowError):  # the end of the last day that there is cannot be said
            continue
    return None
