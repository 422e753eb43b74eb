"""Waits until a live object is rolled out, says meanwhile what is waited for, and in the end why it did not come."""

from collections.abc import Callable
from threading import Event as Flag

from flagops.errors import ConflictError, DeadlineError, FailedError
from flagops.kubernetes.client import Client
from flagops.kubernetes.diagnose import diagnose
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.postgres_cluster import (
    STEADY_SECONDS,
    Steady,
    assess_cluster,
    failed_job,
    instances_of,
    is_postgres_cluster,
    pods_of,
)
from flagops.kubernetes.readiness import READY, Phase, Readiness, assess, is_late, skips_await
from flagops.kubernetes.why_waiting import is_pulling, why
from flagops.waiting import NotYet, until

PULL_SECONDS = 1800.0  # that an image may take beyond the time of its object


def how_far(client: Client, live: Manifest, binding_mode: str = "Immediate") -> Readiness:
    """How far a live object is, with its pods where it does not tell by itself.

    Args:
        client: The cluster.
        live: The object.
        binding_mode: That of a claim's storage class.
    """
    answer = assess(live, binding_mode)
    if answer != READY or not is_postgres_cluster(live) or skips_await(live):
        return answer
    namespace = live["metadata"]["namespace"]
    found = assess_cluster(live, client.list("v1", "Pod", namespace, labelSelector=instances_of(live)))
    if found.phase is not Phase.WAITING:
        return found
    failed = failed_job(client.list("batch/v1", "Job", namespace, labelSelector=pods_of(live)))
    return Readiness(Phase.FAILED, f"{found.message}; {failed}") if failed else found


def await_rollout(
    client: Client,
    applied: Manifest,
    mask: Masker,
    *,
    seconds: float,
    say: Callable[[str], None],
    is_changed: bool = True,
    stop: Flag | None = None,
) -> None:
    """Wait until an object is rolled out.

    Args:
        client: The cluster.
        applied: The live object, as it was when the waiting begins.
        mask: Takes secrets out of what is told of the cause.
        seconds: How long to wait.
        say: Gets each new state.
        is_changed: Whether the object is another than it was: what is late after a change is given its time.
        stop: Ends the waiting early.

    Raises:
        DeadlineError: It did not come in time. FailedError: it never will. ConflictError: it is gone. Each says what is
            known of the cause.
    """
    ref, mode = Ref.of(applied), when_bound(client, applied)
    is_watched = is_changed and is_postgres_cluster(applied) and not skips_await(applied)
    steady = Steady(STEADY_SECONDS if is_watched else 0.0)
    live: Manifest | None = None

    def settled() -> Readiness | NotYet:
        nonlocal live
        live = applied if live is None else client.get(ref)
        if live is None:
            raise ConflictError(f"{ref} was deleted by somebody else during the run.", hint="Run again.")
        answer = steady(how_far(client, live, mode))
        if answer.phase is Phase.FAILED and is_late(live) and is_pulling(client, live):
            answer = Readiness(Phase.WAITING, "an image is being pulled")
        if answer.phase is not Phase.WAITING:
            return answer
        return NotYet("; ".join(filter(None, (mask(answer.message), why(client, live, mask)))))

    def explain() -> str:
        return diagnose(client, live or applied, mask)

    def wait(seconds: float) -> Readiness:
        return until(settled, seconds, late=f"{ref} is not ready", explain=explain, on_state=say, stop=stop)

    try:
        result = wait(seconds)
    except DeadlineError:
        # A large image over a slow line comes in the end: what comes is no trouble.
        if not is_pulling(client, live or applied):
            raise
        result = wait(PULL_SECONDS)
    if result.phase is Phase.FAILED:
        raise FailedError(f"{ref} failed: {result.message.rstrip('.')}.\n{explain()}".rstrip())


def when_bound(client: Client, live: Manifest) -> str:
    """When the storage class of a claim binds a volume to it: `Immediate`, which all else has too, or later."""
    name = live.get("spec", {}).get("storageClassName")
    if live["kind"] != "PersistentVolumeClaim" or not name:
        return "Immediate"
    storage_class = client.get(Ref("storage.k8s.io/v1", "StorageClass", "", name)) or {}
    return str(storage_class.get("volumeBindingMode", "Immediate"))
