"""One run at a time: a Lease of the cluster that is renewed while the run lives."""

import os
import re
import socket
import uuid
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from types import TracebackType

import psutil

from flagops.errors import BadInputError, ConflictError, OpsError
from flagops.kubernetes.client import Client
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.refusals import ApiError

LEASE_SECONDS = 20
RENEW_SECONDS = 5.0


class Lock:
    """Holds a Lease, as a context manager; `stop` is set when another run took it.

    A Lease left by a killed run is taken over at once when that run was on this machine and its process is gone,
    else when it has expired (20 seconds after its last renewal).
    """

    def __init__(self, client: Client, ref: Ref, what: str, stop: Event) -> None:
        """A lock by the Lease `ref`; `what` is what another run would be working on, in messages."""
        self._client, self._ref, self._what, self._stop = client, ref, what, stop
        self._holder = f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}/{uuid.uuid4().hex[:8]}"
        self._done = Event()
        self._renewer = Thread(target=self._renew, name="lease", daemon=True)
        self._live: Manifest = {}
        self._is_lost = False

    def __enter__(self) -> "Lock":
        """Take the Lease, or say who has it."""
        existing = self._client.get(self._ref)
        try:
            if existing is None:
                self._live = self._client.create(self._manifest())
            elif is_abandoned(existing["spec"], datetime.now(UTC)):
                self._live = self._client.replace(self._manifest(existing["metadata"]["resourceVersion"]))
            else:
                raise self._held(existing)
        except ApiError as error:
            if error.status != 409:
                raise
            raise self._held(self._client.get(self._ref)) from None
        self._renewer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the Lease back, unless another run has it by now."""
        self._done.set()
        self._renewer.join()
        if not self._is_lost:
            try:
                self._client.delete(self._ref, uid=self._live["metadata"]["uid"])
            except OpsError:
                if error is None:
                    raise  # else the run's own error matters; the Lease expires by itself

    def _renew(self) -> None:
        while not self._done.wait(RENEW_SECONDS):
            try:
                self._live = self._client.replace(self._manifest(self._live["metadata"]["resourceVersion"]))
            except ApiError as error:
                if error.status in {404, 409}:
                    self._is_lost = True
                    self._stop.set()
                    return
            except OpsError:
                continue  # out of reach for a moment: the run itself says so if it lasts

    def _manifest(self, resource_version: str = "") -> Manifest:
        metadata = {"name": self._ref.name, "namespace": self._ref.namespace}
        if resource_version:
            metadata["resourceVersion"] = resource_version
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        spec = {"holderIdentity": self._holder, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": now}
        return {"apiVersion": self._ref.api_version, "kind": self._ref.kind, "metadata": metadata, "spec": spec}

    def _held(self, lease: Manifest | None) -> OpsError:
        spec = lease["spec"] if lease else {}
        host, pid, _ = _parts(str(spec.get("holderIdentity", "")))
        return ConflictError(
            f"Another run is working on {self._what}: process {pid} on {host}.",
            hint=f"Wait for it to end. A run that was killed stops counting after {LEASE_SECONDS} seconds.",
        )


def lease(namespace: str, name: str) -> Ref:
    """A Lease."""
    return Ref("coordination.k8s.io/v1", "Lease", namespace, name)


def of_stack(client: Client, project: str, stack: str, stop: Event) -> Lock:
    """The lock of a stack's deployments."""
    return Lock(client, lease(NAMESPACE, object_name(project, stack)), f"stack {stack!r}", stop)


def is_abandoned(spec: Manifest, now: datetime) -> bool:
    """Whether the holder of a Lease cannot be at work any more."""
    holder, renewed = spec.get("holderIdentity"), spec.get("renewTime")
    if not holder or not renewed:
        return True
    expires = datetime.fromisoformat(renewed) + timedelta(seconds=spec.get("leaseDurationSeconds", LEASE_SECONDS))
    if expires < now:
        return True
    host, pid, started = _parts(str(holder))
    return host == socket.gethostname() and pid.isdigit() and _started(int(pid)) != started


def _parts(holder: str) -> tuple[str, str, str]:
    """Host, process id and start time of a holder; an identity of another form is a host that cannot be checked."""
    host, pid, started, *_ = [*holder.split("/"), "", ""]
    return host, pid, started


def _started(pid: int) -> str:
    """When a process started: with it, a process id is not mistaken for a later process of the same number."""
    try:
        return str(int(psutil.Process(pid).create_time()))
    except psutil.Error:
        return ""


NAMESPACE = "kube-system"


ENGINE = "ff-direct"


def object_name(project: str, stack: str) -> str:
    """The name of the stack's Secret and Lease; a stack whose name cannot be part of one is an error."""
    name = f"{ENGINE}.{project}.{stack}"
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", name):
        raise BadInputError(
            f"The direct engine cannot keep a stack named {stack!r}: lower-case letters, digits and '-' are allowed."
        )
    return name
