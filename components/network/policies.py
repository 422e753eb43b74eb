"""Network policies: all that is not listed as a flow is cut off, in both directions.

A flow is said once. The policy of each of its ends is made from it, so that no end can be forgotten.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, LabelSelectorRequirementArgs, ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicy,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from components.kit import names
from components.kit.component import Component, name_of

DIRECTIONS: Final = ("Ingress", "Egress")
NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
"""The label by which the API server names each namespace."""


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Pods of the stack's namespace.

    Attributes:
        name: of their policy, and so what people see.
        labels: what picks them out.
        labelled: keys of labels that they have, with whatever value.
        unlabelled: keys of labels that they do not have.
    """

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    labelled: Sequence[str] = ()
    unlabelled: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outside:
    """Somebody outside of the stack's namespace: addresses, or pods.

    Attributes:
        cidr: the addresses; None for pods.
        except_: networks within `cidr` to leave out.
        namespace_labels: the namespaces of the pods; none for every namespace.
        pod_labels: the pods; none for all of their namespaces.
    """

    cidr: str | None = None
    except_: Sequence[str] = ()
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    pod_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port that the destination's pods listen on, not that of a Service before them."""

    number: int
    protocol: str = "TCP"


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Who opens connections to whom. Answers need no flow: policies let them pass.

    Attributes:
        source: who opens them.
        destination: to whom.
        ports: the destination's.
    """

    source: Pods | Sequence[Outside]
    destination: Pods | Sequence[Outside]
    ports: Sequence[Port]


@dataclass(frozen=True, kw_only=True)
class NetworkPoliciesArgs:
    """The policies.

    Attributes:
        namespace: the one that is closed.
        flows: what stays open.
        absent: ends of flows that the stack does not have. The policy of the other end counts; they need none.
    """

    namespace: pulumi.Input[str]
    flows: Sequence[Flow]
    absent: Sequence[Pods] = ()


def component_pods(component: str) -> Pods:
    """The pods of one component of the stack."""
    return Pods(name=f"flagsmith-{component}", labels=names.selector(component))


def in_namespace(name: str, pod_labels: Mapping[str, str] | None = None) -> Outside:
    """Pods of a namespace that is known by name."""
    return Outside(namespace_labels={NAMESPACE_NAME: name}, pod_labels=pod_labels or {})


def flow(source: Pods | Sequence[Outside], destination: Pods | Sequence[Outside], *ports: int) -> Flow:
    """What `source` may open to `destination`, on these ports of TCP."""
    return Flow(source=source, destination=destination, ports=[Port(number=port) for port in ports])


def _selector(pods: Pods) -> LabelSelectorArgs:
    keys = [*((key, "Exists") for key in pods.labelled), *((key, "DoesNotExist") for key in pods.unlabelled)]
    expressions = [LabelSelectorRequirementArgs(key=key, operator=operator) for key, operator in keys]
    return LabelSelectorArgs(match_labels=dict(pods.labels) or None, match_expressions=expressions or None)


def _peers(end: Pods | Sequence[Outside]) -> list[NetworkPolicyPeerArgs]:
    if isinstance(end, Pods):
        return [NetworkPolicyPeerArgs(pod_selector=_selector(end))]
    return [_peer(outside) for outside in end]


def _peer(outside: Outside) -> NetworkPolicyPeerArgs:
    if outside.cidr is not None:
        return NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=outside.cidr, except_=list(outside.except_) or None))
    return NetworkPolicyPeerArgs(
        # An empty selector is every namespace; without one the pods would be those of the stack's own.
        namespace_selector=LabelSelectorArgs(match_labels=dict(outside.namespace_labels) or None),
        pod_selector=LabelSelectorArgs(match_labels=dict(outside.pod_labels)) if outside.pod_labels else None,
    )


def _by_ports(ends: Iterable[tuple[Pods | Sequence[Outside], Sequence[Port]]]) -> dict[tuple[Port, ...], list[object]]:
    """The other ends by the ports they share. No end, no rule: a rule without peers would let in everybody."""
    rules: dict[tuple[Port, ...], list[object]] = {}
    for end, ports in ends:
        peers = _peers(end)
        if peers:
            rules.setdefault(tuple(ports), []).extend(peers)
    return rules


def _ports(ports: Iterable[Port]) -> list[NetworkPolicyPortArgs]:
    return [NetworkPolicyPortArgs(port=port.number, protocol=port.protocol) for port in ports]


def policy_spec(pods: Pods, flows: Sequence[Flow]) -> NetworkPolicySpecArgs:
    """What `pods` may receive and open, of all flows."""
    incoming = _by_ports((flow.source, flow.ports) for flow in flows if flow.destination == pods)
    outgoing = _by_ports((flow.destination, flow.ports) for flow in flows if flow.source == pods)
    return NetworkPolicySpecArgs(
        pod_selector=_selector(pods),
        policy_types=list(DIRECTIONS),
        ingress=[NetworkPolicyIngressRuleArgs(from_=peers, ports=_ports(ports)) for ports, peers in incoming.items()]
        or None,
        egress=[NetworkPolicyEgressRuleArgs(to=peers, ports=_ports(ports)) for ports, peers in outgoing.items()]
        or None,
    )


class NetworkPolicies(Component):
    """The policy `flagsmith-default-deny` over every pod of the namespace, and one a component of what is open.

    Attributes:
        policies: their names.
    """

    policies: list[pulumi.Output[str]]

    def __init__(self, name: str, args: NetworkPoliciesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:NetworkPolicies", name, opts)
        ends = [end for flow in args.flows for end in (flow.source, flow.destination) if isinstance(end, Pods)]
        policies = {pods.name: policy_spec(pods, args.flows) for pods in ends if pods not in args.absent}
        policies[names.DEFAULT_DENY] = NetworkPolicySpecArgs(
            pod_selector=LabelSelectorArgs(), policy_types=list(DIRECTIONS)
        )
        self.policies = []
        for policy, spec in policies.items():
            made = NetworkPolicy(
                f"{name}-{policy.removeprefix('flagsmith-')}",
                metadata=ObjectMetaArgs(name=policy, namespace=args.namespace, labels=names.labels("network-policy")),
                spec=spec,
                opts=self.child(),
            )
            self.policies.append(name_of(made))
        self.register_outputs({"policies": self.policies})
