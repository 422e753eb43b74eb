"""What a run refuses because data would be lost by it: before anything is touched, with the way that keeps the data."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from components.deployment.given_namespace import handed_over
from components.deployment.kept_data import GIVEN_UP, HOLDS_DATA, WAY_BACK, has_database, losses, way_out
from components.kit.names import CNPG_API_VERSION
from flagops.engines.direct.ignored import without_ignored
from flagops.engines.direct.rollout import must_replace
from flagops.engines.direct.state import StackRecord
from flagops.errors import RefusedError
from flagops.evaluation.program import KubeObject, Program
from flagops.kubernetes.client import Client
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.refusals import ApiError, UnknownKindError

if TYPE_CHECKING:
    from components.settings import Settings

CLAIM = "PersistentVolumeClaim"
WITH_VOLUMES = (CLAIM, "Cluster")
REFUSED = (403, 422)  # a volume that cannot grow, and a field that cannot change


def refuse_losses(client: Client, program: Program, live: Mapping[Ref, Manifest | None], state: StackRecord) -> None:
    """Stop when an object with data would be replaced or given up, cannot be what is wanted, or is on its way out.

    Protected objects are tried too, since what cannot be changed in place could not be made anew later.
    """
    problems: dict[str, str] = {}
    for item in program.objects:
        existing = live[item.ref]
        for problem in () if existing is None else _problems(client, item, existing):
            hint = way_out(item.ref.kind, item.ref.name, item.ref.namespace) if item.ref.kind in WITH_VOLUMES else ""
            problems[f"{item.ref} {problem}."] = hint
    problems |= dict.fromkeys(_moved(program, state), "Set the namespace's name back; docs/backups.md#another-volume.")
    problems |= dict.fromkeys(_given_up(client, program, state), WAY_BACK)
    if problems:
        raise RefusedError(
            "Nothing was changed, because data would be lost:\n" + "\n".join(f"  {problem}" for problem in problems),
            hint="\n".join(dict.fromkeys(hint for hint in problems.values() if hint)) or None,
        )


def refuse_empty(client: Client, settings: "Settings") -> None:
    """Stop where somebody wrote down a move of the database that nobody made: it would begin empty."""
    # The settings' model takes a second to import.
    from components.deployment.begins_empty import begins_empty

    namespace = settings.namespace.name

    def is_there(kind: str, name: str) -> bool:
        version = CNPG_API_VERSION if kind == "Cluster" else "v1"
        try:
            return client.get(Ref(version, kind, namespace, name)) is not None
        except UnknownKindError:
            return False

    problem = begins_empty(settings, is_there)
    if problem is not None:
        raise RefusedError(f"Nothing was changed. {problem}")


def _problems(client: Client, item: KubeObject, existing: Manifest) -> Iterator[str]:
    if item.ref.kind in HOLDS_DATA:
        # What is ignored stays as it is, whatever the program says of it: so does a Cluster of before that is kept.
        kept = {field: existing[field] for field in item.ignored if field in existing}
        found = list(losses({**item.manifest, **kept}, existing, by_statement=False))
        yield from found
        if found:
            return
    if item.ref.kind == CLAIM or item.protect:
        try:
            client.apply(without_ignored(item.manifest, item.ignored, existing), force=True, dry_run=True)
        except ApiError as error:
            if item.ref.kind == CLAIM and error.status in REFUSED:
                yield f"cannot be changed so: {error.detail}"
            else:
                must_replace(error, item)  # raises for what is protected; all else is told where it is applied


def _given_up(client: Client, program: Program, state: StackRecord) -> Iterator[str]:
    """A database on record that is still there, and that the program no longer has."""
    for entry in state.left_by(program):
        ref = entry.ref
        if has_database(ref.api_version, ref.kind, ref.name) and client.get(ref) is not None:
            yield f"{ref} {GIVEN_UP}."


def _moved(program: Program, state: StackRecord) -> Iterator[str]:
    """A namespace that the program gives up for another one, and all that is in it."""
    wanted = [item.ref for item in program.objects if item.ref.kind == "Namespace"]
    for entry in state.left_by(program):
        if entry.ref.kind != "Namespace" or entry.retain:
            continue
        if wanted:
            yield f"{entry.ref} would be deleted with everything in it, and {wanted[0]} be made, empty."
        elif any(item.ref.namespace for item in program.objects):
            yield f"{handed_over(entry.ref.name)}."
