"""Where clouds' metadata services are, by their documentation: what gives each node, or each pod, its credentials."""

from typing import Final

ADDRESSES: Final = (
    # All large clouds. Beside it: Amazon's credentials of tasks (ECS) and of pods (EKS Pod Identity), Google's metadata
    # server of GKE, Tencent, Scaleway.
    *("169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.169.252", "169.254.0.23", "169.254.42.42"),
    # Outside of the link-local networks: Azure's WireServer, which is a public address, and Alibaba.
    *("168.63.129.16", "100.100.100.200"),
    # By IPv6: Google, Oracle, Scaleway, Akamai, Alibaba.
    *("fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42", "fd00:a9fe:a9fe::1", "fd00:100::100:200"),
)
"""Their addresses, but for two: those of AMAZON_IPV6, and what OpenStack and Akamai have on each link by IPv6."""

AMAZON_IPV6: Final = ("fd00:ec2::254", "fd00:ec2::23")
"""For nodes and for pods, in a network of Amazon's own."""
