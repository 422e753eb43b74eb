"""The rules of OpenShift's SCC `restricted-v2` and `nonroot-v2`, as functions over a pod.

Read in openshift/cluster-kube-apiserver-operator, bindata/bootkube/scc-manifests (0000_20_kube-apiserver-operator_00_
scc-restricted-v2.yaml and …-scc-nonroot-v2.yaml), and in the admission of openshift/apiserver-library-go
(pkg/securitycontextconstraints): MustRunAsRange takes what is unset from the namespace's range and refuses the rest.
"""

from collections.abc import Iterator, Mapping
from typing import Any

RANGE = range(1000680000, 1000690000)
"""Such as a namespace has in its annotation `openshift.io/sa.scc.uid-range`."""
VOLUMES = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
CAPABILITIES = frozenset({"NET_BIND_SERVICE"})


def refusals(template: Mapping[str, Any], *, chosen: bool) -> Iterator[str]:
    """Why the SCC refuses a pod: `restricted-v2` where users are `chosen` by the cluster, else `nonroot-v2`."""
    spec = template["spec"]
    pod = spec.get("securityContext") or {}
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield field
    for volume in spec.get("volumes") or ():
        kinds = set(volume) - {"name"}
        if not kinds <= VOLUMES:
            yield f"volume {volume['name']}: {kinds}"
    if chosen and pod.get("fsGroup") is not None and pod["fsGroup"] not in RANGE:
        yield f"fsGroup {pod['fsGroup']}"
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind) or ():
            yield from _of_container(container, pod, chosen=chosen)


def _of_container(container: Mapping[str, Any], pod: Mapping[str, Any], *, chosen: bool) -> Iterator[str]:
    own = container.get("securityContext") or {}
    name = container["name"]
    user = own.get("runAsUser", pod.get("runAsUser"))
    if chosen and user is not None and user not in RANGE:
        yield f"{name}: runAsUser {user}"
    if user == 0 or not own.get("runAsNonRoot", pod.get("runAsNonRoot")):
        yield f"{name}: may be root"
    # Both ask for it to be false; unset is true.
    if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
        yield f"{name}: allowPrivilegeEscalation"
    capabilities = own.get("capabilities") or {}
    if "ALL" not in capabilities.get("drop", ()) or not CAPABILITIES.issuperset(capabilities.get("add", ())):
        yield f"{name}: capabilities {capabilities}"
    profile = (own.get("seccompProfile") or pod.get("seccompProfile") or {}).get("type")
    if profile not in (None, "RuntimeDefault"):
        yield f"{name}: seccompProfile {profile}"
    if any(port.get("hostPort") for port in container.get("ports") or ()):
        yield f"{name}: hostPort"
