"""Security contexts that Pod Security's `restricted` level admits, with a read-only root file system on top."""

from pulumi_kubernetes.core.v1 import (
    CapabilitiesArgs,
    PodSecurityContextArgs,
    SeccompProfileArgs,
    SecurityContextArgs,
)


def pod_security_context(user: int | None) -> PodSecurityContextArgs:
    """Every container of the pod runs as `user` and its group, which also own the pod's volumes.

    None leaves them to the cluster, which has numbers of its own for each namespace.
    """
    return PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=user,
        run_as_group=user,
        fs_group=user,
        # Changing the owner of each file of a large database on each start would take minutes.
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_security_context(user: int | None = None) -> SecurityContextArgs:
    """No capability, no way to gain one, and nothing to write to but the mounted volumes.

    It runs as `user` and its group, None for the pod's own.
    """
    return SecurityContextArgs(
        run_as_user=user,
        run_as_group=user,
        allow_privilege_escalation=False,
        capabilities=CapabilitiesArgs(drop=["ALL"]),
        read_only_root_filesystem=True,
        run_as_non_root=True,
        seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
    )
