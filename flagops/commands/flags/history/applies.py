"""What `ff flags apply` did: which objects it changed, when, as whom, and from which commit.

Flagsmith's log has no room for it. A stack keeps its last applies in the ConfigMap `flagsmith-applies`; wherever
Flagsmith is, `--record` writes them into a file, a line each.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from components.kit import names
from components.text import bounds
from flagops.errors import BadInputError
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.refusals import ApiError
from flagops.stacks.deployed import Instance

RING = names.APPLIES
MOST = 200
MOST_BYTES = 700_000
"""Of the ConfigMap's data; the API server takes 1 MiB in all."""
LOG_BYTES = 16 * 1024**2
"""Of a file of applies, to which each adds a line for good; an apply of 500 changes has 50 KiB."""
ATTEMPTS = 5
CONFLICT = 409


@dataclass(frozen=True)
class Touched:
    """An object that was changed.

    Attributes:
        kind: `flag`, `segment` or `environment`.
        id: Its number in Flagsmith.
        name: Its name then.
        environments: Where; None among them for the project itself. None for everywhere: it was made, or deleted.
    """

    kind: str
    id: int
    name: str
    environments: tuple[str | None, ...] | None


@dataclass(frozen=True)
class Apply:
    """One run.

    Attributes:
        started: When, by Flagsmith's clock.
        finished: When it was done, likewise.
        actor: As whom: `user` and an e-mail address, or `api-key` and its prefix or trust relationship.
        project: The project's number.
        commit: The catalogue's commit; None when it was changed since.
        repository: Where commits are looked at, such as https://github.com/example/flags.
        is_whole: Whether it came to its end.
        touched: What it changed.
        reason: Why a person switched it with `ff flags set`; None for an apply.
    """

    started: datetime
    finished: datetime
    actor: tuple[str, str]
    project: int
    commit: str | None
    repository: str | None
    is_whole: bool
    touched: tuple[Touched, ...]
    reason: str | None = None

    @property
    def link(self) -> str | None:
        """Where the commit is looked at."""
        return f"{self.repository}/commit/{self.commit}" if self.repository and self.commit else None

    def as_json(self) -> dict[str, Any]:
        """The record as it is kept."""
        return {
            "started": self.started.isoformat(),
            "finished": self.finished.isoformat(),
            "actor": {"kind": self.actor[0], "id": self.actor[1]},
            "project": self.project,
            "commit": self.commit,
            "repository": self.repository,
            "whole": self.is_whole,
            "touched": [vars(item) for item in self.touched],
            **({} if self.reason is None else {"reason": self.reason}),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Apply":
        """The run of a record. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            started=datetime.fromisoformat(found["started"]),
            finished=datetime.fromisoformat(found["finished"]),
            actor=(str(found["actor"]["kind"]), str(found["actor"]["id"])),
            project=int(found["project"]),
            commit=found["commit"],
            repository=found["repository"],
            is_whole=bool(found["whole"]),
            touched=tuple(
                Touched(
                    item["kind"],
                    int(item["id"]),
                    item["name"],
                    None if item["environments"] is None else tuple(item["environments"]),
                )
                for item in found["touched"]
            ),
            reason=None if found.get("reason") is None else str(found["reason"]),
        )


def append(path: Path, run: Apply) -> None:
    """Add a line to a file of applies."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(run.as_json()) + "\n")


def of_file(path: Path) -> list[Apply]:
    """The applies of a file. Raises OpsError naming the line that is none."""
    found = []
    try:
        text = bounds.text_of(path, LOG_BYTES)
    except UnicodeDecodeError:
        raise BadInputError(f"{path} is not UTF-8 text, and no file of `ff flags apply --record`.") from None
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found.append(Apply.from_json(bounds.json_of(line)))
        except (KeyError, TypeError, ValueError):
            raise BadInputError(f"{path}, line {number}, is not a record of `ff flags apply --record`.") from None
    return found


def of_stack(instance: Instance) -> list[Apply]:
    """The applies that the stack keeps."""
    ring = instance.get("v1", "ConfigMap", RING)
    return [Apply.from_json(json.loads(text)) for text in ((ring or {}).get("data") or {}).values()]


def keep(instance: Instance, run: Apply) -> None:
    """Keep an apply in the stack, in the place of the oldest where there are too many."""
    for attempt in range(ATTEMPTS):
        ring = instance.get("v1", "ConfigMap", RING)
        data = _bounded({**((ring or {}).get("data") or {}), _key(run): json.dumps(run.as_json())})
        try:
            if ring is None:
                instance.client.create(_ring(instance, data))
            else:
                instance.client.replace({**ring, "data": data})
        except ApiError as error:
            # Somebody else kept one in between.
            if error.status != CONFLICT or attempt == ATTEMPTS - 1:
                raise
        else:
            return


def _key(run: Apply) -> str:
    return f"{run.started:%Y%m%dT%H%M%S}.{run.finished.timestamp():.0f}.{run.project}"


def _bounded(data: Mapping[str, str]) -> dict[str, str]:
    """The newest of them; keys begin with the time."""
    kept: dict[str, str] = {}
    size = 0
    for key in sorted(data, reverse=True)[:MOST]:
        size += len(key) + len(data[key].encode())
        if size > MOST_BYTES and kept:
            break
        kept[key] = data[key]
    return kept


def _ring(instance: Instance, data: Mapping[str, str]) -> Manifest:
    ref = Ref("v1", "ConfigMap", instance.namespace, RING)
    labels = {names.NAME: "flagsmith", names.PART_OF: names.PLATFORM}
    return {
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "metadata": {
            "name": RING,
            "namespace": instance.namespace,
            "labels": {**labels, names.COMPONENT: "flags"},
        },
        "data": dict(data),
    }
