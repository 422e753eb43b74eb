"""Changes one segment, flag or variation that is there, once: also when an answer was lost."""

from collections.abc import Mapping
from typing import Any

from flagops.commands.flags.server.rows import flag_of, option_of, segment_of
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOption, RemoteSegment
from flagops.commands.flags.spec import SegmentSpec
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.custom_fields import CustomFields, as_they_are
from flagops.flagsmith_api.ensure import change_once, ensure

Body = Mapping[str, Any]


def change_segment(client: FlagsmithClient, path: str, body: Body, there: RemoteSegment, wanted: SegmentSpec) -> None:
    """Change a segment. Raises ConflictError when somebody else did meanwhile."""
    change_once(
        lambda: client.patch(path, {**body, **as_they_are(there.fields)}),
        lambda: segment_of(client.get(path)),
        is_done=lambda now: (now.rules, now.description) == (wanted.rules, wanted.description) and now.is_managed,
        was=lambda now: now == there,
        what=f"segment {there.name}",
    )


def change_flag(client: FlagsmithClient, path: str, body: Body, there: RemoteFlag, tags: Mapping[str, int]) -> None:
    """Change what a flag is in all environments; `tags` are the ids by label. Raises ConflictError likewise."""
    labels = {number: label for label, number in tags.items()}
    change_once(
        lambda: client.patch(path, {**body, **as_they_are(there.fields)}),
        lambda: client.get(path),
        is_done=lambda row: all(
            set(row[key]) == set(value) if key == "tags" else row[key] == value for key, value in body.items()
        ),
        was=lambda row: flag_of(row, labels, there.states) == there,
        what=f"flag {there.name}",
    )


def change_option(client: FlagsmithClient, path: str, body: Body, there: RemoteOption, wanted: RemoteOption) -> None:
    """Change a variation; `path` is that of all of its flag. Raises ConflictError likewise."""
    content = {**body, "default_percentage_allocation": wanted.weight}
    change_once(
        lambda: client.put(f"{path}{there.id}/", content),
        lambda: next((item for item in map(option_of, client.pages(path)) if item.id == there.id), None),
        is_done=lambda now: now == wanted,
        was=lambda now: now == there,
        what=f"variation {there.key or there.value}",
    )


def archive(client: FlagsmithClient, path: str, fields: CustomFields) -> None:
    """Archive a flag, which keeps its custom fields."""
    ensure(
        lambda: True if client.get(path)["is_archived"] else None,
        lambda: bool(client.patch(path, {"is_archived": True, **as_they_are(fields)})),
        is_missing=True,
    )
