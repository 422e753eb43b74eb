"""The network policies: who may talk to the stack, and whom it may talk to."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from pydantic import Field

from components.settings.base import Section
from components.settings.networks import Cidr, is_within
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.types import Boolean, LabelValue, OtherNamespace, Port, QualifiedName

CLIENT_LABEL: Final = "feature-flags/client"
"""The label of the namespaces whose pods may call the API: `feature-flags/client: "true"`."""

NODE_LOCAL_DNS: Final = "169.254.20.10/32"
"""Where NodeLocal DNSCache listens on each node, by the manifests of Kubernetes."""

Labels = dict[QualifiedName, LabelValue]


class Peer(Section):
    """Who is at the other end: pods of the cluster, or addresses."""

    cidr: Cidr | None = Field(default=None, description="Addresses outside the cluster, or of nodes, but not of pods.")
    except_: tuple[Cidr, ...] = Field(default=(), alias="except", description="Networks within `cidr` to leave out.")
    namespace: OtherNamespace | None = Field(default=None, description="The namespace of pods, by name.")
    namespace_labels: Labels = Field(default_factory=dict, description="The namespaces of pods, by their labels.")
    pod_labels: Labels = Field(
        default_factory=dict,
        description="The pods, by their labels. Default: all pods of those namespaces; if no namespace is named, "
        "of every namespace.",
    )

    def problems(self) -> Iterator[Problem]:
        """Nobody, two at once, or exceptions from something else."""
        pods = [
            key
            for key, value in (
                ("namespace", self.namespace),
                ("namespaceLabels", self.namespace_labels),
                ("podLabels", self.pod_labels),
            )
            if value
        ]
        if self.cidr is None and not pods:
            yield Problem(path=(), text="must name cidr, namespace, namespaceLabels or podLabels", value=NOT_SHOWN)
        for key in pods if self.cidr is not None else []:
            yield Problem(path=(key,), text="contradicts cidr: write addresses and pods as two entries of the list")
        if self.namespace is not None and self.namespace_labels:
            yield Problem(path=("namespaceLabels",), text="contradicts namespace: remove one of the two")
        for index, inner in enumerate(self.except_):
            if self.cidr is None:
                yield Problem(path=("except", index), text="goes with cidr: name the network that holds it")
            elif not is_within(ip_network(inner), ip_network(self.cidr)):
                yield Problem(path=("except", index), text=f"must be smaller than cidr, {self.cidr}, and within it")


class Destination(Peer):
    """Whom Flagsmith may call."""

    ports: tuple[Port, ...] = Field(default=(443,), min_length=1, description="The ports.")


class Outgoing(Section):
    """Where something outside of the stack is."""

    to: tuple[Peer, ...] = Field(
        default=(),
        description="Who it is. Default: for `NAME.NAMESPACE.svc` the pods of that namespace, otherwise any address.",
    )
    port: Port | None = Field(
        default=None, description="The port that its pods or hosts listen on. Default: the port in its own settings."
    )


class Egress(Section):
    """Where the services are that the stack uses and does not run; each goes with the setting that uses it."""

    postgres: Outgoing = Field(default_factory=Outgoing, description="`postgres.mode` external; port 5432.")
    redis: Outgoing = Field(default_factory=Outgoing, description="`redis.mode` external; port 6379.")
    smtp: Outgoing = Field(default_factory=Outgoing, description="`smtp`; port `smtp.port`.")
    s3: Outgoing = Field(
        default_factory=Outgoing,
        description="`backup.s3`; the port of its endpoint. Without an endpoint: the internet, port 443.",
    )
    login: Outgoing = Field(
        default_factory=Outgoing, description="`login.google` and `login.github`. Default: the internet, port 443."
    )
    audit: Outgoing = Field(default_factory=Outgoing, description="`audit.export.url`; its port.")
    prometheus: Outgoing = Field(
        default_factory=Outgoing, description="`rollouts.prometheus`; the port of its address."
    )
    primary: Outgoing = Field(default_factory=Outgoing, description="`edge.primary`; the port of its address.")
    tracing: Outgoing = Field(default_factory=Outgoing, description="`tracing`; the port of `tracing.endpoint`.")


class Dns(Section):
    """The cluster's name server."""

    namespace: OtherNamespace = Field(default="kube-system", description="Its namespace.")
    pod_labels: Labels = Field(
        default_factory=lambda: {"k8s-app": "kube-dns"}, description="Its pods. Default: `k8s-app: kube-dns`."
    )
    addresses: tuple[Cidr, ...] = Field(
        default=(NODE_LOCAL_DNS,),
        description="Further addresses of name servers: that of NodeLocal DNSCache, and that of the DNS Service "
        "if NodeLocal DNSCache takes it over.",
    )
    port: Port = Field(default=53, description="The port that its pods listen on; 5353 on OpenShift.")


def _labelled() -> tuple[Peer, ...]:
    return (Peer.model_validate({"namespaceLabels": {CLIENT_LABEL: "true"}}),)


class NetworkPolicySettings(Section):
    """Network policies: only what docs/network.md lists goes into or out of the namespace."""

    enabled: Boolean | None = Field(
        default=None, description="Whether there are network policies. Default: the value of `production`."
    )
    ingress_namespace: OtherNamespace | None = Field(
        default=None,
        description="The namespace of the ingress controller, or of the gateway that leads here. With an Ingress this "
        "or `ingressCidrs` is required.",
    )
    ingress_pod_labels: Labels = Field(
        default_factory=dict,
        description="Labels of the ingress controller's pods there. Default: all pods of that namespace.",
    )
    ingress_cidrs: tuple[Cidr, ...] = Field(
        default=(),
        description="Addresses of an ingress controller that has no pod address: the nodes' if it uses their "
        "network, the load balancer's if that sends to pods directly.",
    )
    gateway_namespace: OtherNamespace | None = Field(
        default=None,
        description="The namespace of the pods that carry the Gateway's traffic, its data plane; see "
        "[worlds.md](worlds.md). With `gateway.enabled` this or `gatewayCidrs` is required.",
    )
    gateway_pod_labels: Labels = Field(
        default_factory=dict, description="Labels of those pods. Default: all pods of that namespace."
    )
    gateway_cidrs: tuple[Cidr, ...] = Field(
        default=(),
        description="Addresses of a Gateway whose data plane has no pod address: the nodes' if it uses their "
        "network, the load balancer's if that sends to pods directly.",
    )
    clients: tuple[Peer, ...] = Field(
        default_factory=_labelled,
        description=f'Who may call the API within the cluster. Default: namespaces labelled `{CLIENT_LABEL}: "true"`.',
    )
    monitoring_namespace: OtherNamespace = Field(
        default="monitoring", description="The namespace of Prometheus, which may read the metrics' ports."
    )
    monitoring_pod_labels: Labels = Field(
        default_factory=dict, description="Labels of Prometheus' pods there. Default: all pods of that namespace."
    )
    webhooks: tuple[Destination, ...] = Field(
        default=(), description="Where webhooks and Flagsmith's integrations may go. Default: nowhere."
    )
    egress: Egress = Field(
        default_factory=Egress,
        description="Services outside the stack that other settings name. `to` says where they are. Default: the "
        "networks next to the name (`cidr`); for the full name of a Service (`NAME.NAMESPACE.svc`) "
        "the pods of that namespace; otherwise any address. `port` is the port that their pods or "
        "hosts listen on. Default: the port in their own settings.",
    )
    dns: Dns = Field(default_factory=Dns, description="The cluster's name server.")
    except_: tuple[Cidr, ...] = Field(
        default=(),
        alias="except",
        description="Networks that stay closed inside every larger network that is open: any address, the internet, "
        "networks in your settings. Link-local networks and metadata services always stay closed.",
    )
    api_server: tuple[Cidr, ...] = Field(
        default=(),
        description="All addresses of the cluster's API server, which stay closed too: those of `kubectl -n default "
        "get endpointslice,service kubernetes`, and `::/128` if it has none of IPv6. Until you name them, each preview "
        "says which settings could open a way to it.",
    )

    @property
    def closed(self) -> tuple[str, ...]:
        """What is left out of every larger network."""
        return (*self.except_, *self.api_server)

    @property
    def ways_in(self) -> tuple[str, ...]:
        """From where the public name leads here: a namespace, networks, both, or nothing that is known."""
        namespace = () if self.ingress_namespace is None else (self.ingress_namespace,)
        return (*namespace, *self.ingress_cidrs)

    @property
    def gateway_ways_in(self) -> tuple[str, ...]:
        """From where the Gateway leads here: a namespace, networks, both, or nothing that is known."""
        namespace = () if self.gateway_namespace is None else (self.gateway_namespace,)
        return (*namespace, *self.gateway_cidrs)

    def problems(self) -> Iterator[Problem]:
        """Pods of no namespace."""
        if self.gateway_pod_labels and self.gateway_namespace is None:
            yield Problem(
                path=("gatewayPodLabels",), text="goes with networkPolicy.gatewayNamespace: name the pods' namespace"
            )
        if self.ingress_pod_labels and self.ingress_namespace is None:
            yield Problem(
                path=("ingressPodLabels",), text="goes with networkPolicy.ingressNamespace: name the pods' namespace"
            )
