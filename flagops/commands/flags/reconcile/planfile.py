"""A plan in a file, which a pipeline reviews and applies later: it is applied as it is, or refused."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from components.text import bounds, quoting
from flagops.commands.flags.reconcile.change import Action, Change, FlagPlan, ObjectKind, not_in
from flagops.commands.flags.reconcile.view import sentence
from flagops.errors import BadInputError, ConflictError, NotFoundError, RefusedError

FORMAT = 1
KEY = "ffFlagsPlan"
"""The key that tells a plan from a catalogue; its value is the form's version."""
SHOWN = 5
PLAN_BYTES = 16 * 1024**2
"""Of a plan: one that makes 5,000 flags in three environments has 5 MiB."""


@dataclass(frozen=True)
class PlanFile:
    """A kept plan.

    Attributes:
        path: The file.
        catalogue: The catalogue that it was made of, which must be the same still.
        server: The Flagsmith that it is for.
        project: The project that it is for.
        delete: Whether what left the catalogue is deleted.
        changes: What was reviewed.
        take_back: What is taken back from whoever changed it.
        environments: The environments that it is of; none for all.
    """

    path: Path
    catalogue: Path
    server: str
    project: str
    delete: bool
    changes: tuple[Change, ...]
    take_back: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    def require_same(self, found: FlagPlan, server: str, project: str) -> None:
        """Raise OpsError unless what there is to do now is this plan, or what an interrupted run left of it."""
        if (server, project) != (self.server, self.project):
            raise BadInputError(
                f"{self.path} is a plan for the project {self.project!r} of {self.server}, "
                f"and this is {project!r} of {server}."
            )
        others = not_in(found.changes, self.changes)
        if others:
            lines = "\n".join(f"  {sentence(change)}" for change in others[:SHOWN])
            more = f"\n  and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
            raise ConflictError(
                f"Flagsmith changed since {self.path} was made; what would be done and is not in it:\n{lines}{more}",
                hint="Make the plan again: ff flags plan --out FILE",
            )


def as_json(plan: FlagPlan) -> dict[str, Any]:
    """A plan for programs."""
    return {
        "changes": [asdict(change) for change in plan.changes],
        "unmanaged": list(plan.unmanaged),
        "waiting": list(plan.waiting),
        "affected": list(plan.affected),
        "conflicts": [asdict(conflict) for conflict in plan.conflicts],
        "holds": [asdict(hold) for hold in plan.holds],
        "people": list(plan.people),
        "totals": {place or "": asdict(counts) for place, counts in plan.counts().items()},
        "requests": plan.requests,
    }


def write(
    path: Path,
    catalogue: Path,
    plan: FlagPlan,
    *,
    server: str,
    project: str,
    delete: bool,
    take_back: Collection[str] = (),
    environments: Collection[str] = (),
) -> None:
    """Keep a plan. Raises OpsError where it would overwrite something else than a plan."""
    if path.exists() and not is_plan(path):
        raise RefusedError(f"{path} exists, and is not a plan.", hint="Give --out another name.")
    found = {
        KEY: FORMAT,
        "catalogue": str(catalogue),
        "sha256": _digest(catalogue),
        "server": server,
        "project": project,
        "delete": delete,
        "takeBack": sorted(take_back),
        "environments": list(environments),
        "changes": [asdict(change) for change in plan.changes],
    }
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def is_plan(path: Path) -> bool:
    """Whether a file is a plan; a catalogue is none."""
    try:
        found = bounds.json_of(_text(path))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and KEY in found


def read(path: Path) -> PlanFile:
    """A kept plan. Raises OpsError when its catalogue is another one by now."""
    found = bounds.json_of(_text(path))
    if found[KEY] != FORMAT:
        form = quoting.value(found[KEY])
        raise BadInputError(f"{path} has the form {form}, of another release of ff.", hint="Make the plan again.")
    try:
        return _checked(path, found)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadInputError(
            f"{path} is not a plan that ff wrote.", hint="Make it again: ff flags plan --out FILE"
        ) from None


def _checked(path: Path, found: dict[str, Any]) -> PlanFile:
    catalogue = Path(found["catalogue"])
    if not catalogue.exists():
        raise NotFoundError(
            f"{path} was made from {catalogue}, which is not here.", hint="Apply it from the same directory."
        )
    if _digest(catalogue) != found["sha256"]:
        raise ConflictError(
            f"{catalogue} is not the catalogue that {path} was made from.",
            hint="Check out the commit that was planned, or make the plan again.",
        )
    changes = tuple(_change(item) for item in found["changes"])
    take_back = tuple(map(str, found.get("takeBack", ())))
    environments = tuple(map(str, found.get("environments", ())))
    return PlanFile(
        path, catalogue, found["server"], found["project"], found["delete"], changes, take_back, environments
    )


def _change(item: dict[str, Any]) -> Change:
    field = tuple(item["field"])
    texts = (item["name"], item["environment"] or "", *field)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("names are texts")
    return Change(**{**item, "action": Action(item["action"]), "kind": ObjectKind(item["kind"]), "field": field})


def _digest(path: Path) -> str:
    return hashlib.sha256(bounds.bytes_of(path)).hexdigest()


def _text(path: Path) -> str:
    return bounds.text_of(path, PLAN_BYTES)
