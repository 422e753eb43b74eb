"""The recorded exchanges, and what in their bodies is the same in every run."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
# Times, random names and secrets: of these only the type has to agree.
VOLATILE = frozenset(
    [
        *("uuid", "environment_feature_version", "key", "api_key", "prefix", "featurestate_uuid", "mv_fs_value_uuid"),
        *("hash", "date_created", "master_api_key_id", "master_api_key_prefix"),
        *("environment_api_key", "composite_key", "identity_uuid"),
        *("created", "created_at", "updated_at", "created_date", "live_from", "last_login", "date_joined"),
    ]
)


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `key` is the environment's key it was sent with, where the recording names it."""

    number: int
    method: str
    path: str
    auth: str | None
    note: str
    body: Any
    status: int
    kind: str
    answer: Any
    key: str | None = None

    @property
    def name(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{self.number} {self.method} {self.path}{note}"


def exchanges(name: str) -> list[Exchange]:
    """Those of one recording, in the order in which they were made."""
    found = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["exchanges"]
    return [
        Exchange(
            number,
            item["request"]["method"],
            item["request"]["path"],
            item["request"]["auth"],
            item.get("note", ""),
            item["request"]["json"],
            item["response"]["status"],
            (item["response"]["content_type"] or "").partition(";")[0],
            item["response"]["body"],
            item["request"].get("key"),
        )
        for number, item in enumerate(found)
    ]


def differences(recorded: Any, found: Any, where: str = "body") -> list[str]:
    """How a body differs from the recorded one, beside what differs in every run."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        lines = [f"{where} lacks {key}" for key in recorded.keys() - found.keys()]
        lines += [f"{where} has {key} too" for key in found.keys() - recorded.keys()]
        for key in recorded.keys() & found.keys():
            place = f"{where}.{key}"
            is_random = key == "id" and isinstance(recorded[key], str)
            if key in VOLATILE or is_random:
                if type(recorded[key]) is not type(found[key]):
                    lines.append(f"{place} is {found[key]!r}")
            else:
                lines += differences(recorded[key], found[key], place)
        return lines
    if isinstance(recorded, list) and isinstance(found, list):
        if len(recorded) != len(found):
            return [f"{where} has {len(found)} entries, not {len(recorded)}"]
        pairs = zip(recorded, found, strict=True)
        return [
            line for number, (one, other) in enumerate(pairs) for line in differences(one, other, f"{where}[{number}]")
        ]
    same = recorded == found and type(recorded) is type(found)
    return [] if same else [f"{where} is {found!r}, not {recorded!r}"]
