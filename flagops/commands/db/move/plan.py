"""What a move would do, and what speaks against it: looked at before anything is changed."""

from collections.abc import Iterator
from typing import Any, Final

from components.kit import names
from flagops.commands.db import marks
from flagops.commands.db.move import servers
from flagops.commands.db.move.state import state_of
from flagops.errors import BadInputError, ConflictError, RefusedError, UnsupportedError
from flagops.kubernetes.refusals import ApiError, UnknownKindError
from flagops.pods.writers import left_stopped
from flagops.stacks.deployed import Instance

TO_CLUSTER: Final = "cloudnativepg"
# pg_dump's files beside the data that is made of them; the server needs some for itself.
CLUSTER_ROOM: Final = 2.5
WAIT: Final = """\
What is down, and for how long:
  Until step 3, and after step 6, nothing.
  Steps 3 to 6: the dashboard and the admin API answer 503 at the way in, and tasks wait: webhooks, mails, analytics.
  Steps 4 to 6: nothing can be written. Flags are read all the time, from caches, the edge, or the live database.
    An SDK that sends a new user, or a trait that changes, gets 500; with traits as they were it gets its flags.
What could still write, and cannot from step 4 on, since the database refuses it:
  applications in the cluster that call Flagsmith's Service, an SDK's POST with traits, `ff flags apply`, `ff db
  psql`."""


def check(instance: Instance, to: str) -> None:
    """Raise OpsError when the database cannot be moved to the mode `to`; of what is seen without a pod."""
    postgres, state = instance.settings.postgres, state_of(instance)
    if not postgres.is_own:
        raise UnsupportedError(
            "The database of this stack is external: whoever runs it moves it.",
            hint="docs/backups.md#another-database says how to come to a database of the stack's own.",
        )
    if state.is_under_way and state.target != to:
        raise ConflictError(
            f"A move to {state.target} is under way, at the step {state.step!r}.",
            hint=f"`{state.command} --stack {instance.stack.name}` goes on; "
            f"`ff db move --abort --stack {instance.stack.name}` takes it back.",
        )
    if not state.is_under_way:
        _check_new(instance, to)


def _check_new(instance: Instance, to: str) -> None:
    postgres, state, stack = instance.settings.postgres, state_of(instance), instance.stack.name
    if postgres.mode == to and state.step == "kept" and servers.has_template(instance):
        return
    if left_stopped(instance):
        raise RefusedError(
            "Flagsmith is stopped: a run of another command was killed, and what it has left would not move.",
            hint=f"`ff up --stack {stack}` starts Flagsmith, or goes on with `ff db upgrade`; then begin again.",
        )
    if postgres.mode == to:
        raise BadInputError(f"The database of the stack {stack!r} is {to} already.")
    if to == TO_CLUSTER:
        _require_operator(instance)
        if instance.get(names.CNPG_API_VERSION, "Cluster", postgres.cluster.name) is not None:
            raise RefusedError(
                f"There is a Cluster {postgres.cluster.name} already, and an import begins with a new one.",
                hint=f"`ff db move --forget --stack {stack}` deletes one that is kept of a move before, with its data."
                if state.beside == to
                else f"To take another name, write postgres.move: {{beside: {to}, step: prepared}} and "
                f"postgres.cluster: {{name: …}} into {instance.stack.path.name}, and run this again.",
            )
        if postgres.cluster.major < postgres.major:
            raise RefusedError(
                f"The Cluster would be of PostgreSQL {postgres.cluster.major}, older than the embedded server's "
                f"{postgres.major}, whose dumps it cannot read.",
                hint=f"Set postgres.cluster.version to a tag of {postgres.major}.",
            )
    if instance.settings.backup.enabled:
        _require_no_backup(instance)


def _require_operator(instance: Instance) -> None:
    """Raise RefusedError where nothing would make the Cluster; who may not look is told by the deployment."""
    try:
        instance.items(names.CNPG_API_VERSION, "Cluster")
    except UnknownKindError:
        raise RefusedError(
            f"The cluster in context {instance.context!r} has no operator CloudNativePG ({names.CNPG_API_VERSION} is "
            "not served): nothing would make the database.",
            hint="Install CloudNativePG, 1.30.0 or newer (cloudnative-pg.io).",
        ) from None
    namespace = instance.settings.postgres.cluster.operator_namespace
    try:
        found = instance.client.list(
            "apps/v1", "Deployment", namespace, labelSelector=f"{names.NAME}={names.CNPG_OPERATOR}"
        )
    except ApiError:
        return
    if found and not any(item.get("status", {}).get("availableReplicas") for item in found):
        raise RefusedError(
            f"CloudNativePG's operator does not run: no pod of Deployment {namespace}/{found[0]['metadata']['name']} "
            "is available, and nothing would make the database.",
            hint=f"{instance.kubectl_anywhere} -n {namespace} describe deployment",
        )


def _require_no_backup(instance: Instance) -> None:
    for job in instance.items("batch/v1", "Job"):
        name = str(job["metadata"]["name"])
        if name.startswith((f"{names.BACKUP}-", f"{names.RESTORE}-")) and job.get("status", {}).get("active"):
            raise ConflictError(f"The Job {name} is at work, and a move would end its session.", hint="Wait for it.")


def lines(instance: Instance, to: str) -> Iterator[str]:
    """The plan, for people."""
    state, stack = state_of(instance), instance.stack.name
    live = instance.settings.postgres.mode
    if live == to and not state.is_under_way:
        yield f"The database of the stack {stack} ({instance.context}) is {to}."
        yield "The ways that the move needed are closed."
        return
    if state.is_under_way:
        yield f"The move of the stack {stack} ({instance.context}) to {to} goes on, from the step {state.step!r}."
    else:
        yield f"This moves the database of the stack {stack} ({instance.context}) from {live} to {to}."
    bring = (
        "the operator imports it into a new Cluster" if to == TO_CLUSTER else "a Job copies it to the embedded server"
    )
    for number, text in enumerate(
        (
            "The other database is declared beside the live one.",
            "What would not move, or could not, is looked for.",
            "The dashboard and the admin API are closed, and the task processor stops.",
            "The live database takes nothing new.",
            f"The data is brought over: {bring}. Every table, sequence and large object is compared.",
            f"Flagsmith moves, pod by pod. postgres.mode is {to} then; the file {instance.stack.path.name} is changed.",
        ),
        start=1,
    ):
        yield f"  {number}. {text}"
    yield WAIT
    yield (
        "The old database stays as it is until `ff db move --forget`. Before step 6, a step that fails is taken "
        "back by itself, and `ff db move --abort` does so at any time."
    )


def require_movable(instance: Instance, found: dict[str, Any], to: str) -> Iterator[str]:
    """What the live database says of itself: what would stay behind. Raises RefusedError where it cannot be moved."""
    if found["unreadable"]:
        listed = ", ".join(found["unreadable"])
        raise RefusedError(
            f"Flagsmith does not own all that is in its database, and what it may not read does not move: {listed}.",
            hint="Give it to the role flagsmith (ALTER … OWNER TO flagsmith), or remove it.",
        )
    if found["code"] and to == TO_CLUSTER:
        raise RefusedError(
            "The database has something in it that the operator's import would run as a superuser of the new Cluster, "
            f"and Flagsmith has nothing like that: {', '.join(found['code'])}.",
            hint="Remove it, and bring it back after the move; or move by a backup, whose restore runs it as Flagsmith "
            "alone: docs/backups.md#another-database.",
        )
    # The settings' model takes a second to import.
    from components.settings.quantities import format_memory

    # Whose programs dump, and whose server takes it: a server's own pg_dump leaves the marks out.
    setting = "postgres.cluster.version" if to == TO_CLUSTER else "postgres.version"
    postgres = instance.settings.postgres
    version = postgres.cluster.version if to == TO_CLUSTER else postgres.version
    marks.require_known(version, int(found["marked"]), setting=setting, fails="bringing it there")
    _require_room(instance, int(found["bytes"]), to)
    yield f"The live database has {format_memory(int(found['bytes']) // 1024**2 * 1024**2)} of data."
    for key, what in (
        ("databases", "other databases of the server"),
        ("roles", "roles that are not the stack's"),
        ("settings", "settings that somebody gave to roles or to the database"),
    ):
        if found[key]:
            yield f"These stay behind, {what}: {', '.join(found[key])}."


def _require_room(instance: Instance, size: int, to: str) -> None:
    if to != TO_CLUSTER:
        return
    # The settings' model takes a second to import.
    from components.settings.quantities import parse_memory

    storage = instance.settings.postgres.storage.size
    if parse_memory(storage) < CLUSTER_ROOM * size:
        raise RefusedError(
            f"The volumes of the Cluster would have {storage}, and the import needs {CLUSTER_ROOM * size:.0f} bytes: "
            "a dump, and the data beside it.",
            hint=f"Raise postgres.storage.size, `ff db move --abort --stack {instance.stack.name}`, and begin again.",
        )
