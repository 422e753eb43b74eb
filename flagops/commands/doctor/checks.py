"""The whole examination: what each check needs, and in which order they are made."""

from collections.abc import Iterator

from flagops.commands.doctor.backups import backups
from flagops.commands.doctor.cluster import cluster
from flagops.commands.doctor.edge import edge_documents, edge_pods
from flagops.commands.doctor.edge_keys import edge_keys
from flagops.commands.doctor.flagsmith import flagsmith_api
from flagops.commands.doctor.from_inside import dependencies
from flagops.commands.doctor.gateway import gateway
from flagops.commands.doctor.ingress import certificates, ingress
from flagops.commands.doctor.model import Check, DoctorFinding, Examination
from flagops.commands.doctor.move import unfinished_move
from flagops.commands.doctor.network import isolation
from flagops.commands.doctor.plain_secrets import plain_secrets
from flagops.commands.doctor.rollouts import looked_at_rollouts, rollouts_pod
from flagops.commands.doctor.secret_store import stored_secrets
from flagops.commands.doctor.secrets import changed_secrets
from flagops.commands.doctor.stopped import left_without_pods
from flagops.commands.doctor.storage import claims
from flagops.commands.doctor.tasks import locked_tasks
from flagops.commands.doctor.workloads import autoscalers, jobs, pods, rollouts
from flagops.errors import NoAccessError, NotDeployedError, OpsError, UnknownContextError, UnreachableError
from flagops.pods.pods import PodComponent, is_ready
from flagops.pods.pods import pods as pods_of
from flagops.project import root
from flagops.stacks import target
from flagops.stacks.deployed import Instance, open_instance
from flagops.stacks.files import load_stack

# What is read from the cluster's objects.
OBJECTS: tuple[Check, ...] = (
    claims,
    cluster,
    unfinished_move,
    left_without_pods,
    pods,
    rollouts,
    edge_pods,
    edge_keys,
    rollouts_pod,
    jobs,
    autoscalers,
    changed_secrets,
    stored_secrets,
    plain_secrets,
    ingress,
    gateway,
    isolation,
    certificates,
    backups,
)

NOTHING_RUNS = DoctorFinding(
    "nothing-runs",
    "The nodes are simulated: no container runs, so nothing is served, and nothing can be seen in one.",
    (),
    "start Docker, then ff cluster down && ff cluster up && ff up",
)


def examine(stack: str, environment_key: str | None = None) -> Iterator[DoctorFinding]:
    """All that is wrong with a stack; nothing for one that is well.

    Args:
        stack: Its name.
        environment_key: A key that applications say is refused; by default those of the environments are tried.

    Raises:
        OpsError: The stack is unknown, or its settings are refused: that is no fault of what is deployed.
    """
    try:
        with open_instance(stack, takes_edge=True) as instance:
            yield from _examine(Examination(instance, environment_key))
    except NoAccessError as error:
        yield _without_access(stack, error)
    except NotDeployedError as error:
        yield DoctorFinding("not-deployed", error.message, (), error.hint or f"ff up --stack {stack}")


def _examine(examination: Examination) -> Iterator[DoctorFinding]:
    for check in OBJECTS:
        yield from check(examination)
    if examination.instance.is_simulated:
        yield NOTHING_RUNS
        return
    # Whether or not the API is there: that is when the edge is needed.
    yield from _unhindered(edge_documents, examination)
    if examination.instance.settings.is_edge:
        return
    if not any(is_ready(pod) for pod in pods_of(examination.instance, PodComponent.API)):
        yield _nothing_serves(examination.instance)
        return
    around = list(_unhindered(dependencies, examination))
    yield from around
    # A Flagsmith without its database fails in all it is asked: that is not another fault.
    hopeless = any(finding.name.startswith("database") or finding.name == "dns" for finding in around)
    if not hopeless:
        yield from _unhindered(locked_tasks, examination)
        yield from _unhindered(flagsmith_api, examination)
        yield from _unhindered(looked_at_rollouts, examination)


def _unhindered(check: Check, examination: Examination) -> Iterator[DoctorFinding]:
    """A check that goes through a pod; where the pod or the way to it fails, that is the finding."""
    try:
        yield from check(examination)
    except OpsError as error:
        yield DoctorFinding(
            "pod-unreachable",
            "A pod cannot be looked into.",
            (error.message,),
            error.hint or f"ff status --stack {examination.instance.stack.name}",
        )


def _nothing_serves(instance: Instance) -> DoctorFinding:
    return DoctorFinding(
        "nothing-serves",
        "No pod of the API is ready: no flag is served.",
        tuple(
            f"{pod['metadata']['name']}: {pod.get('status', {}).get('phase', 'Unknown')}"
            for pod in pods_of(instance, PodComponent.API)
        )
        or ("there is no pod at all",),
        f"ff logs --stack {instance.stack.name} --component api",
    )


def _without_access(stack: str, error: NoAccessError) -> DoctorFinding:
    if isinstance(error, UnknownContextError):
        name, what = "wrong-context", "The kubeconfig does not know the stack's context."
    elif isinstance(error, UnreachableError):
        name, what = "cluster-unreachable", "The cluster's API server does not answer."
    else:
        name, what = "no-access", "The cluster cannot be asked from here."
    context = _context(stack)
    fix = error.hint or (f"kubectl config get-contexts   (the stack {stack} wants {context!r})")
    return DoctorFinding(name, what, (error.message,), fix)


def _context(stack: str) -> str:
    return target.settings_context(load_stack(stack, root()))
