"""The simulated cluster: the real Kubernetes control plane, and nodes that kwok plays."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from flagops.errors import ConflictError, FailedError
from flagops.local_cluster import binaries, control_plane, objects, pins, ports, processes, rest, state
from flagops.local_cluster.credentials import issue_credentials
from flagops.local_cluster.model import LocalCluster
from flagops.local_cluster.paths import cluster_directory, kubeconfig_file, remove_cluster_directory
from flagops.local_cluster.processes import ProcessRecord
from flagops.waiting import NotYet, until

READY_SECONDS: Final = 90.0
"""How long each step of starting may take; on 2 idle cores all of them together need about 5 s."""

POLL_SECONDS: Final = 0.1

FREED_SECONDS: Final = 10.0
"""How long the port of a process that was killed may stay taken: until the kernel has taken its memory away."""

PORT_ATTEMPTS: Final = 3
"""Starts to try when another program takes a port between our finding it free and using it."""

API_SERVER, KWOK = "kube-apiserver", "kwok"

STAGES: Final = Path(__file__).with_name("stages.yaml")


class PortTakenError(ConflictError):
    """A component ended, and somebody else listens on one of its ports."""


def up(
    home: Path, console: Console, extra_stages: Sequence[Path] = (), container_path: str | None = None
) -> LocalCluster:
    """Make a new simulated cluster, ready for use. The caller has removed what was there before.

    Args:
        home: State directory.
        console: Where progress goes.
        extra_stages: More files of kwok's configuration, such as stages that make certain pods fail.
        container_path: The search path of the commands that kwok's configuration (ClusterExec) runs on this machine
            for those in containers. None, the default: containers run no command, and have no log and no port.

    Raises:
        OpsError: It cannot be made; nothing of it is left then.
    """
    programs = binaries.control_plane(console)
    console.print(f"Starting Kubernetes {pins.version(pins.KUBERNETES)} with {len(objects.ZONES)} simulated nodes…")
    attempts = Retrying(
        retry=retry_if_exception_type(PortTakenError), stop=stop_after_attempt(PORT_ATTEMPTS), reraise=True
    )
    return attempts(_Start(home, console, programs, (STAGES, *extra_stages), container_path).run)


def repair(home: Path, console: Console, known: state.ClusterRecord, container_path: str | None = None) -> LocalCluster:
    """Start again what has ended of a cluster, with its own data, ports and certificates; nothing it holds is touched.

    Raises:
        OpsError: Something does not start, as where another program has taken its port. What runs, runs on.
    """
    programs = binaries.control_plane(console)
    ended = [record.name for record in known.processes if processes.find(record) is None]
    console.print(f"Starting again what has ended: {', '.join(ended) or 'nothing'}…")
    start = _Start(home, console, programs, (), container_path, known.processes)
    start.resume()
    return LocalCluster(kind="simulated", kubeconfig=kubeconfig_file(home))


def stop(home: Path, known: state.ClusterRecord) -> None:
    """End the cluster's processes, those that use others first, and remove its files."""
    processes.stop(known.processes[::-1])
    remove_cluster_directory(home)


class _Start:
    """One start of a cluster, from nothing to ready, or from what is left of it."""

    def __init__(
        self,
        home: Path,
        console: Console,
        programs: dict[str, Path],
        stages: Sequence[Path],
        container_path: str | None,
        records: Sequence[ProcessRecord] = (),
    ) -> None:
        self._home = home
        self._console = console
        self._container_path = container_path
        self._directory = cluster_directory(home)
        self._programs = programs
        self._stages = stages
        self._records = list(records)

    def resume(self) -> None:
        """Start what has ended, each after what it needs; an ended one's record is replaced when it runs again."""
        with rest.client(kubeconfig_file(self._home)) as api:
            for place, record in enumerate(self._records):
                if processes.find(record) is None:
                    self._wait_for_ports(record)
                    path = self._container_path if record.name == KWOK else None
                    command = [str(self._programs[record.name]), *record.arguments]
                    environment = control_plane.environment(self._directory, path or os.defpath)
                    self._records[place] = processes.start(
                        record.name, command, directory=self._directory, environment=environment
                    )
                    self._save(complete=True)
                if record.name == API_SERVER:
                    self._wait("kube-apiserver is ready", lambda: rest.is_ready(api), self._records[: place + 1])
            self._wait("the nodes are ready", lambda: all(node.ready for node in rest.nodes(api)))

    def run(self) -> LocalCluster:
        """Start everything; whatever goes wrong, also an interrupt, takes back what was started."""
        self._records = []
        try:
            return self._run()
        except BaseException:
            stop(self._home, self._state(complete=False))
            raise

    def _run(self) -> LocalCluster:
        self._save(complete=False)
        chosen = ports.free_ports()
        credentials = issue_credentials(self._home, self._directory, chosen)
        directory, programs = self._directory, self._programs

        self._start("etcd", control_plane.etcd(programs["etcd"], directory, chosen, credentials))
        api_server = programs[API_SERVER]
        self._start(API_SERVER, control_plane.api_server(api_server, directory, chosen, credentials))
        kubeconfig = kubeconfig_file(self._home)
        with rest.client(kubeconfig) as api:
            self._wait("kube-apiserver is ready", lambda: rest.is_ready(api))
            manager = programs["kube-controller-manager"]
            self._start(manager.name, control_plane.controller_manager(manager, directory, chosen, credentials))
            scheduler = programs["kube-scheduler"]
            self._start(scheduler.name, control_plane.scheduler(scheduler, chosen, credentials))
            kubelets = None if self._container_path is None else chosen.kubelets
            kwok = control_plane.kwok(programs[KWOK], credentials, self._stages, kubelets)
            self._start(KWOK, kwok, self._container_path)
            for node in objects.nodes(pins.version(pins.KUBERNETES), kubelets):
                rest.create(api, "/api/v1/nodes", node)
            rest.create(api, "/apis/storage.k8s.io/v1/storageclasses", objects.storage_class())
            self._wait("kube-scheduler is healthy", lambda: _is_healthy(api, chosen.scheduler))
            self._wait("kube-controller-manager is healthy", lambda: _is_healthy(api, chosen.controller_manager))
            self._wait("the nodes are ready", lambda: all(node.ready for node in rest.nodes(api)))
            # Without it no pod is admitted; kube-controller-manager makes it.
            default_account = "/api/v1/namespaces/default/serviceaccounts/default"
            self._wait("the default service account is there", lambda: rest.exists(api, default_account))
        self._save(complete=True)
        return LocalCluster(kind="simulated", kubeconfig=kubeconfig)

    def _start(self, name: str, command: list[str], path: str | None = None) -> None:
        environment = control_plane.environment(self._directory, path or os.defpath)
        self._records.append(processes.start(name, command, directory=self._directory, environment=environment))
        self._save(complete=False)

    def _wait(self, condition: str, holds: Callable[[], bool], needed: Sequence[ProcessRecord] | None = None) -> None:
        def checked() -> NotYet | None:
            self._check_processes(self._records if needed is None else needed)
            return None if holds() else NotYet()

        until(
            checked,
            READY_SECONDS,
            late=f"The simulated cluster did not start: it still does not hold that {condition}",
            explain=lambda: "\n".join(f"{item.name}:\n{processes.last_lines(item, 3)}" for item in self._records),
            hint="Is the machine very busy? Run this again.",
            longest_pause=POLL_SECONDS,
        )

    def _wait_for_ports(self, record: ProcessRecord) -> None:
        """Wait until what has ended has let go of its ports; somebody else's process never does."""

        def free() -> NotYet | None:
            taken = {port: ports.taken_by(port) for port in control_plane.ports_of(record.arguments)}
            holders = [f"port {port} is taken{holder}" for port, holder in taken.items() if holder is not None]
            return NotYet(", ".join(holders)) if holders else None

        until(
            free,
            FREED_SECONDS,
            late=f"{record.name} cannot be started again",
            hint="End what uses it, then run this again; nothing of the cluster was touched.",
            on_state=lambda taken: self._console.print(f"Waiting for ports of {record.name}: {taken}…", markup=False),
            longest_pause=POLL_SECONDS,
        )

    def _check_processes(self, needed: Sequence[ProcessRecord]) -> None:
        for record in needed:
            if processes.has_ended(record):
                code, lines = processes.exit_code(record), processes.last_lines(record)
                message = f"{record.name} ended with exit code {code} while the cluster was starting:\n{lines}"
                is_taken = any(ports.taken_by(port) is not None for port in control_plane.ports_of(record.arguments))
                raise (PortTakenError if is_taken else FailedError)(message)

    def _state(self, *, complete: bool) -> state.ClusterRecord:
        return state.ClusterRecord(kind="simulated", complete=complete, processes=tuple(self._records))

    def _save(self, *, complete: bool) -> None:
        state.save(self._home, self._state(complete=complete))


def _is_healthy(api: httpx.Client, port: int) -> bool:
    return rest.says_ok(api, f"https://{ports.LOOPBACK}:{port}/healthz")
