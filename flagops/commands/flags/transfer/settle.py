"""Takes out of an exported catalogue what it cannot say exactly, until it is right and plans empty."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from components.flag_metrics.in_pod.flag_metrics_tag import day_of
from components.text import quoting, yaml12
from flagops.commands.flags.catalogue.load import parse
from flagops.commands.flags.catalogue.problems import CatalogueError, CatalogueProblem, dotted
from flagops.commands.flags.catalogue.rules import check
from flagops.commands.flags.catalogue.write import text_of
from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.plan import plan
from flagops.commands.flags.reconcile.running import with_live_shares
from flagops.commands.flags.reconcile.view import sentence
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.transfer.export import Exported

ENVIRONMENTS, GUARDS = "environments", "guards"
SECTIONS = {ObjectKind.FLAG: "flags", ObjectKind.SEGMENT: "segments"}
Reasons = dict[tuple[str, str], str]


def settled(done: Exported, found: Snapshot, path: Path) -> Exported:
    """The catalogue without what it would change, or what its own rules refuse, or YAML cannot say; each is named.

    What `ff` manages stays in all the same, since without it `ff` would archive it; then the difference is named. What
    uses a segment that is taken out goes by the next look, so this ends. Raises CatalogueError where nothing can be
    taken out, as for the name of a project.
    """
    while refused := _refused(done, path) or {
        place: reason for place, reason in _changed(done, found, path).items() if not _is_managed(found, *place)
    }:
        for (section, name), reason in refused.items():
            _take_out(done, section, name)
            done.left_out.append(f"{section.removesuffix('s')} {quoting.printable(name)}: {reason}")
    for (section, name), reason in _changed(done, found, path).items():
        done.differing.append(f"{section.removesuffix('s')} {name}: {reason}")
    return done


def _take_out(done: Exported, section: str, name: str) -> None:
    if section == GUARDS:
        _take_out_guard(done, name)
        return
    if section != ENVIRONMENTS:
        done.content[section].pop(name, None)
        return
    done.content[section] = [item for item in done.content[section] if item != name]
    done.content.get("hide_disabled", {}).get(ENVIRONMENTS, {}).pop(name, None)
    for flag in done.content["flags"].values():
        flag.get(ENVIRONMENTS, {}).pop(name, None)


def _take_out_guard(done: Exported, name: str) -> None:
    done.content[GUARDS].pop(name, None)
    for flag in done.content["flags"].values():
        for state in (flag, *flag.get(ENVIRONMENTS, {}).values()):
            rollout = state.get("rollout")
            if isinstance(rollout, dict) and name in rollout.get(GUARDS, ()):
                rollout[GUARDS] = [item for item in rollout[GUARDS] if item != name]


def _is_managed(found: Snapshot, section: str, name: str) -> bool:
    there = found.flags.get(name) if section == "flags" else found.segments.get(name)
    return there is not None and there.is_managed


def _refused(done: Exported, path: Path) -> Reasons:
    """What the rules of catalogues refuse, or YAML cannot say, and why."""
    try:
        declared, _ = parse(text_of(done.content), path)
        problems = check(declared, datetime.now(UTC).date())
    except CatalogueError as error:
        problems = list(error.problems)
        reasons = _reasons(problems, done) or _unsayable(done)
        if not reasons:
            raise CatalogueError(f"The project cannot be exported:\n{error.message}") from None
        return reasons
    return _reasons([problem for problem in problems if not problem.is_warning], done)


def _reasons(problems: Iterable[CatalogueProblem], done: Exported) -> Reasons:
    """Which objects have these problems, with the first one of each."""
    reasons: Reasons = {}
    for problem in problems:
        section, *rest = problem.key or ("",)
        if rest and section in (*SECTIONS.values(), GUARDS):
            reasons.setdefault((str(section), str(rest[0])), _said(problem, rest[1:]))
        elif rest and section == ENVIRONMENTS:
            reasons.setdefault((ENVIRONMENTS, done.content[ENVIRONMENTS][int(rest[0])]), problem.text)
    return reasons


def _said(problem: CatalogueProblem, below: Sequence[str | int]) -> str:
    return f"{dotted(tuple(below))} {problem.text}" if below else problem.text


def _unsayable(done: Exported) -> Reasons:
    """The objects whose text is no YAML, each on its own."""
    reasons: Reasons = {}
    for section in SECTIONS.values():
        for name, content in done.content[section].items():
            try:
                yaml12.compose(text_of({section: {name: content}}))
            except yaml12.YamlError as error:
                reasons[section, name] = f"YAML cannot say it ({error.said})"
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
    for change in plan(with_live_shares(desired(declared), found, datetime.now(UTC)), found).changes:
        if change.action is Action.ADOPT or change.kind not in SECTIONS or _adds_only_a_day(change):
            continue
        flag = change.name if change.kind is ObjectKind.FLAG else change.name.partition(".")[0]
        place = ("flags", flag) if flag in declared.flags else (SECTIONS[change.kind], change.name)
        if place[1] in done.content[place[0]]:
            reasons.setdefault(place, f"a catalogue cannot say it as it is ({sentence(change)})")
    return reasons
