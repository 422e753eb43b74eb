"""What somebody can do whose Docker does not answer: the choices, and what each costs."""

from typing import Final

from flagops.local_cluster import binaries, pins
from flagops.local_cluster.docker import DockerError
from flagops.local_cluster.model import ClusterStatus

BUILD: Final = "builds Kubernetes from source first, about 12 minutes on 2 cores, once"
START: Final = "is there in about 5 s, since its programs are built"


def explained(error: DockerError, now: ClusterStatus) -> DockerError:
    """The error with the choices; of a cluster that is in Docker there is but one."""
    if now.kind == "kind":
        return DockerError(
            f"{error.message}\nThe local cluster, and all that it holds, is in Docker and stays there.",
            hint="Start Docker, then run this again: it starts the cluster's nodes, and waits for them.",
        )
    duration = START if _is_built() else BUILD
    return DockerError(
        f"{error.message}\nNothing was built or made.",
        hint="Choose one:\n"
        "  - Start Docker, then run this again.\n"
        f"  - ff cluster up --simulated: a real control plane with simulated nodes, which {duration}. All is deployed "
        "and rolled out; nothing runs or is served: no page, no log-in, no flags.\n"
        "  - Use a cluster that is there (Docker Desktop's, k3d, minikube, Podman's kind): "
        "ff up --stack local --context NAME, with a NAME of `kubectl config get-contexts`.",
    )


def _is_built() -> bool:
    return all(binaries.programs_there(source).keys() == source.packages.keys() for source in pins.CONTROL_PLANE)
