"""Takes out of an exported catalogue what it cannot say exactly, until it is right and plans empty."""

from datetime import UTC, datetime
from pathlib import Path

from ops.flags.catalogue.load import parse
from ops.flags.catalogue.problems import CatalogueError
from ops.flags.catalogue.rules import check
from ops.flags.catalogue.write import text_of
from ops.flags.reconcile.change import Action, Kind
from ops.flags.reconcile.desired import desired
from ops.flags.reconcile.plan import plan
from ops.flags.reconcile.show import sentence
from ops.flags.server.snapshot import Snapshot
from ops.flags.transfer.export import Exported

SECTIONS = {Kind.FLAG: "flags", Kind.SEGMENT: "segments"}


def settled(done: Exported, found: Snapshot, path: Path) -> Exported:
    """The catalogue without flags and segments that it would change, or that its own rules refuse; each is named.

    A flag that a segment is taken out of goes by the next look, so this ends.
    """
    while reasons := _reasons(done, found, path):
        for (section, name), reason in reasons.items():
            done.content[section].pop(name, None)
            done.left_out.append(f"{section.removesuffix('s')} {name}: {reason}")
    return done


def _reasons(done: Exported, found: Snapshot, path: Path) -> dict[tuple[str, str], str]:
    """What has to go, and why."""
    try:
        declared, _ = parse(text_of(done.content), path)
    except CatalogueError as error:
        raise CatalogueError(f"The project cannot be exported:\n{error.message}") from None
    today = datetime.now(UTC).date()
    reasons: dict[tuple[str, str], str] = {}
    for problem in check(declared, today):
        if not problem.is_warning and len(problem.key) > 1 and problem.key[0] in SECTIONS.values():
            reasons.setdefault((str(problem.key[0]), str(problem.key[1])), problem.text)
    if reasons:
        return reasons
    wanted = desired(declared)
    for change in plan(wanted, found).changes:
        if change.action is not Action.ADOPT and change.kind in SECTIONS:
            name = change.name if change.kind is Kind.FLAG else _owner(change.name, set(wanted.flags))
            section = "flags" if name in wanted.flags else SECTIONS[change.kind]
            if name in done.content[section]:
                reasons.setdefault((section, name), f"a catalogue cannot say it as it is ({sentence(change)})")
    return reasons


def _owner(segment: str, flags: set[str]) -> str:
    """The flag that a rollout's segment is for; any other segment itself."""
    name = segment.partition(".")[0]
    return name if segment != name and name in flags else segment
