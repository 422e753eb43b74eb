"""The types of schedules: five fields for Kubernetes, six for CloudNativePG."""

from typing import Annotated, Final

from pydantic import AfterValidator

from components.settings.types import Kind, Text
from components.text import cron

SCHEDULE_FIELDS: Final = 6


def _schedule(value: str) -> str:
    problem = cron.refusal(value)
    if problem is not None:
        raise ValueError(f'{problem}. It is a cron schedule of five fields, in UTC, such as "15 2 * * *"')
    return value


def _six_fields(value: str) -> str:
    found = value.split(" ")
    if len(found) == SCHEDULE_FIELDS - 1:
        raise ValueError(
            "has five fields, of which the operator would take the first for seconds: `0 3 * * *` would be a backup "
            f'every hour. Write six, such as "0 {value}"'
        )
    problem = cron.refusal(value, with_seconds=True)
    if problem is not None:
        raise ValueError(f'{problem}. It is a cron schedule of six fields, seconds first, in UTC: "0 15 2 * * *"')
    return value


Schedule = Annotated[Text, AfterValidator(_schedule), Kind("cron, in UTC")]
SixFields = Annotated[Text, AfterValidator(_six_fields), Kind("cron with six fields, in UTC")]
