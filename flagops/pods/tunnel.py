"""One connection to one port of one pod, through the API server.

The `kubernetes` package has this too, but leaves the websocket open when the pod's side ends first.
"""

import select
import socket
import ssl
from typing import Any

from flagops.kubernetes.objects import Manifest
from flagops.pods.websocket import explained, headers, lost, subresource
from flagops.stacks.deployed import Instance

DATA, ERROR = 0, 1  # the channels of port 0 in Kubernetes' port-forward protocol, each begun by the port's number
CHUNK = 64 * 1024  # bytes
MOST_WAITING = 4 * CHUNK  # bytes that a slow client has not taken yet; until then no more is read for it


class Tunnel:
    """A websocket that carries one connection."""

    def __init__(self, instance: Instance, pod: Manifest, port: int) -> None:
        """Open it. Raises OpsError when the API server or the pod's node refuses."""
        # The Kubernetes SDK takes half a second to import.
        from kubernetes.stream.ws_client import create_websocket, get_websocket_url

        path = subresource(pod, "portforward", [("ports", str(port))])
        with explained(instance, f"Cannot reach port {port} of the pod {pod['metadata']['name']}"):
            url = get_websocket_url(instance.client.host + path)
            self._websocket: Any = create_websocket(instance.api.configuration, url, headers(instance, path))
        self._begun: set[int] = set()
        self._waiting = bytearray()
        self._problem = b""

    def carry(self, client: socket.socket) -> str:
        """Carry the client's connection until either side ends it; what the pod's node says went wrong, if anything."""
        try:
            while self._websocket.sock is not None and client.fileno() >= 0 and self._step(client):
                pass
            client.setblocking(True)  # noqa: FBT003 - the name of the socket's own method
            client.sendall(self._waiting)
        except lost():
            pass  # one side is gone, and so the connection has ended
        finally:
            # Its close() does nothing once the other side has said good-bye, and then the socket stays open.
            self._websocket.shutdown()
        return self._problem.decode(errors="replace").strip()

    def _step(self, client: socket.socket) -> bool:
        """Move what can be moved; whether the connection goes on."""
        remote = self._websocket.sock
        may_read = len(self._waiting) < MOST_WAITING
        if may_read and isinstance(remote, ssl.SSLSocket) and remote.pending():
            return self._receive()
        readers = [client, remote] if may_read else [client]
        readable, writable, _ = select.select(readers, [client] if self._waiting else [], [])
        if writable:
            client.setblocking(False)  # noqa: FBT003
            del self._waiting[: client.send(self._waiting[:CHUNK])]
            client.setblocking(True)  # noqa: FBT003
        if client in readable:
            data = client.recv(CHUNK)
            if not data:
                return False
            self._websocket.send_binary(bytes([DATA]) + data)
        return self._receive() if remote in readable else True

    def _receive(self) -> bool:
        # It comes with the Kubernetes SDK, which takes half a second to import.
        from websocket import ABNF

        opcode, frame = self._websocket.recv_data_frame(control_frame=True)
        if opcode == ABNF.OPCODE_CLOSE:
            return False
        if opcode != ABNF.OPCODE_BINARY or not frame.data:
            return True
        channel, data = frame.data[0], frame.data[1:]
        if channel not in self._begun:
            self._begun.add(channel)
        elif channel == DATA:
            self._waiting += data
        elif channel == ERROR:
            self._problem += data
            return False
        return True
