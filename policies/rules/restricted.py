"""Rules of pods: Pod Security's `restricted` level, a read-only root file system, a service account without a token.

Source of the first: kubernetes.io/docs/concepts/security/pod-security-standards, read in the version for 1.35. Each
control is a small function; `restricted` is all of them, `baseline`, which it contains, included.
"""

from collections.abc import Callable, Iterator

from policies.model import MISSING, Enforcement, Finding, Manifest, Objects, Rule
from policies.pods import Container, Pod, pods
from policies.unknown import apart

VOLUMES = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
SYSCTLS = frozenset(
    {
        *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports"),
        *("net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout"),
        *("net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time"),
        *("net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem"),
    }
)
SELINUX_TYPES = frozenset({"container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
PROFILES = ("RuntimeDefault", "Localhost")
HANDLERS = (
    *(("livenessProbe",), ("readinessProbe",), ("startupProbe",)),
    *(("lifecycle", "postStart"), ("lifecycle", "preStop")),
)

PodControl = Callable[[Pod], Iterator[Finding]]
ContainerControl = Callable[[Pod, Container], Iterator[Finding]]


def _host(pod: Pod) -> Iterator[Finding]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(name):
            yield Finding(pod.object, f"{pod.path}.{name}", pod.spec[name], "false")


def _volumes(pod: Pod) -> Iterator[Finding]:
    for volume in pod.spec.get("volumes") or ():
        for kind in sorted(set(volume) - {"name"} - VOLUMES):
            path = f"{pod.path}.volumes[{volume.get('name', '')}].{kind}"
            yield Finding(pod.object, path, kind, f"one of {', '.join(sorted(VOLUMES))}")


def _sysctls(pod: Pod) -> Iterator[Finding]:
    for sysctl in pod.security.get("sysctls") or ():
        if sysctl.get("name") not in SYSCTLS:
            path = f"{pod.path}.securityContext.sysctls"
            yield Finding(pod.object, path, sysctl.get("name"), f"one of {', '.join(sorted(SYSCTLS))}")


def _contexts(pod: Pod) -> Iterator[Finding]:
    """What pod and container may say alike: profiles of SELinux, AppArmor and Windows, and the user."""
    owners = [(pod.path, pod.security), *((item.path, item.security) for item in pod.containers())]
    for owner, security in owners:
        path = f"{owner}.securityContext"
        selinux = security.get("seLinuxOptions") or {}
        if selinux.get("type") and selinux["type"] not in SELINUX_TYPES:
            yield Finding(
                pod.object, f"{path}.seLinuxOptions.type", selinux["type"], f"one of {', '.join(sorted(SELINUX_TYPES))}"
            )
        for key in ("user", "role"):
            if selinux.get(key):
                yield Finding(pod.object, f"{path}.seLinuxOptions.{key}", selinux[key], "nothing")
        armour = (security.get("appArmorProfile") or {}).get("type")
        if armour is not None and armour not in PROFILES:
            yield Finding(pod.object, f"{path}.appArmorProfile.type", armour, " or ".join(PROFILES))
        if (security.get("windowsOptions") or {}).get("hostProcess"):
            yield Finding(pod.object, f"{path}.windowsOptions.hostProcess", True, "false")  # noqa: FBT003 the value shown
        if security.get("runAsUser") == 0:
            yield Finding(pod.object, f"{path}.runAsUser", 0, "a user other than root")


def _privileges(pod: Pod, container: Container) -> Iterator[Finding]:
    path, security = f"{container.path}.securityContext", container.security
    if security.get("privileged"):
        yield Finding(pod.object, f"{path}.privileged", security["privileged"], "false")
    if security.get("allowPrivilegeEscalation") is not False:
        value = security.get("allowPrivilegeEscalation", MISSING)
        yield Finding(pod.object, f"{path}.allowPrivilegeEscalation", value, "false")
    if security.get("procMount", "Default") != "Default":
        yield Finding(pod.object, f"{path}.procMount", security["procMount"], "Default")


def _capabilities(pod: Pod, container: Container) -> Iterator[Finding]:
    path = f"{container.path}.securityContext.capabilities"
    capabilities = container.security.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or ()):
        yield Finding(pod.object, f"{path}.drop", list(capabilities.get("drop") or ()) or MISSING, "ALL")
    added = sorted(set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"})
    if added:
        yield Finding(pod.object, f"{path}.add", added, "nothing but NET_BIND_SERVICE")


def _user(pod: Pod, container: Container) -> Iterator[Finding]:
    own, common = container.security.get("runAsNonRoot"), pod.security.get("runAsNonRoot")
    if (common if own is None else own) is not True:
        path = f"{container.path}.securityContext.runAsNonRoot"
        yield Finding(pod.object, path, MISSING if own is None else own, "true, here or for the pod")


def _seccomp(pod: Pod, container: Container) -> Iterator[Finding]:
    own = (container.security.get("seccompProfile") or {}).get("type")
    common = (pod.security.get("seccompProfile") or {}).get("type")
    if (common if own is None else own) not in PROFILES:
        path = f"{container.path}.securityContext.seccompProfile.type"
        yield Finding(pod.object, path, own or common or MISSING, f"{' or '.join(PROFILES)}, here or for the pod")


def _host_ports(pod: Pod, container: Container) -> Iterator[Finding]:
    for port in container.fields.get("ports") or ():
        if port.get("hostPort"):
            yield Finding(pod.object, f"{container.path}.ports.hostPort", port["hostPort"], "nothing")


def _other_hosts(pod: Pod, container: Container) -> Iterator[Finding]:
    """Probes and hooks that the kubelet would send to another host on the pod's behalf."""
    for steps in HANDLERS:
        handler = container.fields
        for step in steps:
            handler = handler.get(step) or {}
        for action in ("httpGet", "tcpSocket"):
            host = (handler.get(action) or {}).get("host")
            if host:
                yield Finding(pod.object, ".".join((container.path, *steps, action, "host")), host, "nothing")


POD_CONTROLS: tuple[PodControl, ...] = (_host, _volumes, _sysctls, _contexts)
CONTAINER_CONTROLS: tuple[ContainerControl, ...] = (
    *(_privileges, _capabilities, _user, _seccomp),
    *(_host_ports, _other_hosts),
)


def _restricted(objects: Objects) -> Iterator[Finding]:
    for pod in pods(objects):
        for control in POD_CONTROLS:
            yield from apart(control(pod))
        for container in pod.containers():
            for check in CONTAINER_CONTROLS:
                yield from apart(check(pod, container))


def _read_only(objects: Objects) -> Iterator[Finding]:
    for pod in pods(objects):
        for container in pod.containers():
            yield from apart(_root(pod, container))


def _root(pod: Pod, container: Container) -> Iterator[Finding]:
    value = container.security.get("readOnlyRootFilesystem", MISSING)
    if value is not True:
        yield Finding(pod.object, f"{container.path}.securityContext.readOnlyRootFilesystem", value, "true")


def _tokens(objects: Objects) -> Iterator[Finding]:
    for pod in pods(objects):
        yield from apart(_mounted(pod))
        for volume in pod.spec.get("volumes") or ():
            yield from apart(_projected(pod, volume))


def _mounted(pod: Pod) -> Iterator[Finding]:
    value = pod.spec.get("automountServiceAccountToken", MISSING)
    if value is not False:
        yield Finding(pod.object, f"{pod.path}.automountServiceAccountToken", value, "false")


def _projected(pod: Pod, volume: Manifest) -> Iterator[Finding]:
    sources = (volume.get("projected") or {}).get("sources") or ()
    if any("serviceAccountToken" in source for source in sources):
        path = f"{pod.path}.volumes[{volume.get('name', '')}].projected.sources"
        yield Finding(pod.object, path, "serviceAccountToken", "other sources")


def _accounts(objects: Objects) -> Iterator[Finding]:
    for pod in pods(objects):
        name = pod.spec.get("serviceAccountName") or MISSING
        if name in (MISSING, "default"):
            yield Finding(pod.object, f"{pod.path}.serviceAccountName", name, "an account of the component's own")


RULES = (
    Rule(
        id="restricted-pods",
        title="Every pod keeps to Pod Security's `restricted` level",
        description="A program that is taken over stays in its container: no root, no capability, no way to either, "
        "nothing of the node.",
        enforcement=Enforcement.MANDATORY,
        remedy="Use the security contexts that every component here uses.",
        check=_restricted,
    ),
    Rule(
        id="read-only-root",
        title="Every container's root file system is read-only",
        description="What is written ends up in volumes, where it is bounded and seen; a program that is taken over "
        "cannot change itself.",
        enforcement=Enforcement.MANDATORY,
        remedy="Mount an emptyDir where the program writes.",
        check=_read_only,
    ),
    Rule(
        id="service-account-token",
        title="No pod has a token of its service account",
        description="Nothing here talks to Kubernetes' API: a token would be of use to an intruder only.",
        enforcement=Enforcement.MANDATORY,
        remedy="Say so in the pod; the service account's own field is a default that a pod overrides.",
        check=_tokens,
    ),
    Rule(
        id="service-account",
        title="Every pod runs under a service account of its component, never under `default`",
        description="Whatever is granted to `default` by mistake is granted to every pod that names no other.",
        enforcement=Enforcement.MANDATORY,
        remedy="Make an account for the component, and name it in the pod.",
        check=_accounts,
    ),
)
