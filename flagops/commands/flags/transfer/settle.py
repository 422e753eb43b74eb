"""Takes out of an exported catalogue what it cannot say exactly, until it is right and plans empty."""

from datetime import UTC, datetime
from pathlib import Path

from components.flag_metrics.in_pod.flag_metrics_tag import day_of
from flagops.commands.flags.catalogue.load import parse
from flagops.commands.flags.catalogue.problems import CatalogueError
from flagops.commands.flags.catalogue.rules import check
from flagops.commands.flags.catalogue.write import text_of
from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.plan import plan
from flagops.commands.flags.reconcile.view import sentence
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.transfer.export import Exported

SECTIONS = {ObjectKind.FLAG: "flags", ObjectKind.SEGMENT: "segments"}
Reasons = dict[tuple[str, str], str]


def settled(done: Exported, found: Snapshot, path: Path) -> Exported:
    """The catalogue without flags and segments that it would change, or that its own rules refuse; each is named.

    What `ff` manages stays in all the same, since without it `ff` would archive it; then the difference is named. What
    uses a segment that is taken out goes by the next look, so this ends.
    """
    while refused := _refused(done, path) or {
        place: reason for place, reason in _changed(done, found, path).items() if not _is_managed(found, *place)
    }:
        for (section, name), reason in refused.items():
            done.content[section].pop(name, None)
            done.left_out.append(f"{section.removesuffix('s')} {name}: {reason}")
    for (section, name), reason in _changed(done, found, path).items():
        done.differing.append(f"{section.removesuffix('s')} {name}: {reason}")
    return done


def _is_managed(found: Snapshot, section: str, name: str) -> bool:
    there = found.flags.get(name) if section == "flags" else found.segments.get(name)
    return there is not None and there.is_managed


def _refused(done: Exported, path: Path) -> Reasons:
    """What the rules of catalogues refuse, and why."""
    try:
        declared, _ = parse(text_of(done.content), path)
    except CatalogueError as error:
        raise CatalogueError(f"The project cannot be exported:\n{error.message}") from None
    reasons: Reasons = {}
    for problem in check(declared, datetime.now(UTC).date()):
        if not problem.is_warning and len(problem.key) > 1 and problem.key[0] in SECTIONS.values():
            reasons.setdefault((str(problem.key[0]), str(problem.key[1])), problem.text)
    return reasons


def _adds_only_a_day(change: Change) -> bool:
    """Whether Flagsmith only lacks the tag of an expiry, which the next apply writes: the catalogue says it rightly."""
    if change.field != ("tags",):
        return False
    before, after = set(change.before), set(change.after)
    return before < after and all(day_of(tag) is not None for tag in after - before)


def _changed(done: Exported, found: Snapshot, path: Path) -> Reasons:
    """What the catalogue would change, and how."""
    declared, _ = parse(text_of(done.content), path)
    reasons: Reasons = {}
    for change in plan(desired(declared), found).changes:
        if change.action is Action.ADOPT or change.kind not in SECTIONS or _adds_only_a_day(change):
            continue
        flag = change.name if change.kind is ObjectKind.FLAG else change.name.partition(".")[0]
        place = ("flags", flag) if flag in declared.flags else (SECTIONS[change.kind], change.name)
        if place[1] in done.content[place[0]]:
            reasons.setdefault(place, f"a catalogue cannot say it as it is ({sentence(change)})")
    return reasons
