"""What the rest of the program may know of a local cluster."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Kind = Literal["kind", "simulated"]

NAME: Final = "flagsmith-local"
"""Name of the cluster, and of its context in the kubeconfig."""

SIMULATED_NOTE: Final = (
    "Its control plane is real, its nodes are simulated: they run no containers, so nothing that is deployed to it is"
    " served.\nTo have it served, start Docker and run: ff cluster down && ff cluster up"
)
"""What everyone who deploys to a simulated cluster is told."""


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """A certificate and its private key, in PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, kw_only=True)
class Published:
    """Where a kind cluster serves the stack on this machine.

    Attributes:
        url: The address that people open.
        port: Its port, of 127.0.0.1.
        node_port: The port of the nodes that it leads to: the Service's.
        setting: Where the address is written, for messages.
    """

    url: str
    port: int
    node_port: int
    setting: str


@dataclass(frozen=True, kw_only=True)
class LocalCluster:
    """A running local cluster.

    Attributes:
        kind: `kind` (real containers in Docker) or `simulated` (a real control plane whose nodes run nothing).
        kubeconfig: A kubeconfig with this one cluster in it, mode 0600.
        context: The context's name in that file.
    """

    kind: Kind
    kubeconfig: Path
    context: str = NAME


@dataclass(frozen=True, kw_only=True)
class ProcessStatus:
    """One process of the simulated control plane."""

    name: str
    pid: int
    alive: bool


@dataclass(frozen=True, kw_only=True)
class NodeStatus:
    """One node as its API server describes it; `zone` is empty when the node has no zone label."""

    name: str
    zone: str
    ready: bool


@dataclass(frozen=True, kw_only=True)
class ClusterStatus:
    """The local cluster as it is now.

    Attributes:
        kind: None when no cluster has been made.
        up: Whether everything runs: each process, the API server, and all nodes are ready.
        problem: What is wrong, in a sentence, when `up` is false.
        kubeconfig: None when no cluster has been made.
        version: The API server's version, such as v1.37.2; empty when it does not answer.
        processes: Of the simulated control plane; empty for kind.
        nodes: Empty when the API server does not answer.
        published: Where a kind cluster serves the stack on this machine; None where none does.
    """

    kind: Kind | None
    up: bool
    problem: str = ""
    kubeconfig: Path | None = None
    version: str = ""
    processes: tuple[ProcessStatus, ...] = ()
    nodes: tuple[NodeStatus, ...] = ()
    published: Published | None = None
