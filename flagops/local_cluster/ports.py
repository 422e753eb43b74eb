"""Ports of this machine: those of the simulated cluster's programs, and that at which the stack is served."""

import errno
import os
import socket
from dataclasses import dataclass

import psutil

from flagops.errors import ConflictError
from flagops.local_cluster.model import Published

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Free TCP ports of the loopback interface."""

    etcd: int
    etcd_peer: int
    api_server: int
    controller_manager: int
    scheduler: int
    kubelets: int


def free_ports() -> Ports:
    """Ports that no process listened on a moment ago; all are held open together, so that they differ."""
    sockets = [socket.socket() for _ in range(6)]
    try:
        for item in sockets:
            item.bind((LOOPBACK, 0))
        found = [item.getsockname()[1] for item in sockets]
    finally:
        for item in sockets:
            item.close()
    etcd, etcd_peer, api_server, controller_manager, scheduler, kubelets = found
    return Ports(
        etcd=etcd,
        etcd_peer=etcd_peer,
        api_server=api_server,
        controller_manager=controller_manager,
        scheduler=scheduler,
        kubelets=kubelets,
    )


def taken_by(port: int) -> str | None:
    """None for a port that can be listened on; else who has it, as far as this user may see it, or an empty text."""
    with socket.socket() as probe:
        # As servers do it: a port whose last connections are fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return _by(port)
    return None


def require_free(published: Published) -> None:
    """Raise OpsError when somebody listens on the port already, or this user may not."""
    try:
        _require_silence(published.port)
        with socket.socket() as probe:
            # As Docker does it: a port whose last connections are fading away is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, published.port))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = f"taken{_by(published.port)}" if taken else f"not to be had: {error.strerror}"
        raise ConflictError(
            f"The port {published.port} of {LOOPBACK} is {why}. The stack is to be served there: {published.url}",
            hint=f"End what uses it, or write another port into {published.setting}, then run this again.",
        ) from None


def _require_silence(port: int) -> None:
    """Some systems let two programs listen on one port: one on all addresses, one on loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((LOOPBACK, port)) == 0:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _by(port: int) -> str:
    """Who listens there, as far as this user may see it."""
    try:
        found = psutil.net_connections("tcp")
        owners = {item.pid for item in found if item.status == "LISTEN" and item.laddr and item.laddr.port == port}
        names = sorted(f"{psutil.Process(pid).name()}, process {pid}" for pid in owners if pid)
    except psutil.Error:
        return ""
    return f" by {' and '.join(names)}" if names else ""
