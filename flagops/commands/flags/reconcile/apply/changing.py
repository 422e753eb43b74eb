"""Changes a variation, and archives a flag, once: also when an answer was lost."""

from collections.abc import Mapping
from typing import Any

from flagops.commands.flags.reconcile.apply.meanwhile import ChangedMeanwhileError
from flagops.commands.flags.server.rows import option_of
from flagops.commands.flags.server.snapshot import RemoteOption
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.custom_fields import CustomFields, as_they_are, custom_fields
from flagops.flagsmith_api.ensure import ensure

Body = Mapping[str, Any]


def change_option(client: FlagsmithClient, path: str, body: Body, there: RemoteOption, wanted: RemoteOption) -> None:
    """Change a variation of a flag that was read a moment ago; `path` is that of all its variations.

    Raises ChangedMeanwhileError when an answer was lost, and somebody changed it by then.
    """
    content = {**body, "default_percentage_allocation": wanted.weight}

    def is_written() -> bool | None:
        now = next((item for item in map(option_of, client.pages(path)) if item.id == there.id), None)
        if now not in (there, wanted):
            raise ChangedMeanwhileError(f"the variation {there.key or there.value} is another now")
        return True if now == wanted else None

    ensure(is_written, lambda: bool(client.put(f"{path}{there.id}/", content)), is_missing=True)


def archive(client: FlagsmithClient, path: str) -> None:
    """Archive a flag, which keeps the custom fields that it has then."""
    fields: list[CustomFields] = [()]

    def is_archived() -> bool | None:
        row = client.get(path)
        fields[0] = custom_fields(row)
        return True if row["is_archived"] else None

    ensure(is_archived, lambda: bool(client.patch(path, {"is_archived": True, **as_they_are(fields[0])})))
