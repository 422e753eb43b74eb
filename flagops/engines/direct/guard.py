"""What a run refuses before it touches anything: protected objects, and objects that are not its own."""

from collections.abc import Callable, Collection, Iterable, Mapping

from components.deployment.kept_data import HOLDS_DATA, OFF_RECORD
from flagops.engines.direct.state import RecordedObject, StackRecord, protected
from flagops.errors import RefusedError
from flagops.evaluation.program import Program
from flagops.kubernetes.client import FIELD_MANAGER
from flagops.kubernetes.objects import Manifest, Ref

ANOTHER_NAMESPACE = "Give this stack a namespace of its own (namespace.name)."
GIVEN = "Did somebody else make it for this stack? Then set namespace.create to false."
PULUMIS = "If it is this stack, made with the Pulumi CLI: `--engine cli`."
# What an object is about; a manager of anything else (status, finalizers, annotations) is no rival.
ESSENTIAL_FIELDS = ("f:spec", "f:data", "f:stringData", "f:rules", "f:roleRef", "f:subjects")


def refuse_protected_removals(state: StackRecord, program: Program) -> None:
    """Stop when a protected object left the program."""
    names = protected(state.left_by(program))
    if names:
        raise RefusedError(
            f"The program no longer has these protected objects, so they would be deleted: {', '.join(names)}.",
            hint="Put them back into the program. A stack that is not production can let them go: `protect: false` in "
            "its file and nothing else, `ff up`, then this change.",
        )


def refuse_protected(entries: Iterable[RecordedObject], stack: str) -> None:
    """Stop when anything is protected."""
    names = protected(entries)
    if names:
        listed = "\n".join(f"  {name}" for name in names)
        raise RefusedError(
            f"Nothing was deleted, since these objects are protected:\n{listed}", hint=way_to_remove(stack)
        )


def way_to_remove(stack: str) -> str:
    """How a protected stack is removed: no setting changes first, so that the policies go when all else is gone."""
    return (
        f"To remove it all the same, with all its data: `ff down --stack {stack} --unprotect`. A stack that is to "
        "stay, and is no production's, is unprotected by `protect: false` in its file and `ff up`."
    )


def refuse_foreign(
    program: Program, live: Mapping[Ref, Manifest | None], state: StackRecord, read: Callable[[Ref], Manifest | None]
) -> None:
    """Stop when an object exists that this stack did not make, or that another tool manages too.

    `read` is for the state's own leftovers, which may have got another owner as well.
    """
    ours = state.by_identity
    problems, foreign = [], []
    for ref, existing in live.items():
        if existing is None:
            continue
        rivals = rival_managers(existing)
        if ref.identity not in ours:
            managers = ", ".join(all_managers(existing)) or "unknown"
            foreign.append(ref)
            problems.append(f"{ref} exists and was not made by this stack (managed by {managers})")
        elif rivals:
            problems.append(f"{ref} is managed by {', '.join(rivals)} as well")
    for entry in state.left_by(program):
        existing = read(entry.ref)
        rivals = rival_managers(existing) if existing else []
        if rivals:
            problems.append(f"{entry.ref}, which left the program, is managed by {', '.join(rivals)} as well")
    if problems:
        raise RefusedError(
            "Nothing was changed, since not all objects are this stack's own:\n"
            + "\n".join(f"  {problem}" for problem in problems),
            hint=_way_around(foreign),
        )


def _way_around(foreign: Collection[Ref]) -> str:
    """What to do about objects that are not the stack's: those with data in them are never in the way for nothing."""
    with_data = sorted(str(ref) for ref in foreign if ref.kind in HOLDS_DATA)
    another = f"{ANOTHER_NAMESPACE} {GIVEN}" if any(ref.kind == "Namespace" for ref in foreign) else ANOTHER_NAMESPACE
    if not with_data:
        return f"{another} {PULUMIS}"
    kept = f"{OFF_RECORD} " if any(ref.kind == "Cluster" for ref in foreign) else ""
    return (
        f"{another} Or, for a Cluster, another postgres.cluster.name, which begins empty. {kept}{PULUMIS} Do not "
        f"delete what holds data, which would go with it: {', '.join(with_data)}."
    )


def renewed_namespaces(state: StackRecord, live: Mapping[Ref, Manifest | None]) -> tuple[str, ...]:
    """A warning for each namespace on record that is not there any more, or is another one of the same name."""
    return tuple(
        f"{ref} is not the one that the stack was deployed to: that was deleted, with all data in it. All is made anew "
        "there, and empty; `ff db backups` and `ff db restore` bring a backup back."
        for ref, existing in live.items()
        if ref.kind == "Namespace"
        and ref.name in state.namespaces
        and (existing is None or existing["metadata"]["uid"] != state.namespaces[ref.name])
    )


def all_managers(live: Manifest) -> list[str]:
    """Who manages any field of the object."""
    return sorted({entry.get("manager", "unknown") for entry in live["metadata"].get("managedFields") or []})


def rival_managers(live: Manifest) -> list[str]:
    """Who else states what the object should be.

    Another applier, or Pulumi in whichever way it writes. People's `kubectl edit` and the cluster's controllers
    write by update: the next run overrules the former and leaves fields of the latter alone.
    """
    rivals = set()
    for entry in live["metadata"].get("managedFields") or []:
        manager = entry.get("manager", "")
        owns = any(key in entry.get("fieldsV1", {}) for key in ESSENTIAL_FIELDS)
        claims = entry.get("operation") == "Apply" or manager.startswith("pulumi")
        if owns and claims and manager != FIELD_MANAGER and not entry.get("subresource"):
            rivals.add(manager)
    return sorted(rivals)
