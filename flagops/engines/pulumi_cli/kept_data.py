"""What a run of the Pulumi CLI is not started for: by Pulumi's own state, it would delete what holds data."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from components.deployment.given_namespace import handed_over
from components.deployment.kept_data import GIVEN_UP, WAY_BACK, has_database, held, named, replacing_changes, shrinking
from components.kit.names import CNPG_API_VERSION, PART_OF, PLATFORM
from flagops.engines.pulumi_cli import state as pulumi_state
from flagops.errors import RefusedError

if TYPE_CHECKING:
    from flagops.stacks.files import Stack

HELD = {
    "kubernetes:core/v1:PersistentVolumeClaim": "PersistentVolumeClaim",
    f"kubernetes:{CNPG_API_VERSION}:Cluster": "Cluster",
}
"""By the type of a resource, the kind of what has volumes."""


def refuse_losses(
    state: pulumi_state.Deployment, stack: "Stack", is_there: Callable[[Mapping[str, Any]], bool]
) -> None:
    """Raise OpsError, with the way that keeps the data, when what holds data would be replaced or given up.

    Args:
        state: What is on record.
        stack: The stack.
        is_there: Whether the cluster still has an object. What `ff db move` has deleted before Pulumi lets go of it is
            not given up.
    """
    problems, given_up = list(_losses(state, stack)), list(_given_up(state, stack, is_there))
    if not problems and not given_up:
        return
    hints = [WAY_BACK] if given_up else []
    if problems:
        hints.append(f"Set {stack.path.name} back. docs/backups.md#another-volume says how the data is moved.")
    hints.append(f"What was deleted by hand for that, `pulumi refresh --stack {stack.name}` takes out of the state.")
    raise RefusedError(
        "Nothing was changed, because data would be lost:\n"
        + "\n".join(f"  {problem}" for problem in (*problems, *given_up)),
        hint=" ".join(hints),
    )


def _given_up(
    state: pulumi_state.Deployment, stack: "Stack", is_there: Callable[[Mapping[str, Any]], bool]
) -> Iterator[str]:
    """The databases on record that the settings do not have any more.

    Pulumi would say so of a protected one only, and only when Flagsmith is on its new database already. So one that is
    protected counts also when it is gone.
    """
    if stack.settings.is_edge:
        return  # The program refuses another role, and says what that would delete.
    wanted, protected = named(stack.settings), pulumi_state.protected(state)
    for type_, inputs in pulumi_state.recorded(state):
        kind, metadata = HELD.get(type_, ""), inputs.get("metadata") or {}
        # A program may have Clusters of its own beside the platform's.
        is_own = metadata.get("namespace") == stack.settings.namespace.name and _is_platforms(inputs)
        if not is_own or (kind, _name(inputs)) in wanted or not has_database(CNPG_API_VERSION, kind, _name(inputs)):
            continue
        name, version = f"{kind} {_name(inputs)}", type_.partition(":")[2].rpartition(":")[0].removeprefix("core/")
        if name in protected or is_there({"apiVersion": version, "kind": kind, "metadata": metadata}):
            yield f"{name} {GIVEN_UP}."


def _losses(state: pulumi_state.Deployment, stack: "Stack") -> Iterator[str]:
    recorded = list(pulumi_state.recorded(state))
    settings = stack.settings
    # A program may have namespaces of its own beside the platform's.
    names = [
        inputs["metadata"]["name"]
        for kind, inputs in recorded
        if kind == pulumi_state.NAMESPACE and (_is_platforms(inputs) or _name(inputs) == settings.namespace.name)
    ]
    if not settings.namespace.create and settings.namespace.name in names:
        yield f"{handed_over(settings.namespace.name)}."
        return
    identifiers = {inputs.get("clusterIdentifier") for kind, inputs in recorded if kind == pulumi_state.PROVIDER}
    other = identifiers - {settings.resolved_cluster_identifier, None}
    for name in names:
        if name != settings.namespace.name:
            yield f"the namespace {name} would be deleted with everything in it, for namespace.name is another one."
        elif other:
            yield (
                f"the namespace {name} would be deleted with everything in it, and made anew: clusterIdentifier was "
                f"{', '.join(map(repr, other))} and would be {settings.resolved_cluster_identifier!r}."
            )
    given = _given(state, recorded)
    for name in sorted(given):
        if name != settings.namespace.name:
            yield f"what is in the namespace {name} would be deleted, for namespace.name is another one."
        elif other:
            yield (
                f"what is in the namespace {name} would be deleted, and made anew: clusterIdentifier was "
                f"{', '.join(map(repr, other))} and would be {settings.resolved_cluster_identifier!r}."
            )
    wanted = {(item["kind"], item["metadata"]["name"]): item for item in held(settings)}
    for type_, inputs in recorded:
        item = wanted.get((HELD[type_], _name(inputs))) if type_ in HELD else None
        # What goes with another namespace was said above; what is in one that is not the platform's is not its own.
        if item is None or inputs["metadata"].get("namespace") != settings.namespace.name:
            continue
        name = f"{item['kind']} {item['metadata']['name']}"
        for field in replacing_changes(inputs, item):
            yield f"{name} would be deleted and made anew, empty, since {field} changes."
        for reason in shrinking(item, inputs):
            yield f"{name} {reason}."


def _given(state: pulumi_state.Deployment, recorded: Iterable[tuple[str, Mapping[str, Any]]]) -> set[str]:
    """The namespaces of somebody else's in which the platform has what holds data."""
    places = {
        inputs["metadata"].get("namespace") for type_, inputs in recorded if type_ in HELD and _is_platforms(inputs)
    }
    return places & set(pulumi_state.read_namespaces(state))


def _is_platforms(inputs: Mapping[str, Any]) -> bool:
    return bool(((inputs.get("metadata") or {}).get("labels") or {}).get(PART_OF) == PLATFORM)


def _name(inputs: Mapping[str, Any]) -> str:
    return str(inputs["metadata"]["name"])
