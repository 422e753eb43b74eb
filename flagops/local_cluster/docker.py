"""Whether a Docker is here that kind can use: not only its command, its daemon too, and on this machine."""

import ipaddress
import os
import shutil
import subprocess
from typing import Final
from urllib.parse import urlsplit

from flagops.errors import ToolError

DOCKER_SECONDS: Final = 10.0
"""How long Docker may take to answer; an idle one takes 0.1 s, one that is starting up several seconds."""

LOCAL_SCHEMES: Final = ("", "unix", "npipe", "fd")

NODES_LABEL: Final = "io.x-k8s.kind.cluster"
"""The label that kind gives its nodes' containers, with the cluster's name."""


class DockerError(ToolError):
    """Docker is installed, and kind cannot use it; the message says why."""


def is_installed() -> bool:
    """Whether there is the command, which does not tell whether its daemon runs."""
    return shutil.which("docker") is not None


def require() -> None:
    """See that a Docker of this machine answers.

    Raises:
        DockerError: There is none, it is another machine's, or it does not answer.
    """
    endpoint = _endpoint()
    if not _is_here(endpoint):
        raise DockerError(
            f"Docker runs on another machine ({endpoint}): the cluster's API server and its pages would be on "
            "that machine's 127.0.0.1, where nothing here reaches them. Unset DOCKER_HOST, or choose the context of a "
            "Docker on this machine (`docker context use`)."
        )
    _docker("info", "--format", "{{.ServerVersion}}")


def memory() -> int | None:
    """How many bytes of memory Docker has; None where it does not tell. On macOS and Windows that is its machine's."""
    try:
        said = _docker("info", "--format", "{{.MemTotal}}").strip()
    except DockerError:
        return None
    return int(said) if said.isdecimal() and int(said) else None


def containers(cluster: str) -> dict[str, str]:
    """The containers of a kind cluster's nodes: each one's name and state, such as running, exited or paused.

    Raises:
        DockerError: Docker does not answer.
    """
    command = ("ps", "--all", "--filter", f"label={NODES_LABEL}={cluster}", "--format", "{{.Names}}\t{{.State}}")
    lines = (line.partition("\t") for line in _docker(*command).splitlines() if line)
    return {name: state for name, _, state in sorted(lines)}


def wake(name: str, state: str) -> None:
    """Let a container run again that was stopped or paused. Raises DockerError when Docker refuses."""
    _docker("unpause" if state == "paused" else "start", name)


def _docker(*arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603
            ["docker", *arguments],  # noqa: S607 - whichever the user has
            capture_output=True,
            text=True,
            check=False,
            timeout=DOCKER_SECONDS,
        )
    except FileNotFoundError:
        raise DockerError("Docker is not installed: there is no `docker` on PATH.") from None
    except subprocess.TimeoutExpired:
        raise DockerError(
            f"Docker is installed and does not answer: `docker {arguments[0]}` has not ended after "
            f"{DOCKER_SECONDS:.0f} s."
        ) from None
    except OSError as error:
        raise DockerError(f"Docker is installed and cannot be run: {error.strerror}.") from None
    if done.returncode:
        raise DockerError(f"Docker is installed and does not answer: {_reason(done.stderr)}")
    return done.stdout


def _reason(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    last = lines[-1].rstrip(".") if lines else "it says nothing"
    lower = stderr.lower()
    if "permission denied" in lower:
        return f"you may not use it ({last}). Become a member of its group: sudo usermod -aG docker $USER"
    if "cannot connect" in lower or "no such file" in lower or "connection refused" in lower:
        return f"it is stopped ({last})."
    return f"{last}."


def _endpoint() -> str:
    """Where the command finds its daemon: by DOCKER_HOST, or by the context that is in use."""
    stated = os.environ.get("DOCKER_HOST")
    if stated:
        return stated
    try:
        return _docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").strip()
    except DockerError:
        return ""  # Podman's stand-in knows no contexts; whether it answers is asked next


def _is_here(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    if parts.scheme in LOCAL_SCHEMES:
        return True
    if parts.scheme == "ssh" or not parts.hostname:
        return False
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"
