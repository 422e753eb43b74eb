"""Who reaches whom, by the NetworkPolicies of networking.k8s.io/v1: their semantics, as the API reference has them.

What no policy decides is left out: a pod reaches itself, and is reached from the node it runs on.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

Manifest = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody with an address: a pod, when it has a namespace, or a host.

    `ports` are the named ports of a pod's containers, by name and protocol.
    """

    name: str
    ip: str
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class World:
    """The policies, and the labels of every namespace.

    Whether an `ipBlock` matches pods too differs between networks: `blocks_match_pods` says how it is here.
    """

    policies: tuple[Manifest, ...]
    namespaces: Mapping[str, Mapping[str, str]]
    blocks_match_pods: bool

    def reaches(self, source: Actor, destination: Actor, port: int, protocol: str) -> bool:
        """Whether a connection is let out by its source and let in by its destination."""
        return self.way(source, destination).passes(port, protocol)

    def way(self, source: Actor, destination: Actor) -> "Way":
        """What decides of connections between two, whatever their port: worked out once for all ports."""
        out, into = self._rules("Egress", source, destination), self._rules("Ingress", destination, source)
        return Way(destination=destination, sides=tuple(rules for rules in (out, into) if rules is not None))

    def _rules(self, direction: str, subject: Actor, other: Actor) -> tuple[Manifest, ...] | None:
        """The rules for the other end, of all policies that select the subject; None if none does: all is open."""
        selecting = [policy for policy in self.policies if self._selects(policy, subject, direction)]
        if not selecting:
            return None
        return tuple(
            rule
            for policy in selecting
            for rule in policy["spec"].get(direction.lower()) or ()
            if self._matches(rule, policy, direction, other)
        )

    @staticmethod
    def _selects(policy: Manifest, subject: Actor, direction: str) -> bool:
        spec = policy["spec"]
        return (
            subject.namespace == policy["metadata"]["namespace"]
            and selected(spec.get("podSelector") or {}, subject.labels)
            and direction in _types(spec)
        )

    def _matches(self, rule: Manifest, policy: Manifest, direction: str, other: Actor) -> bool:
        peers = rule.get("from" if direction == "Ingress" else "to")
        # No list and an empty one mean the same: everybody.
        return not peers or any(self._is(peer, policy["metadata"]["namespace"], other) for peer in peers)

    def _is(self, peer: Manifest, own_namespace: str, other: Actor) -> bool:
        if "ipBlock" in peer:
            return (other.namespace is None or self.blocks_match_pods) and _in_block(peer["ipBlock"], other.ip)
        if other.namespace is None:
            return False
        if "namespaceSelector" in peer:
            in_namespace = selected(peer["namespaceSelector"], self.namespaces[other.namespace])
        else:
            in_namespace = other.namespace == own_namespace
        return in_namespace and ("podSelector" not in peer or selected(peer["podSelector"], other.labels))


@dataclass(frozen=True, kw_only=True)
class Way:
    """From one actor to another: `sides` are the rules of each closed end, of which one must let it pass."""

    destination: Actor
    sides: tuple[tuple[Manifest, ...], ...]

    def passes(self, port: int, protocol: str) -> bool:
        """Whether each end lets this port pass. No list of ports and an empty one mean the same: every port."""
        return all(
            any(
                not (ports := rule.get("ports"))
                or any(_is_port(item, self.destination, port, protocol) for item in ports)
                for rule in rules
            )
            for rules in self.sides
        )


def _types(spec: Manifest) -> Iterable[str]:
    """The directions that a policy closes; one that states none closes the way in, and out only with rules for it."""
    stated: Iterable[str] | None = spec.get("policyTypes")
    return stated or (("Ingress", "Egress") if spec.get("egress") else ("Ingress",))


def _in_block(block: Manifest, ip: str) -> bool:
    return _in_network(ip, block["cidr"]) and not any(_in_network(ip, part) for part in block.get("except") or ())


@cache
def _in_network(ip: str, network: str) -> bool:
    return ip_address(ip) in ip_network(network)


def _is_port(item: Manifest, destination: Actor, port: int, protocol: str) -> bool:
    own = item.get("protocol", "TCP")
    if own != protocol:
        return False
    stated = item.get("port")
    if stated is None:
        return True
    if isinstance(stated, str):
        return destination.ports.get((stated, own)) == port
    return bool(stated <= port <= item.get("endPort", stated))


def selected(selector: Manifest, labels: Mapping[str, str]) -> bool:
    """Whether labels satisfy a label selector; an empty one selects all."""
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    return wanted.items() <= labels.items() and all(_expressions(selector.get("matchExpressions") or (), labels))


def _expressions(expressions: Iterable[Manifest], labels: Mapping[str, str]) -> Iterator[bool]:
    for expression in expressions:
        key, values = expression["key"], expression.get("values") or ()
        match expression["operator"]:
            case "In":
                yield key in labels and labels[key] in values
            case "NotIn":
                yield key not in labels or labels[key] not in values
            case "Exists":
                yield key in labels
            case "DoesNotExist":
                yield key not in labels
            case operator:
                raise ValueError(f"{operator} is no operator of a label selector")
