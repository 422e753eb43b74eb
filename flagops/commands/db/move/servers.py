"""What a move does at the two servers: the steps that run in Jobs, and the certificate of the embedded one."""

from pathlib import Path
from typing import Any, Final

from components.kit import names
from flagops.commands.db.administrator import as_administrator
from flagops.commands.db.backups import jobs
from flagops.commands.db.move import importing
from flagops.errors import FailedError, NotFoundError, RefusedError
from flagops.kubernetes.objects import Manifest, Ref
from flagops.pods import jobs as cluster_jobs
from flagops.pods.exec import run
from flagops.pods.pods import PodComponent, is_ready, own_selector
from flagops.stacks.deployed import Instance

SHOW_CERTIFICATE: Final = Path(__file__).parent / "in_pod" / "show-certificate.sh"
HIDE_CERTIFICATE: Final = Path(__file__).parent / "in_pod" / "hide-certificate.sh"
SECONDS: Final = 120.0
# The copy beside the data of before, and the write-ahead log of making it.
ROOM: Final = 1.5
# The database that the embedded server had before one was moved into it (move-database.sh).
BEFORE: Final = "flagsmith_before_move"
DROP_BEFORE: Final = f'on_server --output=/dev/null --command="DROP DATABASE IF EXISTS {BEFORE} WITH (FORCE)"'


def step(instance: Instance, name: str, on_line: jobs.OnLine = jobs.ignore) -> dict[str, Any]:
    """Run a step of move-database.sh in a Job to its end; its result. Raises OpsError with its last lines."""
    env = {"STEP": name, **({"BACK_TO": _host_beside(instance)} if name == "back" else {})}
    return _done(instance, env, on_line)


def close_new(instance: Instance, on_line: jobs.OnLine) -> None:
    """Let nobody write to the database that the stack's file calls live: for who goes back while Flagsmith moves."""
    _done(instance, {"STEP": "shut", "BACK_TO": _host_beside(instance)}, on_line)


def open_new(instance: Instance, on_line: jobs.OnLine) -> None:
    """Take that back, when a run that was to go back was killed, and the move goes on."""
    # The settings' model takes a second to import.
    from components.secrets.addresses import primary

    _done(instance, {"STEP": "back", "BACK_TO": primary(instance.settings)}, on_line)


def _done(instance: Instance, env: dict[str, str], on_line: jobs.OnLine) -> dict[str, Any]:
    """Run a Job of the move to its end, when no other one is at work.

    One that a run left which was killed may still wait for a node, and close a database again that was opened since.
    """
    for job in instance.items(cluster_jobs.API_VERSION, "Job"):
        metadata = job["metadata"]
        owners = metadata.get("ownerReferences") or []
        if any((owner["kind"], owner["name"]) == ("CronJob", names.MOVE) for owner in owners):
            jobs.end(instance, metadata["name"], on_line)
    return jobs.finish(instance, cluster_jobs.start(instance, names.MOVE, env=env), on_line)


def is_declared(instance: Instance, to: str) -> bool:
    """Whether the first step got to its end: what the others need is in the cluster."""
    other = importing.waits(instance) if to == "cloudnativepg" else _embedded(instance) is not None
    return other and has_template(instance)


def has_template(instance: Instance) -> bool:
    """Whether what logs in to both servers is in the cluster: it is there while data is brought over."""
    return instance.get("batch/v1", "CronJob", names.MOVE) is not None


def _host_beside(instance: Instance) -> str:
    """Where the database beside the live one is, by the stack's file: a template may be of a deployment before."""
    # The settings' model takes a second to import.
    from components.secrets.addresses import primary
    from components.settings.beside import beside

    other = beside(instance.settings)
    return primary(instance.settings if other is None else other)


def show_certificate(instance: Instance) -> None:
    """Have the embedded server take TLS, with a certificate of its own; and what checks it where the import finds it.

    The server is not restarted, and its key does not leave its volume.
    """
    certificate = in_server(instance, SHOW_CERTIFICATE.read_text(encoding="utf-8"), "It takes no TLS")
    instance.client.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": names.MOVE_SOURCE,
                "namespace": instance.namespace,
                "labels": {names.PART_OF: names.PLATFORM},
            },
            "stringData": {"ca.crt": certificate},
        },
        force=True,
    )


def hide_certificate(instance: Instance) -> None:
    """Take that back; nothing where it was done before."""
    instance.client.delete(_secret(instance))
    if _embedded(instance) is not None:
        in_server(instance, HIDE_CERTIFICATE.read_text(encoding="utf-8"), "Its certificate cannot be removed")


def in_server(instance: Instance, script: str, what: str) -> str:
    """What a script prints that runs in the embedded server's own container, as its administrator.

    Whichever database is live: with a Cluster, the pods of the component are the Cluster's.
    """
    found = instance.items("v1", "Pod", labelSelector=own_selector(PodComponent.DATABASE))
    pod = next(filter(is_ready, found), None)
    if pod is None:
        raise NotFoundError(
            f"No pod of the embedded PostgreSQL is ready in {instance.namespace} (context {instance.context!r}).",
            hint=f"{instance.kubectl} describe statefulset {names.POSTGRES}",
        )
    done = run(instance, pod, as_administrator(script), seconds=SECONDS)
    if done.code:
        said = instance.masker()(done.err.strip() or done.out.strip())
        raise FailedError(f"The embedded server cannot be used for a move. {what}: {said}")
    return done.out.strip()


def _embedded(instance: Instance) -> Manifest | None:
    return instance.get("apps/v1", "StatefulSet", names.POSTGRES)


def _secret(instance: Instance) -> Ref:
    return Ref("v1", "Secret", instance.namespace, names.MOVE_SOURCE)


def require_room(instance: Instance) -> None:
    """Raise RefusedError where the embedded server's volume has no room for a copy of the live database."""
    size = int(step(instance, "look")["bytes"])
    free = int(
        in_server(instance, 'df --output=avail -B1 "$DATA_VOLUME" | tail -n 1', "Its volume cannot be looked at")
    )
    if free < ROOM * size:
        raise RefusedError(
            f"The embedded server's volume has {free} bytes free, and the copy needs {ROOM * size:.0f}.",
            hint="Raise postgres.storage.size, `ff up`, and begin again.",
        )


def drop_before(instance: Instance) -> None:
    """Delete what the embedded server had before a database was moved into it."""
    in_server(instance, DROP_BEFORE, "The old database cannot be deleted")
