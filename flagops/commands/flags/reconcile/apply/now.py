"""Reads a flag's or a segment's definition again just before it is written: what changed meanwhile is left as it is."""

from collections.abc import Iterator, Mapping
from typing import Any

from flagops.commands.flags.reconcile.apply.meanwhile import (
    ChangedMeanwhileError,
    DeletedMeanwhileError,
    require_as_read,
)
from flagops.commands.flags.reconcile.holds import held, is_hold, without_holds
from flagops.commands.flags.server.rows import Row, flag_of, segment_of
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteSegment, Snapshot
from flagops.commands.flags.spec import FlagSpec, SegmentSpec
from flagops.flagsmith_api.client import FlagsmithError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.custom_fields import FieldKind, as_they_are, custom_fields, with_values
from flagops.flagsmith_api.ensure import ensure

NOT_FOUND = 404


class Now:
    """What a project has now, beside what was read of it."""

    def __init__(self, connection: Connection, found: Snapshot) -> None:
        self._client, self._found = connection.client, found
        self._project = f"/api/v1/projects/{connection.project}"
        self._labels = {number: label for label, number in found.tags.items()}

    def flag(self, read: RemoteFlag) -> Row:
        """The flag as the API has it. Raises ChangedMeanwhileError where it is not what was read, or is held by now."""
        row = self._row(f"features/{read.id}/")
        if not set(row["tags"]) <= self._labels.keys():
            tags = self._client.pages(f"{self._project}/tags/")
            self._labels = {**self._labels, **{item["id"]: item["label"] for item in tags}}
        now = flag_of(row, self._labels, {})
        tag = held(now, self._client.now())
        if tag is not None:
            raise ChangedMeanwhileError(f"held by the tag {tag}")
        require_as_read(self._of_flag(read, now))
        return row

    def patch_flag(self, read: RemoteFlag, row: Row, wanted: FlagSpec, tags: Mapping[str, int]) -> None:
        """Write the flag's definition. Flagsmith's own tags stay, and so do those of holds, until they are ended."""
        path = f"{self._project}/features/{read.id}/"
        kept = {
            number
            for number in row["tags"]
            if is_hold(label := self._labels.get(number, "")) or label in self._found.system_tags
        }
        body: dict[str, Any] = {"description": wanted.description, "is_archived": False}
        all_tags = sorted({*tags.values(), *kept})
        if all_tags != sorted(row["tags"]):  # they are sent as a whole: a hold of this moment would go
            body["tags"] = all_tags
        if wanted.server_side_only is not None:
            body["is_server_key_only"] = wanted.server_side_only
        sent, fields = [False], [custom_fields(row)]
        if wanted.metadata and sorted(fields[0]) != sorted(read.fields):
            raise ChangedMeanwhileError("other custom fields")

        def is_written() -> bool | None:
            now = self._row(f"features/{read.id}/") if sent[0] else row
            there = custom_fields(now)
            fields[0] = with_values(there, FieldKind.FLAG, self._found.known_fields, wanted.metadata)
            is_said = sorted(fields[0]) == sorted(there) and all(
                sorted(now[name]) == item if name == "tags" else now[name] == item for name, item in body.items()
            )
            if is_said:
                return True
            if sent[0]:
                self.flag(read)
            return None

        def write() -> bool:
            sent[0] = True
            self._client.patch(path, {**body, **as_they_are(fields[0])})
            return True

        ensure(is_written, write)

    def segment(self, read: RemoteSegment) -> RemoteSegment:
        """The segment as it is. Raises ChangedMeanwhileError where it is not what was read."""
        now = segment_of(self._row(f"segments/{read.id}/"))
        require_as_read(_of_segment(read, now))
        return now

    def patch_segment(self, read: RemoteSegment, body: Mapping[str, Any], wanted: SegmentSpec) -> None:
        """Write the segment. Raises ChangedMeanwhileError where it is not what was read."""
        where = f"segments/{read.id}/"
        fields = [read.fields]

        def is_written() -> bool | None:
            now = segment_of(self._row(where))
            fields[0] = with_values(now.fields, FieldKind.SEGMENT, self._found.known_fields, wanted.metadata)
            if (
                sorted(fields[0]) == sorted(now.fields)
                and (now.rules, now.description, now.is_managed) == (wanted.rules, wanted.description, True)
                and (now.rollout, now.memory) == (wanted.rollout, wanted.memory)
                and ("feature" not in body or now.feature == body["feature"])
            ):
                return True
            require_as_read(_of_segment(read, now))
            if wanted.metadata and sorted(now.fields) != sorted(read.fields):
                raise ChangedMeanwhileError("other custom fields")
            return None

        def write() -> bool:
            self._client.patch(f"{self._project}/{where}", {**body, **as_they_are(fields[0])})
            return True

        ensure(is_written, write)

    def _row(self, where: str) -> Row:
        try:
            row: Row = self._client.get(f"{self._project}/{where}")
        except FlagsmithError as error:
            if error.status != NOT_FOUND:
                raise
            raise DeletedMeanwhileError from None
        return row

    def _of_flag(self, read: RemoteFlag, now: RemoteFlag) -> Iterator[str]:
        if now.description != read.description:
            yield "another description"
        if without_holds(now.tags - self._found.system_tags) != without_holds(read.tags - self._found.system_tags):
            yield "other tags"
        if now.is_archived != read.is_archived:
            yield "archived" if now.is_archived else "not archived"
        if now.server_side_only != read.server_side_only:
            yield "server-side only" if now.server_side_only else "for all clients"
        if {item.id: item for item in now.options} != {item.id: item for item in read.options}:
            yield "other variations"


def _of_segment(read: RemoteSegment, now: RemoteSegment) -> Iterator[str]:
    if now.rules != read.rules:
        yield "other rules"
    if (now.rollout, now.memory) != (read.rollout, read.memory):
        yield "another rollout, or a further step of it"
    if now.description != read.description:
        yield "another description"
