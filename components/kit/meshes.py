"""Service meshes: what a pod says to have no container put beside it.

A Job ends when all containers of its pod have ended, and a mesh's container goes on for ever. Sources: istio.io,
"Installing the Sidecar" (the label counts; releases before 1.10 read the annotation); linkerd.io, "Automatic Proxy
Injection"; developer.hashicorp.com, "Consul on Kubernetes: Annotations and labels".
"""

from typing import Final

NO_SIDECAR_LABELS: Final = {"sidecar.istio.io/inject": "false"}
NO_SIDECAR_ANNOTATIONS: Final = {
    "sidecar.istio.io/inject": "false",
    "linkerd.io/inject": "disabled",
    "consul.hashicorp.com/connect-inject": "false",
}
