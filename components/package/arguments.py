"""The arguments of the package's component: every setting, as docs/configuration.md describes it.

Written by `ff docs` from the settings' model: change that, not this file.
"""

from enum import Enum
from typing import NotRequired, TypedDict


class Role(Enum):
    """What the stack deploys. `platform`: all of Flagsmith; `edge`: only the proxies of [the edge](edge.md#another-region-another-cluster), for a Flagsmith that runs elsewhere."""

    PLATFORM = "platform"
    EDGE = "edge"


class Size(Enum):
    """Sets replicas, resources, connections and caches together; see the table."""

    LOCAL = "local"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    XLARGE = "xlarge"


class AutoscalingSettings(TypedDict):
    """A HorizontalPodAutoscaler in place of a fixed number of API pods; its range is the vendor's by default."""

    enabled: NotRequired[bool]
    """Whether an autoscaler sets the number of API pods; `replicas` must then be left out. (true or false; default `false`)"""
    min_replicas: NotRequired[int]
    """The fewest API pods. Default: by `size`. (whole number, at least 1)"""
    max_replicas: NotRequired[int]
    """The most API pods; quota and connections are calculated with it. Default: by `size`. (whole number, at least 1)"""
    target_cpu: NotRequired[int]
    """The share of its CPU limit that a pod should use on average. Above it, pods are added; below it, they are slowly removed. (percent, 10 to 95; default `60`)"""


class Amount(TypedDict):
    """An amount of CPU and memory."""

    cpu: str
    """CPU, such as `500m` or `2`. (CPU)"""
    memory: str
    """Memory, such as `512Mi`. (quantity)"""


class Resources(TypedDict):
    """What a container is promised (requests) and what it may use at most (limits); both are required."""

    requests: Amount
    """What the scheduler reserves for the container."""
    limits: Amount
    """What the container may use at most. Too little to work is refused; docs/capacity.md has the minimum."""


class GunicornSettings(TypedDict):
    """The API's web server, in each pod."""

    workers: NotRequired[int]
    """Worker processes per pod. Default: the CPU limit of `resources`, at least 2. (whole number, at least 1)"""
    threads: NotRequired[int]
    """Threads per worker, at least 2. Default: 2; with more, the slowest answers get slower (measured). (whole number, at least 1)"""
    timeout: NotRequired[int]
    """Seconds after which a silent worker is killed. (seconds, 1 to 3600; default `30`)"""


class TaskProcessorSettings(TypedDict):
    """The pods that do the tasks in the queue (webhooks, audit log, clean-up)."""

    replicas: NotRequired[int]
    """Number of pods. Default: by `size`. (whole number, at least 1)"""
    threads: NotRequired[int]
    """Tasks that a pod does at once; each can hold two connections. (whole number, at least 1; default `5`)"""
    queue_pop_size: NotRequired[int]
    """How many tasks a thread takes at once; it does them in turn. A pod that stops has a minute for each: its grace period is this many minutes and one more. (whole number, 1 to 9; default `5`)"""
    idle_session_timeout: NotRequired[int]
    """Seconds after which PostgreSQL closes an idle connection of a pod. If `queuePopSize` tasks together take longer, they are done twice. Default: never; 5 for releases before 2.225.0, which leave a connection open for every task. Set 0 behind a pooler that refuses options (PgBouncer), and for those releases with PostgreSQL 13 or older. (seconds)"""
    resources: NotRequired[Resources]
    """Requests and limits. Default: by `size`."""


class Quota(TypedDict):
    """The ResourceQuota. Without bounds on CPU and memory it stops a run-away only, and load balancers of its own."""

    enabled: NotRequired[bool]
    """Whether there is a ResourceQuota. (true or false; default `true`)"""
    requests_cpu: NotRequired[str]
    """Sum of the CPU requests. Default: no limit. (CPU)"""
    requests_memory: NotRequired[str]
    """Sum of the memory requests. Default: no limit. (quantity)"""
    limits_cpu: NotRequired[str]
    """Sum of the CPU limits. Default: no limit. (CPU)"""
    limits_memory: NotRequired[str]
    """Sum of the memory limits. Default: no limit. (quantity)"""
    pods: NotRequired[int]
    """Number of pods. (whole number, at least 1; default `300`)"""
    persistent_volume_claims: NotRequired[int]
    """Number of volume claims. Default: 10, or more if the servers of the stack's Clusters need more, including those in `postgres.cluster.kept` and the one of a drill. (whole number, at least 1)"""


class LimitRange(TypedDict):
    """The LimitRange: what a container gets that asks for nothing, and the most that one may ask for."""

    default_request: NotRequired[Amount]
    """Requests of a container that has none of its own. (default `100m`, `128Mi`)"""
    default: NotRequired[Amount]
    """Limits of a container that has none of its own. (default `500m`, `512Mi`)"""
    max: NotRequired[Amount]
    """The most that a container's limits may be."""


class NamespaceSettings(TypedDict):
    """The namespace that the whole stack lives in."""

    labels: NotRequired[dict[str, str]]
    """Further labels. (map by name: text)"""
    annotations: NotRequired[dict[str, str]]
    """Further annotations. (map by name: text)"""
    name: NotRequired[str]
    """Its name. (namespace name; default `feature-flags`)"""
    create: NotRequired[bool]
    """Whether the stack creates and deletes it. `false`: somebody else has made it, with its labels, quota and limits; see [worlds.md](worlds.md#a-namespace-of-the-platform-teams). (true or false; default `true`)"""
    quota: NotRequired[Quota]
    """The ResourceQuota."""
    limit_range: NotRequired[LimitRange]
    """The LimitRange."""


class ObjectMetadata(TypedDict):
    """Labels and annotations beside the program's own, which they never replace. No selector looks at them."""

    labels: NotRequired[dict[str, str]]
    """Further labels. (map by name: text)"""
    annotations: NotRequired[dict[str, str]]
    """Further annotations. (map by name: text)"""


class MetadataSettings(TypedDict):
    """Labels and annotations beside the program's own; those of the namespace are in `namespace`."""

    pods: NotRequired[ObjectMetadata]
    """For pods that keep running. A Cluster's operator puts them on everything that it makes."""
    jobs: NotRequired[ObjectMetadata]
    """For the pods of Jobs. Unless you say otherwise here, these also tell service meshes to add no container."""
    service_accounts: NotRequired[ObjectMetadata]
    """For the service accounts."""
    services: NotRequired[ObjectMetadata]
    """For the Services."""


class PodSecurityUserIds(Enum):
    """`fixed`: the users and groups of the images; `cluster`: the cluster chooses them for the namespace, as OpenShift does with its SCC `restricted-v2`. Not with the embedded PostgreSQL, because its local log-in needs the names of users."""

    FIXED = "fixed"
    CLUSTER = "cluster"


class PodSecuritySettings(TypedDict):
    """Which users the pods run as; on OpenShift see [worlds.md](worlds.md#openshift)."""

    user_ids: NotRequired[PodSecurityUserIds]
    """`fixed`: the users and groups of the images; `cluster`: the cluster chooses them for the namespace, as OpenShift does with its SCC `restricted-v2`. Not with the embedded PostgreSQL, because its local log-in needs the names of users. (`fixed`, `cluster`; default `fixed`)"""


class IpFamily(Enum):
    """The family of the pods' addresses. Set `IPv6` for a cluster that has no IPv4, or IPv6 first. A cluster with both, IPv4 first, does not need it."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"


class Peer(TypedDict):
    """Who is at the other end: pods of the cluster, or addresses."""

    cidr: NotRequired[str]
    """Addresses outside the cluster, or of nodes, but not of pods. (network, as in 10.20.0.0/16)"""
    except_: NotRequired[list[str]]
    """Networks within `cidr` to leave out. (list: network, as in 10.20.0.0/16; default none)"""
    namespace: NotRequired[str]
    """The namespace of pods, by name. (namespace)"""
    namespace_labels: NotRequired[dict[str, str]]
    """The namespaces of pods, by their labels. (map by name: text)"""
    pod_labels: NotRequired[dict[str, str]]
    """The pods, by their labels. Default: all pods of those namespaces; if no namespace is named, of every namespace. (map by name: text)"""


class Destination(TypedDict):
    """Whom Flagsmith may call."""

    cidr: NotRequired[str]
    """Addresses outside the cluster, or of nodes, but not of pods. (network, as in 10.20.0.0/16)"""
    except_: NotRequired[list[str]]
    """Networks within `cidr` to leave out. (list: network, as in 10.20.0.0/16; default none)"""
    namespace: NotRequired[str]
    """The namespace of pods, by name. (namespace)"""
    namespace_labels: NotRequired[dict[str, str]]
    """The namespaces of pods, by their labels. (map by name: text)"""
    pod_labels: NotRequired[dict[str, str]]
    """The pods, by their labels. Default: all pods of those namespaces; if no namespace is named, of every namespace. (map by name: text)"""
    ports: NotRequired[list[int]]
    """The ports. (list: port, 1 to 65535; default `[443]`)"""


class Outgoing(TypedDict):
    """Where something outside of the stack is."""

    to: NotRequired[list[Peer]]
    """Who it is. Default: for `NAME.NAMESPACE.svc` the pods of that namespace, otherwise any address. (default none)"""
    port: NotRequired[int]
    """The port that its pods or hosts listen on. Default: the port in its own settings. (port, 1 to 65535)"""


class Egress(TypedDict):
    """Where the services are that the stack uses and does not run; each goes with the setting that uses it."""

    postgres: NotRequired[Outgoing]
    """`postgres.mode` external; port 5432."""
    redis: NotRequired[Outgoing]
    """`redis.mode` external; port 6379."""
    smtp: NotRequired[Outgoing]
    """`smtp`; port `smtp.port`."""
    s3: NotRequired[Outgoing]
    """`backup.s3`; the port of its endpoint. Without an endpoint: the internet, port 443."""
    login: NotRequired[Outgoing]
    """`login.google` and `login.github`. Default: the internet, port 443."""
    audit: NotRequired[Outgoing]
    """`audit.export.url`; its port."""
    prometheus: NotRequired[Outgoing]
    """`rollouts.prometheus`; the port of its address."""
    primary: NotRequired[Outgoing]
    """`edge.primary`; the port of its address."""
    tracing: NotRequired[Outgoing]
    """`tracing`; the port of `tracing.endpoint`."""


class Dns(TypedDict):
    """The cluster's name server."""

    namespace: NotRequired[str]
    """Its namespace. (namespace; default `kube-system`)"""
    pod_labels: NotRequired[dict[str, str]]
    """Its pods. Default: `k8s-app: kube-dns`. (map by name: text)"""
    addresses: NotRequired[list[str]]
    """Further addresses of name servers: that of NodeLocal DNSCache, and that of the DNS Service if NodeLocal DNSCache takes it over. (list: network, as in 10.20.0.0/16; default `["169.254.20.10/32"]`)"""
    port: NotRequired[int]
    """The port that its pods listen on; 5353 on OpenShift. (port, 1 to 65535; default `53`)"""


class NetworkPolicySettings(TypedDict):
    """Network policies: only what docs/network.md lists goes into or out of the namespace."""

    enabled: NotRequired[bool]
    """Whether there are network policies. Default: the value of `production`. (true or false)"""
    ingress_namespace: NotRequired[str]
    """The namespace of the ingress controller, or of the gateway that leads here. With an Ingress this or `ingressCidrs` is required. (namespace)"""
    ingress_pod_labels: NotRequired[dict[str, str]]
    """Labels of the ingress controller's pods there. Default: all pods of that namespace. (map by name: text)"""
    ingress_cidrs: NotRequired[list[str]]
    """Addresses of an ingress controller that has no pod address: the nodes' if it uses their network, the load balancer's if that sends to pods directly. (list: network, as in 10.20.0.0/16; default none)"""
    gateway_namespace: NotRequired[str]
    """The namespace of the pods that carry the Gateway's traffic, its data plane; see [worlds.md](worlds.md). With `gateway.enabled` this or `gatewayCidrs` is required. (namespace)"""
    gateway_pod_labels: NotRequired[dict[str, str]]
    """Labels of those pods. Default: all pods of that namespace. (map by name: text)"""
    gateway_cidrs: NotRequired[list[str]]
    """Addresses of a Gateway whose data plane has no pod address: the nodes' if it uses their network, the load balancer's if that sends to pods directly. (list: network, as in 10.20.0.0/16; default none)"""
    clients: NotRequired[list[Peer]]
    """Who may call the API within the cluster. Default: namespaces labelled `feature-flags/client: "true"`."""
    monitoring_namespace: NotRequired[str]
    """The namespace of Prometheus, which may read the metrics' ports. (namespace; default `monitoring`)"""
    monitoring_pod_labels: NotRequired[dict[str, str]]
    """Labels of Prometheus' pods there. Default: all pods of that namespace. (map by name: text)"""
    webhooks: NotRequired[list[Destination]]
    """Where webhooks and Flagsmith's integrations may go. Default: nowhere. (default none)"""
    egress: NotRequired[Egress]
    """Services outside the stack that other settings name. `to` says where they are. Default: the networks next to the name (`cidr`); for the full name of a Service (`NAME.NAMESPACE.svc`) the pods of that namespace; otherwise any address. `port` is the port that their pods or hosts listen on. Default: the port in their own settings."""
    dns: NotRequired[Dns]
    """The cluster's name server."""
    except_: NotRequired[list[str]]
    """Networks that stay closed inside every larger network that is open: any address, the internet, networks in your settings. Link-local networks and metadata services always stay closed. (list: network, as in 10.20.0.0/16; default none)"""
    api_server: NotRequired[list[str]]
    """All addresses of the cluster's API server, which stay closed too: those of `kubectl -n default get endpointslice,service kubernetes`, and `::/128` if it has none of IPv6. Until you name them, each preview says which settings could open a way to it. (list: network, as in 10.20.0.0/16; default none)"""


class PasswordSecret(TypedDict):
    """An existing Secret with a password."""

    name: str
    """The Secret's name. (name of a Secret)"""
    key: NotRequired[str]
    """The name of the key in the Secret, if it is another one. (key in a Secret)"""


class AdminSettings(TypedDict):
    """How a new, empty Flagsmith is set up; one in use is left as it is."""

    email: NotRequired[str]
    """The administrator's e-mail address, which is the log-in. Default: `admin@<host>`. (e-mail address)"""
    organisation: NotRequired[str]
    """The organisation. (text; default `FootAnalytics`)"""
    project: NotRequired[str]
    """Its project. (text; default `FootAnalytics`)"""
    existing_secret: NotRequired[PasswordSecret]
    """An existing Secret with the key `password`; without it the program generates one."""
    environments: NotRequired[list[str]]
    """The project's environments. (list: text; default `["development", "staging", "production"]`)"""


class SdkKeysSecret(TypedDict):
    """An existing Secret with the keys of an environment."""

    name: str
    """The Secret's name. (name of a Secret)"""
    keys: NotRequired[dict[str, str]]
    """For keys that have other names in the Secret: the name above, and the name there. (map by name: text)"""


class SdkKeysSettings(TypedDict):
    """The keys of the environments of `admin.environments`, in a Secret for each: `flagsmith-sdk-keys-<environment>`."""

    environments: NotRequired[list[str]]
    """Which of `admin.environments` get a Secret. Default for a new stack: all; for an existing stack: those to which its last deployment gave one, and those named below. (list: text)"""
    client_keys: NotRequired[dict[str, str]]
    """The client keys (which are public) of environments that exist already, by name. `ff keys adopt` writes them. (map by name: text)"""
    existing_secrets: NotRequired[dict[str, SdkKeysSecret]]
    """Existing Secrets in place of generated ones, by the environment's name, with the keys `FLAGSMITH_ENVIRONMENT_KEY` and `FLAGSMITH_SERVER_KEY`."""
    overlap_hours: NotRequired[int]
    """How many hours, at least, an old server-side key still works after it was renewed or is no longer needed. After that the next `ff keys sync`, or run of the bootstrap Job, deletes it; Flagsmith itself deletes no key. 0: the deployment that renews a key deletes the old one. (hours, 0 to 8760; default `24`)"""
    exported: NotRequired[bool]
    """Whether the stack has the secret output `edgeKeys`: each environment's client key, and a server-side key for proxies, for the stack of [an edge elsewhere](edge.md#another-region-another-cluster). Anybody who can read this stack's secret outputs has these keys. (true or false; default `false`)"""


class DjangoSecret(TypedDict):
    """An existing Secret with the key that Flagsmith signs with."""

    name: str
    """The Secret's name. (name of a Secret)"""
    key: NotRequired[str]
    """The name of the key in the Secret, if it is another one. (key in a Secret)"""


class SecretKeySettings(TypedDict):
    """Django's secret key, which signs log-ins: the Secret's key is `DJANGO_SECRET_KEY`."""

    existing_secret: NotRequired[DjangoSecret]
    """An existing Secret with the key `DJANGO_SECRET_KEY`; without it the program generates one."""


class SecretStoreKind(Enum):
    """`SecretStore`: one of the stack's namespace; `ClusterSecretStore`: one for the whole cluster."""

    SECRETSTORE = "SecretStore"
    CLUSTERSECRETSTORE = "ClusterSecretStore"


class StoredValue(TypedDict):
    """Where the store has one value."""

    key: str
    """The entry in the store. (text)"""
    property: NotRequired[str]
    """The property of the entry. Default: the entry as a whole. (text)"""


class StoredSecret(TypedDict):
    """Where the store has the values of one Secret."""

    key: NotRequired[str]
    """The entry in the store that has every value as a property of the same name. (text)"""
    properties: NotRequired[dict[str, str]]
    """Names of properties of that entry, by the Secret's keys, where they differ. (map by name: text)"""
    values: NotRequired[dict[str, StoredValue]]
    """Values that are elsewhere in the store, by the Secret's keys."""


class StoredSecrets(TypedDict):
    """Which Secrets come from the store; the others are generated, or exist already."""

    postgres: NotRequired[StoredSecret]
    """Keys `DATABASE_URL` and, for the embedded PostgreSQL, `password`."""
    redis: NotRequired[StoredSecret]
    """Keys `REDIS_URL` and, for the embedded Redis, `password`."""
    django: NotRequired[StoredSecret]
    """Key `DJANGO_SECRET_KEY`."""
    admin: NotRequired[StoredSecret]
    """Key `password`."""
    sdk_keys: NotRequired[dict[str, StoredSecret]]
    """By the environment's name. Keys `FLAGSMITH_ENVIRONMENT_KEY` and `FLAGSMITH_SERVER_KEY`."""


class OtherSecret(TypedDict):
    """A Secret that another setting names, such as `smtp.existingSecret`."""

    values: dict[str, StoredValue]
    """Where the store has the values, by the Secret's keys."""


class SecretStoreSettings(TypedDict):
    """A store from which the External Secrets Operator makes Secrets, in place of generated or existing ones."""

    name: str
    """The store's name in the cluster. (Kubernetes name)"""
    kind: NotRequired[SecretStoreKind]
    """`SecretStore`: one of the stack's namespace; `ClusterSecretStore`: one for the whole cluster. (`SecretStore`, `ClusterSecretStore`; default `SecretStore`)"""
    refresh_interval: NotRequired[str]
    """How often the store is read again. Pods keep their values until they are restarted. (duration, or 0; default `1h`)"""
    secrets: NotRequired[StoredSecrets]
    """Which of the program's own Secrets come from the store."""
    others: NotRequired[dict[str, OtherSecret]]
    """Further Secrets from the store, by name. Other settings can name them as existing Secrets."""


class RotationsSettings(TypedDict):
    """How often each generated secret was renewed. Another number makes another value; `ff secrets rotate` raises it."""

    postgres: NotRequired[int]
    """The administrator of the stack's own PostgreSQL. (whole number; default `0`)"""
    database: NotRequired[int]
    """Flagsmith's log-in to its PostgreSQL: even `flagsmith_a`, odd `flagsmith_b`. (whole number; default `0`)"""
    audit: NotRequired[int]
    """The log-in of the audit log's reader. (whole number; default `0`)"""
    analytics: NotRequired[int]
    """The log-in of the analytics' reader. (whole number; default `0`)"""
    rollouts: NotRequired[int]
    """The token of the pod that runs rollouts. (whole number; default `0`)"""
    redis: NotRequired[int]
    """The embedded Redis. (whole number; default `0`)"""
    django: NotRequired[int]
    """`DJANGO_SECRET_KEY`: links to reset a password, signed webhooks. (whole number; default `0`)"""
    cookies: NotRequired[int]
    """The key that signs log-ins: renewing it logs everybody out. (whole number; default `0`)"""
    warehouse: NotRequired[int]
    """The key that encrypts the credentials of data warehouses in the database: renewing it loses them. (whole number; default `0`)"""
    admin: NotRequired[int]
    """The administrator's password, which `ff` sets in Flagsmith too. (whole number; default `0`)"""
    sdk: NotRequired[int]
    """The server-side keys of the stack's environments; no rotation changes a client key. (whole number; default `0`)"""


class PostgresMode(Enum):
    """`embedded`: the stack runs its own PostgreSQL, one pod; `cloudnativepg`: a Cluster of CloudNativePG, which needs its operator (1.30.0 or newer) in the cluster; `external`: you have a PostgreSQL. Another mode begins with an empty database, and is refused while the old database exists."""

    EMBEDDED = "embedded"
    CLOUDNATIVEPG = "cloudnativepg"
    EXTERNAL = "external"


class PostgresSecret(TypedDict):
    """An existing Secret of a database."""

    name: str
    """The Secret's name. (name of a Secret)"""
    keys: NotRequired[dict[str, str]]
    """For keys that have other names in the Secret: the name above, and the name there. (map by name: text)"""
    key: NotRequired[str]
    """The name of the address' key in the Secret, if it is another one. (key in a Secret)"""


class Storage(TypedDict):
    """The volume of the embedded PostgreSQL, and of each server of a Cluster."""

    size: NotRequired[str]
    """The volume's size. It can grow later, but never shrink. (quantity, at least 256Mi; default `20Gi`)"""
    class_name: NotRequired[str]
    """The StorageClass. Default: the cluster's default. (Kubernetes name)"""


class PostgresSslmode(Enum):
    """External only. libpq's sslmode. Default: `require`."""

    DISABLE = "disable"
    ALLOW = "allow"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


class CaReference(TypedDict):
    """The key of an existing Secret that holds the certificates of a CA, in PEM."""

    name: str
    """The Secret's name. (name of a Secret)"""
    key: NotRequired[str]
    """The key in the Secret. (key in a Secret; default `ca.crt`)"""


class WalStorage(TypedDict):
    """A volume of its own for each instance's write-ahead log."""

    enabled: NotRequired[bool]
    """Whether there is one. Default: by `size`, none in `local`. It can be added, but not taken away. (true or false)"""
    size: NotRequired[str]
    """The volume's size. Default: by `size`. It can grow later, but never shrink. (quantity, at least 256Mi)"""
    class_name: NotRequired[str]
    """The StorageClass. Default: that of the data. (Kubernetes name)"""


class ClusterAntiAffinity(Enum):
    """`preferred`: the servers go to different nodes where possible; `required`: a server waits until it has a node of its own. They are spread over zones in any case."""

    PREFERRED = "preferred"
    REQUIRED = "required"


class SynchronousMethod(Enum):
    """`any`: whichever standbys are first; `first`: those that come first in the list."""

    ANY = "any"
    FIRST = "first"


class SynchronousDataDurability(Enum):
    """With fewer standbys than that, `required`: nothing can be written; `preferred`: a commit waits for those that are there. Default: `required` if there are more standbys than a commit waits for, else `preferred`."""

    REQUIRED = "required"
    PREFERRED = "preferred"


class Synchronous(TypedDict):
    """How many standbys have a transaction before Flagsmith is told that it is done."""

    enabled: NotRequired[bool]
    """Whether a commit waits for standbys. Default: with two instances or more. (true or false)"""
    method: NotRequired[SynchronousMethod]
    """`any`: whichever standbys are first; `first`: those that come first in the list. (`any`, `first`; default `any`)"""
    number: NotRequired[int]
    """How many standbys a commit waits for. (whole number, at least 1; default `1`)"""
    data_durability: NotRequired[SynchronousDataDurability]
    """With fewer standbys than that, `required`: nothing can be written; `preferred`: a commit waits for those that are there. Default: `required` if there are more standbys than a commit waits for, else `preferred`. (`required`, `preferred`)"""


class PoolerSettings(TypedDict):
    """PgBouncer between the API and the primary, in transaction mode. All others go straight to the primary."""

    enabled: NotRequired[bool]
    """Whether there is one. Default: by `size`, from `medium` on; none with `readReplicas`, because through a pooler nothing is read from a standby while the primary is away. (true or false)"""
    instances: NotRequired[int]
    """Number of its pods. Default: by `size`. (whole number, at least 2)"""
    pool_size: NotRequired[int]
    """How many connections to the primary each pod opens at most. Default: what `postgres.maxConnections` leaves to them. (whole number, at least 1)"""
    image: NotRequired[str]
    """PgBouncer's image, as CloudNativePG makes it. (image reference; default `ghcr.io/cloudnative-pg/pgbouncer`)"""
    version: NotRequired[str]
    """The image's tag. (image tag; default `1.25.1`)"""
    resources: NotRequired[Resources]
    """Requests and limits of a pod."""


class ClusterBackup(TypedDict):
    """Base backups and the archive of the write-ahead log, by the Barman Cloud plugin, in the bucket of `backup.s3`."""

    enabled: NotRequired[bool]
    """Whether there are any. They need `backup.s3` and the Barman Cloud plugin. (true or false; default `false`)"""
    schedule: NotRequired[str]
    """When a base backup is made, in UTC: six fields, seconds first. (cron with six fields, in UTC; default `0 45 1 * * *`)"""
    suspend: NotRequired[bool]
    """Whether no base backups are made; the archive goes on. (true or false; default `false`)"""
    retention: NotRequired[str]
    """How far back the database can be recovered: days (`d`), weeks (`w`), months (`m`). (days, weeks or months; default `30d`)"""
    resources: NotRequired[Resources]
    """Requests and limits of the plugin's container beside each server."""


class Recovery(TypedDict):
    """Where a new Cluster's data comes from: the base backups and the archive of another one, in the same bucket."""

    cluster: str
    """The Cluster whose archive it is. The Cluster need not exist any more. (name of a Cluster)"""
    target_time: NotRequired[str]
    """The moment to recover, in UTC. Default: the last one that is archived. (moment, in UTC)"""


class ClusterSettings(TypedDict):
    """A Cluster of CloudNativePG; see [data-tier.md](data-tier.md)."""

    name: NotRequired[str]
    """The Cluster's name. Another name is another Cluster, which begins empty or with `recovery`. Name the old one in `kept`; without that the change is refused. (name of a Cluster; default `flagsmith-pg`)"""
    operator_namespace: NotRequired[str]
    """For network policies: the namespace of the operator and its plugins. (namespace; default `cnpg-system`)"""
    instances: NotRequired[int]
    """Number of servers, of which one is the primary. Default: by `size`. (whole number, 1 to 9)"""
    image: NotRequired[str]
    """The servers' image, as CloudNativePG makes it. (image reference; default `ghcr.io/cloudnative-pg/postgresql`)"""
    version: NotRequired[str]
    """The image's tag. Its major version must not be newer than that of `postgres.version`, whose programs make the backups. (image tag; default `17.10-system-trixie`)"""
    wal_storage: NotRequired[WalStorage]
    """A volume of its own for the write-ahead log."""
    parameters: NotRequired[dict[str, str]]
    """Parameters of PostgreSQL. They add to those that follow from memory, disk and connections, or replace them. (map by name: text)"""
    anti_affinity: NotRequired[ClusterAntiAffinity]
    """`preferred`: the servers go to different nodes where possible; `required`: a server waits until it has a node of its own. They are spread over zones in any case. (`preferred`, `required`; default `preferred`)"""
    synchronous: NotRequired[Synchronous]
    """Synchronous replication."""
    pooler: NotRequired[PoolerSettings]
    """PgBouncer for the API."""
    read_replicas: NotRequired[bool]
    """Whether the API reads flags, identities and documents from the standbys, if the release can (2.261.0 and newer). Standbys can lag. Without a pooler they also answer while the primary is away. (true or false; default `false`)"""
    backup: NotRequired[ClusterBackup]
    """Backups to any moment."""
    recovery: NotRequired[Recovery]
    """For a new Cluster only: it begins with the data in another Cluster's archive. It has no effect on a Cluster that exists."""
    kept: NotRequired[list[str]]
    """Earlier Clusters that stay as they are, such as the one that the new one was recovered from. Delete a Cluster by hand before you take it out of this list; otherwise the change is refused. (list: name of a Cluster; default none)"""


class MoveBeside(Enum):
    """The mode of the database beside the live one: where the data moves to, and after the move where it came from."""

    EMBEDDED = "embedded"
    CLOUDNATIVEPG = "cloudnativepg"


class MoveStep(Enum):
    """How far the move is. `prepared`: the other database is declared, and Flagsmith serves as before; `stopped`: the dashboard and the admin API answer 503, and tasks wait; `copying`: nothing is written, and the data is copied; `switching`: Flagsmith moves; `kept`: it has moved, and the old database stays as it is; `released`: the old database is about to be deleted."""

    PREPARED = "prepared"
    STOPPED = "stopped"
    COPYING = "copying"
    SWITCHING = "switching"
    KEPT = "kept"
    RELEASED = "released"


class MoveSettings(TypedDict):
    """What `ff db move` writes, step by step: see [data-tier.md](data-tier.md#from-one-mode-to-the-other)."""

    beside: MoveBeside
    """The mode of the database beside the live one: where the data moves to, and after the move where it came from. (`embedded`, `cloudnativepg`)"""
    step: MoveStep
    """How far the move is. `prepared`: the other database is declared, and Flagsmith serves as before; `stopped`: the dashboard and the admin API answer 503, and tasks wait; `copying`: nothing is written, and the data is copied; `switching`: Flagsmith moves; `kept`: it has moved, and the old database stays as it is; `released`: the old database is about to be deleted. (`prepared`, `stopped`, `copying`, `switching`, `kept`, `released`)"""


class PostgresSettings(TypedDict):
    """The database of Flagsmith."""

    mode: NotRequired[PostgresMode]
    """`embedded`: the stack runs its own PostgreSQL, one pod; `cloudnativepg`: a Cluster of CloudNativePG, which needs its operator (1.30.0 or newer) in the cluster; `external`: you have a PostgreSQL. Another mode begins with an empty database, and is refused while the old database exists. (`embedded`, `cloudnativepg`, `external`; default `embedded`)"""
    existing_secret: NotRequired[PostgresSecret]
    """An existing Secret. External (required): key `DATABASE_URL`. Embedded: keys `password` and `DATABASE_URL`; without it the program generates one. Not with a Cluster."""
    cidr: NotRequired[list[str]]
    """External only. Where the server is. For network policies, which cannot use names. Default: `networkPolicy.egress`, otherwise any address. (network, as in 10.20.0.0/16, or list of networks; default none)"""
    version: NotRequired[str]
    """The image's tag, 17.6 or newer, Debian. External, and with a Cluster: the version of the client programs (`psql`, `pg_dump`), which must not have an older major version than the server. (image tag; default `17.11-bookworm`)"""
    data_major: NotRequired[int]
    """Embedded only. The major version of the data on the volume; `ff db upgrade` changes it together with `version`, and moves the data. (whole number, at least 1; default `17`)"""
    reindex_for: NotRequired[str]
    """Embedded only. The version of the C library for which the server rebuilds all indexes at its start. This library sorts text, and each Debian release has another version (bookworm 2.36, trixie 2.41). With an image that sorts differently the server refuses to start, and says which version to set here. (version)"""
    block_evictions: NotRequired[bool]
    """Embedded only. Whether a drain of the server's node waits until you delete the pod, by a PodDisruptionBudget that allows no eviction. (true or false; default `false`)"""
    image: NotRequired[str]
    """The image. (image reference; default `postgres`)"""
    storage: NotRequired[Storage]
    """Not external. The volume of each server."""
    resources: NotRequired[Resources]
    """Not external. Requests and limits of each server. Default: by `size`."""
    max_connections: NotRequired[int]
    """Embedded, and with a Cluster: a server's `max_connections`; default: by `size`. External: how many connections Flagsmith may take, for the connection budget; default: not checked. (whole number, at least 1)"""
    migration_lock_timeout: NotRequired[int]
    """How long a migration waits for a table's lock before it gives way and tries again; meanwhile all queries on the table wait behind it. 0: no limit, which you need with poolers that refuse options (PgBouncer). (seconds; default `5`)"""
    sslmode: NotRequired[PostgresSslmode]
    """External only. libpq's sslmode. Default: `require`. (`disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`)"""
    ca_secret: NotRequired[CaReference]
    """External only. The CA that signed the server's certificate; for `verify-…`."""
    cluster: NotRequired[ClusterSettings]
    """With a Cluster only. How the operator makes it."""
    move: NotRequired[MoveSettings]
    """Not external. Written by `ff db move`, never by hand: a database of the other mode beside this one."""


class BackupStorage(TypedDict):
    """The volume that backups are kept on, where there is no `s3`."""

    size: NotRequired[str]
    """The volume's size. Default: that of `postgres.storage`, otherwise 20Gi. (quantity, at least 256Mi)"""
    class_name: NotRequired[str]
    """The StorageClass. Default: the cluster's default. (Kubernetes name)"""


class ScratchStorage(TypedDict):
    """The volume of a drill, which comes and goes with its pod."""

    size: NotRequired[str]
    """The volume's size: room for the whole database. Default: that of `postgres.storage`; with an external database that of `backup.storage`, otherwise 20Gi. (quantity, at least 256Mi)"""
    class_name: NotRequired[str]
    """The StorageClass. Default: that of `backup.storage`, then that of `postgres.storage`, then the cluster's default. (Kubernetes name)"""


class BucketSecret(TypedDict):
    """An existing Secret with the log-in of a bucket."""

    name: str
    """The Secret's name. (name of a Secret)"""
    keys: NotRequired[dict[str, str]]
    """For keys that have other names in the Secret: the name above, and the name there. (map by name: text)"""


class BucketIdentity(TypedDict):
    """By what a cloud knows the pods that reach the bucket, where they have an identity in place of keys."""

    labels: NotRequired[dict[str, str]]
    """Labels of those pods, such as `azure.workload.identity/use`. (map by name: text)"""
    annotations: NotRequired[dict[str, str]]
    """Annotations of their service account, such as `eks.amazonaws.com/role-arn`. EKS Pod Identity needs none. (map by name: text)"""


class S3(TypedDict):
    """A bucket of S3, or of a service that speaks its protocol."""

    bucket: str
    """The bucket, which must exist. (bucket)"""
    prefix: NotRequired[str]
    """How the objects' names begin; the stack's host follows. (text; default `flagsmith`)"""
    region: NotRequired[str]
    """The bucket's region. (text)"""
    endpoint: NotRequired[str]
    """The service's address. Default: Amazon's. (address)"""
    cidr: NotRequired[list[str]]
    """Where the service is. For network policies, which cannot use names. Default: `networkPolicy.egress`, otherwise any address. (network, as in 10.20.0.0/16, or list of networks; default none)"""
    path_style: NotRequired[bool]
    """Whether the bucket is part of the path, not of the host name; MinIO needs that. (true or false; default `false`)"""
    existing_secret: NotRequired[BucketSecret]
    """An existing Secret with the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. Default: the pods' own identity, which the cloud gives them."""
    identity: NotRequired[BucketIdentity]
    """The pods' identity, without `existingSecret`."""
    ca_secret: NotRequired[CaReference]
    """An existing Secret with the CA that signed the service's certificate, in place of the public ones. It also counts for the service that gives out identities."""
    proxy: NotRequired[str]
    """The HTTP proxy through which the pods reach the bucket. They use it for nothing else. (address)"""
    no_proxy: NotRequired[list[str]]
    """What the pods reach without the proxy. (list: host, domain or network; default none)"""


class PassphraseReference(TypedDict):
    """The key of an existing Secret with a passphrase."""

    name: str
    """The Secret's name. (name of a Secret)"""
    key: NotRequired[str]
    """The key in the Secret. (key in a Secret; default `passphrase`)"""


class BackupSettings(TypedDict):
    """Backups of the database, embedded or external: `pg_dump` on a schedule and by `ff db backup`."""

    enabled: NotRequired[bool]
    """Whether there are backups at all. (true or false; default `true`)"""
    suspend: NotRequired[bool]
    """Whether only `ff db backup` makes backups. (true or false; default `false`)"""
    schedule: NotRequired[str]
    """When they are made, in UTC. (cron, in UTC; default `15 2 * * *`)"""
    keep: NotRequired[int]
    """How many are kept. Backups made before a restore or an upgrade are counted separately, up to the same number. (whole number, at least 1; default `14`)"""
    max_age_hours: NotRequired[int]
    """The age in hours from which `ff doctor` reports the last backup as too old. (whole number, at least 1; default `30`)"""
    storage: NotRequired[BackupStorage]
    """The volume, without `s3`."""
    scratch: NotRequired[ScratchStorage]
    """The volume that `ff db drill` restores a backup on. It comes and goes with the Job's pod."""
    s3: NotRequired[S3]
    """A bucket in place of the volume; it survives the cluster. Recommended in production."""
    resources: NotRequired[Resources]
    """Requests and limits of each container of the backup Jobs."""
    encryption: NotRequired[PassphraseReference]
    """An existing Secret with the passphrase that the backups are encrypted with."""


class DatabaseUrlSecret(TypedDict):
    """An existing Secret with the log-in of one role of a database."""

    name: str
    """The Secret's name. (name of a Secret)"""
    key: NotRequired[str]
    """The name of the key in the Secret, if it is another one. (key in a Secret)"""


class AuditExportSink(Enum):
    """Where entries go: the exporter's own log, or an endpoint. Default: no exporter."""

    STDOUT = "stdout"
    HTTPS = "https"


class TokenReference(TypedDict):
    """The key of an existing Secret with a bearer token."""

    name: str
    """The Secret's name. (name of a Secret)"""
    key: NotRequired[str]
    """The key in the Secret. (key in a Secret; default `token`)"""


class AuditExport(TypedDict):
    """The exporter, which ships each entry at least once."""

    sink: NotRequired[AuditExportSink]
    """Where entries go: the exporter's own log, or an endpoint. Default: no exporter. (`stdout`, `https`)"""
    url: NotRequired[str]
    """The endpoint, which takes JSON lines by POST. (https address)"""
    cidr: NotRequired[list[str]]
    """Where the endpoint is. For network policies, which cannot use names. Default: `networkPolicy.egress`, otherwise any address. (network, as in 10.20.0.0/16, or list of networks; default none)"""
    token_secret: NotRequired[TokenReference]
    """An existing Secret with the bearer token that the endpoint asks for."""
    ca_secret: NotRequired[CaReference]
    """An existing Secret with the CA of the endpoint. Default: the CAs that the image trusts."""
    interval: NotRequired[int]
    """Seconds between two reads of the log. (seconds, 1 to 3600; default `10`)"""
    batch: NotRequired[int]
    """How many entries are sent at once. (whole number, 1 to 1000; default `100`)"""


class AuditSettings(TypedDict):
    """Who changed which flag: the open-source edition keeps a log of it, but does not show it."""

    enabled: NotRequired[bool]
    """Whether `ff audit` can read the log. Default: the value of `production`. (true or false)"""
    existing_secret: NotRequired[DatabaseUrlSecret]
    """An existing Secret with the key `DATABASE_URL` of the role `flagsmith_audit`; an external database needs it. Default: the one that is made for the embedded database."""
    export: NotRequired[AuditExport]
    """The exporter."""
    resources: NotRequired[Resources]
    """Requests and limits of reader and exporter."""


class RolloutsPrometheus(TypedDict):
    """The Prometheus that guards ask, or what answers as it does, such as Thanos or Mimir."""

    url: NotRequired[str]
    """Its address, without `/api/v1`. Default: none, and a rollout with guards never rises. (address of a Prometheus)"""
    cidr: NotRequired[list[str]]
    """Where it is. For network policies, which cannot use names. Default: `networkPolicy.egress`, otherwise any address. (network, as in 10.20.0.0/16, or list of networks; default none)"""
    token_secret: NotRequired[TokenReference]
    """An existing Secret with the bearer token that it asks for."""
    ca_secret: NotRequired[CaReference]
    """An existing Secret with the CA of its certificate. Default: the CAs that the image trusts."""


class RolloutsSettings(TypedDict):
    """The pod that runs the rollouts of the catalogue (docs/rollouts.md)."""

    enabled: NotRequired[bool]
    """Whether rollouts run by themselves in this stack. (true or false; default `false`)"""
    interval: NotRequired[int]
    """Seconds between two checks; a broken guard is found within this time. A check asks about the hour before it, so half an hour is the most. (seconds, 1 to 1800; default `60`)"""
    max_silence: NotRequired[int]
    """Seconds without an answer from a guard after which the alert fires. If a guard's own `warn_after` is longer, that counts. (seconds, 1 to 3600; default `1800`)"""
    prometheus: NotRequired[RolloutsPrometheus]
    """The Prometheus that guards ask."""
    resources: NotRequired[Resources]
    """Requests and limits."""


class RetentionSettings(TypedDict):
    """How long Flagsmith keeps what grows by itself: analytics and finished tasks. The task processor deletes what is
    older, once a day. The audit log has no such limit: docs/audit.md says how to shorten it."""

    raw_analytics_days: NotRequired[int]
    """Days that single reports of evaluations and requests are kept: a row for each flag, minute and process of the API. (days, 1 to 3650; default `30`)"""
    bucketed_analytics_days: NotRequired[int]
    """Days that the sums of each 15 minutes are kept, which the UI and `ff flags usage` show. (days, 30 to 3650; default `90`)"""
    task_days: NotRequired[int]
    """Days that finished tasks, and the runs of recurring ones, are kept. Tasks that failed for good stay. (days, 1 to 3650; default `30`)"""
    reported_flags: NotRequired[int]
    """Only for the warning about the disk: the number of flags whose evaluations your applications report. Count a flag once for each environment. (whole number, at least 1; default `50`)"""


class RedisMode(Enum):
    """`embedded`: the stack runs its own Redis; `external`: you have one; `none`: each process caches for itself."""

    EMBEDDED = "embedded"
    EXTERNAL = "external"
    NONE = "none"


class RedisSecret(TypedDict):
    """An existing Secret of a Redis."""

    name: str
    """The Secret's name. (name of a Secret)"""
    keys: NotRequired[dict[str, str]]
    """For keys that have other names in the Secret: the name above, and the name there. (map by name: text)"""
    key: NotRequired[str]
    """The name of the address' key in the Secret, if it is another one. (key in a Secret)"""


class RedisEvictionPolicy(Enum):
    """Embedded only. What is dropped when the limit is reached."""

    ALLKEYS_LRU = "allkeys-lru"
    ALLKEYS_LFU = "allkeys-lfu"
    ALLKEYS_RANDOM = "allkeys-random"
    VOLATILE_LRU = "volatile-lru"
    VOLATILE_LFU = "volatile-lfu"
    VOLATILE_RANDOM = "volatile-random"
    VOLATILE_TTL = "volatile-ttl"


class RedisSettings(TypedDict):
    """The cache of Flagsmith."""

    mode: NotRequired[RedisMode]
    """`embedded`: the stack runs its own Redis; `external`: you have one; `none`: each process caches for itself. (`embedded`, `external`, `none`; default `embedded`)"""
    existing_secret: NotRequired[RedisSecret]
    """An existing Secret. External (required): key `REDIS_URL`, as `redis://user:password@host:port` (`rediss://` with TLS) without a database number. Embedded: keys `password`, `REDIS_URL` and, with monitoring, `metrics-password`; without it the program generates one."""
    cidr: NotRequired[list[str]]
    """External only. Where the server is. For network policies, which cannot use names. Default: `networkPolicy.egress`, otherwise any address. (network, as in 10.20.0.0/16, or list of networks; default none)"""
    version: NotRequired[str]
    """Embedded only. The image's tag, 7 or newer. (image tag; default `8.2.9-bookworm`)"""
    image: NotRequired[str]
    """Embedded only. The image. (image reference; default `redis`)"""
    max_memory: NotRequired[str]
    """Embedded only. Limit of the cached data. Default: 75 % of the memory limit. (memory)"""
    eviction_policy: NotRequired[RedisEvictionPolicy]
    """Embedded only. What is dropped when the limit is reached. (`allkeys-lru`, `allkeys-lfu`, `allkeys-random`, `volatile-lru`, `volatile-lfu`, `volatile-random`, `volatile-ttl`; default `allkeys-lru`)"""
    resources: NotRequired[Resources]
    """Embedded only. Requests and limits. Default: by `size`."""
    tls: NotRequired[bool]
    """External only. Whether the URL is `rediss://`. (true or false; default `false`)"""
    check_hostname: NotRequired[bool]
    """External only. Whether the server's certificate must be for the host of the URL. `false` accepts any certificate that the CA signed, also that of another server. (true or false; default `true`)"""
    ca_secret: NotRequired[CaReference]
    """External only. The CA that signed the server's certificate; needs `tls`."""


class CachesSettings(TypedDict):
    """How long each of Flagsmith's caches keeps what it holds. `environment` and `environmentSegments` are kept in each
    process's memory, also without a Redis; the others in Redis, and not at all without it."""

    flags: NotRequired[int]
    """The response of `GET /api/v1/flags/`. (seconds, 1 to 3600; default `4`)"""
    identities: NotRequired[int]
    """The response of `GET /api/v1/identities/`, for each identity. (seconds, 1 to 3600; default `4`)"""
    environment: NotRequired[int]
    """The environment that a key belongs to. (seconds, 1 to 3600; default `5`)"""
    environment_document: NotRequired[int]
    """The document that SDKs with local evaluation poll. Keep it well below `environment`; otherwise a client that sends `If-Modified-Since` may keep an old one. (seconds, 1 to 3600; default `2`)"""
    environment_segments: NotRequired[int]
    """The segments with overrides in an environment. (seconds, 1 to 3600; default `5`)"""
    socket_timeout: NotRequired[float]
    """How long one operation may wait for Redis, at least 0.02. A request makes up to three, and waits for each if Redis hangs: together they must be less than 1 s. (seconds, such as 0.1; default `0.05`)"""


class ServiceSettings(TypedDict):
    """The Service `flagsmith`."""

    node_port: NotRequired[int]
    """A port on every node that leads to Flagsmith, including `/metrics`: for a local cluster, or for a load balancer in front of nodes that only you can reach. Default: none. (port, 30000 to 32767)"""


class EdgeSecret(TypedDict):
    """An existing Secret with the keys of the edge's proxies, or with their whole file."""

    name: str
    """The Secret's name. (name of a Secret)"""
    key: NotRequired[str]
    """The name of the key in the Secret, if it is another one. (key in a Secret)"""


class EdgePrimary(TypedDict):
    """The Flagsmith whose flags are served, where another stack has it."""

    url: str
    """Its address, as the proxies reach it. With `production: true`, `http://` is for addresses within the cluster only. (URL)"""
    cidr: NotRequired[list[str]]
    """Where it is. For network policies, which cannot use names. Default: `networkPolicy.egress`, otherwise any address. (network, as in 10.20.0.0/16, or list of networks; default none)"""
    stack: NotRequired[str]
    """The Pulumi stack that deploys it, as `organization/project/stack`, in place of `edge.existingSecret`. Its output `edgeKeys` has the keys; set `sdkKeys.exported` there. Needs the Pulumi CLI. With a backend of your own the organization is `organization`. (stack)"""
    ca_secret: NotRequired[CaReference]
    """An existing Secret with the CA of its certificate, in place of those that the image trusts."""


class EdgeAutoscaling(TypedDict):
    """A HorizontalPodAutoscaler in place of a fixed number of proxies."""

    enabled: NotRequired[bool]
    """Whether an autoscaler sets the number of proxies; `edge.replicas` must then be left out. (true or false; default `false`)"""
    min_replicas: NotRequired[int]
    """The fewest proxies. Default: by `size`. (whole number, at least 2)"""
    max_replicas: NotRequired[int]
    """The most proxies; the quota is calculated with it. Default: by `size`. (whole number, at least 2)"""
    target_cpu: NotRequired[int]
    """The share of its CPU limit that a proxy should use on average. (percent, 10 to 95; default `60`)"""


class EdgeSpread(Enum):
    """`required`: the proxies are never all on one node while another node could take pods; rather, a proxy waits. A healthy node without room then limits how many the others take. `preferred`: they go to different nodes where there is room. Default: `required` for a fixed number with `production: true`; else `preferred`."""

    REQUIRED = "required"
    PREFERRED = "preferred"


class EdgeSettings(TypedDict):
    """Proxies that answer `/api/v1/flags/` and `/api/v1/identities/` from memory; see [edge.md](edge.md)."""

    enabled: NotRequired[bool]
    """Whether `/api/v1/flags/` and `/api/v1/identities/` of the public name lead to Flagsmith's Edge Proxy, which answers from memory. (true or false; default `false`)"""
    image: NotRequired[str]
    """The proxy's image. (image reference; default `flagsmith/edge-proxy`)"""
    version: NotRequired[str]
    """The image's tag. (image tag; default `2.23.0`)"""
    config_file: NotRequired[bool]
    """Whether the proxy reads all of its settings from a file, the key `config.json` of its Secret. The Rust one (`flagsmith/edge-proxy-rs`) reads no variables and needs it. (true or false; default `false`)"""
    existing_secret: NotRequired[EdgeSecret]
    """An existing Secret with the key `ENVIRONMENT_KEY_PAIRS`, a JSON list of `{server_side_key, client_side_key}`; with `configFile` the key `config.json`, the whole file. Without it the program makes one for `admin.environments`."""
    primary: NotRequired[EdgePrimary]
    """The Flagsmith whose flags are served. Required with `role: edge`, and only for that; otherwise it is the stack's own."""
    replicas: NotRequired[int]
    """Number of proxies. Default: by `size`. Not with `edge.autoscaling.enabled`. (whole number, at least 2)"""
    autoscaling: NotRequired[EdgeAutoscaling]
    """An autoscaler in place of a fixed number of proxies."""
    spread: NotRequired[EdgeSpread]
    """`required`: the proxies are never all on one node while another node could take pods; rather, a proxy waits. A healthy node without room then limits how many the others take. `preferred`: they go to different nodes where there is room. Default: `required` for a fixed number with `production: true`; else `preferred`. (`required`, `preferred`)"""
    resources: NotRequired[Resources]
    """Requests and limits of a proxy. Default: by `size`."""
    poll_seconds: NotRequired[int]
    """Seconds between a proxy's requests for an environment's document; a change shows after this time at the latest. (seconds, 1 to 3600; default `10`)"""
    poll_timeout_seconds: NotRequired[int]
    """How long it waits for a document. (seconds, 1 to 3600; default `5`)"""
    clients: NotRequired[list[Peer]]
    """For network policies: who within the cluster may call the proxies' Service itself. They can read whole environments with the public key. Default: nobody; everybody uses the public name. (default none)"""


class IngressTlsFrom(Enum):
    """`issuer`: a certificate from cert-manager; `secret`: one in an existing Secret; `controller`: the ingress controller's own; `upstream`: TLS ends before the Ingress, such as at a cloud's load balancer; `none`: plain HTTP, refused in production. Required where there is an Ingress."""

    ISSUER = "issuer"
    SECRET = "secret"
    CONTROLLER = "controller"
    UPSTREAM = "upstream"
    NONE = "none"


class IngressTls(TypedDict):
    """Where TLS ends, and whose certificate it has. Except with `none` the public URL is `https://`."""

    from_: NotRequired[IngressTlsFrom]
    """`issuer`: a certificate from cert-manager; `secret`: one in an existing Secret; `controller`: the ingress controller's own; `upstream`: TLS ends before the Ingress, such as at a cloud's load balancer; `none`: plain HTTP, refused in production. Required where there is an Ingress. (`issuer`, `secret`, `controller`, `upstream`, `none`)"""
    cluster_issuer: NotRequired[str]
    """With `issuer`: the name of a cert-manager ClusterIssuer. (Kubernetes name)"""
    issuer: NotRequired[str]
    """With `issuer`: the name of a cert-manager Issuer of the namespace. (Kubernetes name)"""
    secret_name: NotRequired[str]
    """With `secret`: the name of an existing Secret of type `kubernetes.io/tls`. (name of a Secret)"""
    enabled: NotRequired[bool]
    """The old form: false is `from: none`, true has no effect. Gives a warning. (true or false)"""


class IngressSettings(TypedDict):
    """The Ingress that publishes `host`; see [ingress.md](ingress.md)."""

    enabled: NotRequired[bool]
    """Whether there is an Ingress. Without it, you provide a route from `host` to the Service `flagsmith`, port 8000. (true or false; default `true`)"""
    class_name: NotRequired[str]
    """The IngressClass. Required where there is an Ingress, unless `defaultClass` is true, or the annotation `kubernetes.io/ingress.class` names the class for a controller that reads only that. (Kubernetes name)"""
    default_class: NotRequired[bool]
    """Whether the Ingress names no class, so that it gets the cluster's default one. (true or false; default `false`)"""
    annotations: NotRequired[dict[str, str]]
    """Further annotations, for the ingress controller. (map by name: text)"""
    await_address: NotRequired[bool]
    """Whether a deployment waits until the Ingress has an address. (true or false; default `false`)"""
    tls: NotRequired[IngressTls]
    """HTTPS."""


class ParentReference(TypedDict):
    """A Gateway of the cluster, or one of its listeners."""

    name: str
    """The Gateway's name. (Kubernetes name)"""
    namespace: NotRequired[str]
    """Its namespace. Default: the stack's own. (namespace)"""
    section_name: NotRequired[str]
    """One of its listeners. Default: all of them. (name of a listener)"""
    port: NotRequired[int]
    """Only its listeners on this port. Not every implementation knows it: `sectionName` does the same. (port, 1 to 65535)"""


class GatewayTlsFrom(Enum):
    """`issuer`: a certificate from cert-manager; `secret`: one in an existing Secret, both for a Gateway of the stack's own; `controller`: that of the shared Gateway, or the controller's own; `upstream`: TLS ends before the Gateway, such as at a cloud's load balancer; `none`: plain HTTP, refused in production. Required where `gateway.enabled`."""

    ISSUER = "issuer"
    SECRET = "secret"
    CONTROLLER = "controller"
    UPSTREAM = "upstream"
    NONE = "none"


class GatewayTls(TypedDict):
    """Where TLS ends, and whose certificate it has. Except with `none` the public URL is `https://`."""

    from_: NotRequired[GatewayTlsFrom]
    """`issuer`: a certificate from cert-manager; `secret`: one in an existing Secret, both for a Gateway of the stack's own; `controller`: that of the shared Gateway, or the controller's own; `upstream`: TLS ends before the Gateway, such as at a cloud's load balancer; `none`: plain HTTP, refused in production. Required where `gateway.enabled`. (`issuer`, `secret`, `controller`, `upstream`, `none`)"""
    cluster_issuer: NotRequired[str]
    """With `issuer`: the name of a cert-manager ClusterIssuer. (Kubernetes name)"""
    issuer: NotRequired[str]
    """With `issuer`: the name of a cert-manager Issuer of the namespace. (Kubernetes name)"""
    secret_name: NotRequired[str]
    """With `secret`: the name of an existing Secret of type `kubernetes.io/tls`. (name of a Secret)"""


class GatewaySettings(TypedDict):
    """A route of the Gateway API that publishes `host`, beside the Ingress or in its place."""

    enabled: NotRequired[bool]
    """Whether an HTTPRoute leads from `host` to Flagsmith; see [gateway.md](gateway.md). (true or false; default `false`)"""
    parent_refs: NotRequired[list[ParentReference]]
    """Gateways that somebody else keeps, to which the route is attached. They or `className` are required. (default none)"""
    redirect_from: NotRequired[list[ParentReference]]
    """With `parentRefs`: their listeners for plain HTTP, from which a second route leads to `https://`. (default none)"""
    class_name: NotRequired[str]
    """The GatewayClass. With it, the stack makes a Gateway of its own. (Kubernetes name)"""
    annotations: NotRequired[dict[str, str]]
    """Further annotations of that Gateway, for its controller. (map by name: text)"""
    http_port: NotRequired[int]
    """The port of that Gateway's listener for plain HTTP. (port, 1 to 65535; default `80`)"""
    https_port: NotRequired[int]
    """The port of that Gateway's listener for HTTPS. (port, 1 to 65535; default `443`)"""
    redirect: NotRequired[bool]
    """Whether that Gateway listens for plain HTTP too and redirects it to `https://`. (true or false; default `true`)"""
    hsts_seconds: NotRequired[int]
    """For how many seconds a browser that has used `https://` uses nothing else (HSTS), such as 31536000, a year. The route adds the header to every answer (`ResponseHeaderModifier`; an implementation that lacks it says so). Default: no such header. (seconds)"""
    await_conditions: NotRequired[bool]
    """Whether a deployment waits until the Gateway is programmed and the routes are accepted. Set it to false where no controller reports that. (true or false; default `true`)"""
    tls: NotRequired[GatewayTls]
    """HTTPS."""


class Thresholds(TypedDict):
    """What the alerts compare with."""

    sdk_error_percent: NotRequired[float]
    """Share of 5xx in an SDK endpoint's answers within an hour. Ten times this share within 5 minutes, or 50 %, fires at once. (percent, above 0; default `1`)"""
    error_percent: NotRequired[float]
    """Share of 5xx in the whole API's answers within an hour (vendor: worth a look above 0.1). (percent, above 0; default `0.1`)"""
    latency_seconds: NotRequired[float]
    """The 99th percentile of an SDK endpoint's answers (vendor: 1 s). (seconds, up to 10; default `1`)"""
    cpu_percent: NotRequired[int]
    """CPU that a container uses, as a share of its limit (vendor: 80). (percent, 1 to 100; default `80`)"""
    memory_percent: NotRequired[int]
    """Memory that a container uses, as a share of its limit. (percent, 1 to 100; default `90`)"""
    connections_percent: NotRequired[int]
    """Connections to PostgreSQL, as a share of `max_connections` (vendor: 70). (percent, 1 to 100; default `70`)"""
    cache_miss_percent: NotRequired[int]
    """Share of the requested environment documents that the cache did not have. (percent, 1 to 100; default `50`)"""
    evictions_per_second: NotRequired[float]
    """Keys that a full Redis drops per second. (float; default `1`)"""
    tasks_waiting: NotRequired[int]
    """Tasks that are due and have not started. (whole number, at least 1; default `1000`)"""
    task_wait_seconds: NotRequired[int]
    """How long the oldest of them has waited. (whole number, at least 1; default `300`)"""
    volume_percent: NotRequired[int]
    """Used share of a volume. (percent, 1 to 100; default `85`)"""
    edge_proxies: NotRequired[int]
    """The fewest proxies of the edge that have documents. (whole number, at least 1; default `2`)"""
    edge_stale_seconds: NotRequired[int]
    """The greatest age of a proxy's documents. Six times `edge.pollSeconds` counts in its place, if that is more. (whole number, at least 1; default `300`)"""
    certificate_days: NotRequired[int]
    """Days until the certificate ends; cert-manager renews at 30. (whole number, at least 1; default `14`)"""


class PostgresExporter(TypedDict):
    """The exporter of PostgreSQL's metrics: beside the embedded server, or by itself for an external one."""

    image: NotRequired[str]
    """The image. (image reference; default `prometheuscommunity/postgres-exporter`)"""
    version: NotRequired[str]
    """The image's tag. (image tag; default `v0.17.1`)"""
    resources: NotRequired[Resources]
    """Requests and limits."""
    existing_secret: NotRequired[DatabaseUrlSecret]
    """External database only. An existing Secret whose key `DATABASE_URL` logs in a user with the role `pg_monitor`; without it, the database has no metrics."""


class RedisUrlSecret(TypedDict):
    """An existing Secret with the log-in of one user of a Redis."""

    name: str
    """The Secret's name. (name of a Secret)"""
    key: NotRequired[str]
    """The name of the key in the Secret, if it is another one. (key in a Secret)"""


class RedisExporter(TypedDict):
    """The exporter of Redis' metrics: beside the embedded server, or by itself for an external one."""

    image: NotRequired[str]
    """The image. (image reference; default `oliver006/redis_exporter`)"""
    version: NotRequired[str]
    """The image's tag. (image tag; default `v1.88.0`)"""
    resources: NotRequired[Resources]
    """Requests and limits."""
    existing_secret: NotRequired[RedisUrlSecret]
    """External Redis only. An existing Secret whose key `REDIS_URL` logs in a user that may `INFO`; without it, Redis has no metrics."""


class GrafanaService(TypedDict):
    """The Service of a Grafana, for `ff dashboard`."""

    namespace: str
    """Its namespace. (namespace)"""
    service: str
    """Its name. (Kubernetes name)"""
    port: NotRequired[int]
    """Its port. (port, 1 to 65535; default `80`)"""


class DashboardsSettings(TypedDict):
    """Dashboards, in ConfigMaps that the sidecar of Grafana's chart finds."""

    enabled: NotRequired[bool]
    """Whether there are dashboards. Default: the value of `monitoring.enabled`. (true or false)"""
    labels: NotRequired[dict[str, str]]
    """Labels by which the sidecar finds them. (map by name: text)"""
    folder: NotRequired[str]
    """Grafana's folder for them, if the sidecar reads it from an annotation. (text; default `Feature flags`)"""
    folder_annotation: NotRequired[str]
    """The name of that annotation: the chart's `sidecar.dashboards.folderAnnotation`, which is empty by default. (key; default `grafana_folder`)"""
    grafana: NotRequired[GrafanaService]
    """The Grafana that `ff dashboard` opens. Default: the one Service of the cluster with the label `app.kubernetes.io/name: grafana`."""


class FlagMetricsSettings(TypedDict):
    """The exporter of what Flagsmith keeps in PostgreSQL: evaluations, adoption, rollouts, the queue of tasks."""

    enabled: NotRequired[bool]
    """Whether the exporter runs. Default: the value of `monitoring.enabled`; with an external database only if `existingSecret` is set. (true or false)"""
    interval: NotRequired[int]
    """Seconds between two collections; expensive metrics are collected every fifth time. (seconds, 1 to 3600; default `60`)"""
    sample: NotRequired[int]
    """How many identities of each environment are sampled to measure the adoption of features; 0 turns this off. (whole number, 0 to 5000; default `500`)"""
    existing_secret: NotRequired[DatabaseUrlSecret]
    """An existing Secret with the key `DATABASE_URL` of a role that may read what `components/postgres/in_pod/grants-analytics.sql` grants. Default: `flagsmith-analytics`, made for the embedded database."""
    resources: NotRequired[Resources]
    """Requests and limits."""


class EdgeMetricsSettings(TypedDict):
    """The exporter of when the edge's proxies last had their documents, which runs with `edge.enabled`."""

    resources: NotRequired[Resources]
    """Requests and limits."""


class MonitoringSettings(TypedDict):
    """Metrics and alerts, for a Prometheus that you already have."""

    enabled: NotRequired[bool]
    """Whether there are exporters, monitors and alerts. Default: the value of `production`. (true or false)"""
    labels: NotRequired[dict[str, str]]
    """Labels by which the Prometheus operator finds monitors and rules. Default: what the chart kube-prometheus-stack looks for if its release has that name. (map by name: text)"""
    interval: NotRequired[int]
    """How often metrics are scraped. (seconds, 10 to 120; default `30`)"""
    runbook_url: NotRequired[str]
    """The page that alerts and dashboards link to: docs/runbook.md, or a copy with the same headings. (URL; default `https://github.com/footanalytics/feature-flags/blob/main/docs/runbook.md`)"""
    thresholds: NotRequired[Thresholds]
    """What the alerts compare with."""
    postgres: NotRequired[PostgresExporter]
    """PostgreSQL's exporter."""
    redis: NotRequired[RedisExporter]
    """Redis' exporter."""
    dashboards: NotRequired[DashboardsSettings]
    """Dashboards for Grafana."""
    flag_metrics: NotRequired[FlagMetricsSettings]
    """Metrics of what Flagsmith keeps in PostgreSQL."""
    edge_metrics: NotRequired[EdgeMetricsSettings]
    """Metrics of the age of the edge's documents."""


class VariableReference(TypedDict):
    """One key of an existing Secret, as the value of an environment variable."""

    name: str
    """The Secret's name. (name of a Secret)"""
    key: str
    """The key in the Secret. (key in a Secret)"""
    jobs: NotRequired[bool]
    """Whether the Jobs that migrate and set up the database get it too. Default: only variables for databases and Sentry, which they read. Variables for logging in go to the API only, all others to the API and the task processor. (true or false)"""


class TolerationOperator(Enum):
    """How the taint's value is compared."""

    EXISTS = "Exists"
    EQUAL = "Equal"


class TolerationEffect(Enum):
    """The taint's effect; without it, every effect."""

    NOSCHEDULE = "NoSchedule"
    PREFERNOSCHEDULE = "PreferNoSchedule"
    NOEXECUTE = "NoExecute"


class Toleration(TypedDict):
    """A taint that the pods put up with; field for field Kubernetes' own."""

    key: NotRequired[str]
    """The taint's key; without it, every key. (key)"""
    operator: NotRequired[TolerationOperator]
    """How the taint's value is compared. (`Exists`, `Equal`; default `Equal`)"""
    value: NotRequired[str]
    """The taint's value, for `Equal`. (label value)"""
    effect: NotRequired[TolerationEffect]
    """The taint's effect; without it, every effect. (`NoSchedule`, `PreferNoSchedule`, `NoExecute`)"""
    toleration_seconds: NotRequired[int]
    """How long a pod stays on a node tainted with `NoExecute`; without it, for ever. (seconds)"""


class SchedulingSettings(TypedDict):
    """Where the pods of the stack may run; the same for all of them."""

    node_selector: NotRequired[dict[str, str]]
    """Labels that a node must have. (map by name: text)"""
    tolerations: NotRequired[list[Toleration]]
    """Taints that the pods tolerate. (default none)"""
    priority_class_name: NotRequired[str]
    """Name of an existing PriorityClass. (Kubernetes name)"""


class SmtpSecurity(Enum):
    """`starttls` (usually port 587) or `none`; Flagsmith has no implicit TLS (port 465)."""

    STARTTLS = "starttls"
    NONE = "none"


class PasswordReference(TypedDict):
    """The key of an existing Secret that holds a password."""

    name: str
    """The Secret's name. (name of a Secret)"""
    key: NotRequired[str]
    """The key in the Secret. (key in a Secret; default `password`)"""


class SmtpSettings(TypedDict):
    """The mail server for invitations and password resets. Without this section no e-mail is sent."""

    host: str
    """Name or address of the mail server. (DNS name or IP address)"""
    cidr: NotRequired[list[str]]
    """Where it is. For network policies, which cannot use names. Default: `networkPolicy.egress`, otherwise any address. (network, as in 10.20.0.0/16, or list of networks; default none)"""
    port: NotRequired[int]
    """Its port. (port, 1 to 65535; default `587`)"""
    security: NotRequired[SmtpSecurity]
    """`starttls` (usually port 587) or `none`; Flagsmith has no implicit TLS (port 465). (`starttls`, `none`; default `starttls`)"""
    username: NotRequired[str]
    """The user to log in as; goes with `existingSecret`. (text)"""
    sender: NotRequired[str]
    """The From address. Default: `flagsmith@<host>`. (e-mail address)"""
    existing_secret: NotRequired[PasswordReference]
    """The existing Secret that holds the user's password."""


class OAuthSecret(TypedDict):
    """An existing Secret with an OAuth app."""

    name: str
    """The Secret's name. (name of a Secret)"""
    keys: NotRequired[dict[str, str]]
    """For keys that have other names in the Secret: the name above, and the name there. (map by name: text)"""


class GitHubLogin(TypedDict):
    """Log-in with a GitHub account."""

    existing_secret: OAuthSecret
    """An existing Secret with the keys `client-id` and `client-secret` of the OAuth app."""


class LoginSettings(TypedDict):
    """Ways to log in besides e-mail and password."""

    google: NotRequired[bool]
    """Whether people can log in with a Google account. (true or false; default `false`)"""
    github: NotRequired[GitHubLogin]
    """Log-in with a GitHub account."""
    environment_key: NotRequired[str]
    """Client-side key of the environment with the flags `oauth_google` and `oauth_github`, without which there are no buttons. The key is public. (text)"""


class LogsAccess(Enum):
    """Which requests are logged, each as a line of JSON with its id. `problems`: those answered with 400 or above, or after more than a second. Default: `all`; `none` for releases before 2.225.0."""

    ALL = "all"
    PROBLEMS = "problems"
    NONE = "none"


class LogsSettings(TypedDict):
    """Flagsmith's log; see docs/logs.md."""

    access: NotRequired[LogsAccess]
    """Which requests are logged, each as a line of JSON with its id. `problems`: those answered with 400 or above, or after more than a second. Default: `all`; `none` for releases before 2.225.0. (`all`, `problems`, `none`)"""


class TracingProtocol(Enum):
    """The protocol for OTLP. With `http://`, `grpc` is unencrypted."""

    HTTP_PROTOBUF = "http/protobuf"
    GRPC = "grpc"


class HeadersReference(TypedDict):
    """The key of an existing Secret that holds headers."""

    name: str
    """The Secret's name. (name of a Secret)"""
    key: NotRequired[str]
    """The key in the Secret. (key in a Secret; default `headers`)"""


class TracingSettings(TypedDict):
    """Traces of Flagsmith's requests, queries and tasks, sent by OTLP; off without `endpoint`."""

    endpoint: NotRequired[str]
    """The collector's address; for `http/protobuf`, `/v1/traces` and `/v1/logs` are added. (URL)"""
    cidr: NotRequired[list[str]]
    """Where the collector is. For network policies, which cannot use names. Default: `networkPolicy.egress`, otherwise any address. (network, as in 10.20.0.0/16, or list of networks; default none)"""
    protocol: NotRequired[TracingProtocol]
    """The protocol for OTLP. With `http://`, `grpc` is unencrypted. (`http/protobuf`, `grpc`; default `http/protobuf`)"""
    headers: NotRequired[HeadersReference]
    """An existing Secret with headers for the collector, as `name=value,…`, values percent-encoded."""
    sampling_ratio: NotRequired[float]
    """The share of traces started here that are kept. If a caller has decided already, its decision counts. (number, 0 to 1; default `0.1`)"""
    excluded_paths: NotRequired[list[str]]
    """Requests whose URL matches one of these are not traced. (list: regular expression; default `["health/liveness", "health/readiness"]`)"""
    service_name: NotRequired[str]
    """The services' name, with `-api` or `-task-processor` after it. (text; default `flagsmith`)"""


class Arguments(TypedDict):
    """Every setting."""

    role: NotRequired[Role]
    """What the stack deploys. `platform`: all of Flagsmith; `edge`: only the proxies of [the edge](edge.md#another-region-another-cluster), for a Flagsmith that runs elsewhere. (`platform`, `edge`; default `platform`)"""
    host: str
    """The public DNS name. All URLs, allowed hosts and origins derive from it. (DNS name)"""
    additional_hosts: NotRequired[list[str]]
    """Further names of Flagsmith, such as an internal one. The Ingress, the Gateway and the certificate are for them too, and Flagsmith answers them. Links in mails, and the edge of other clusters, use only `host`. (list: DNS name; default none)"""
    public_url: NotRequired[str]
    """Where people reach Flagsmith, if `host` and `ingress` do not say so: at another port, or without TLS, as on a local cluster. Its host must be `host`. (URL)"""
    context: str
    """The kubeconfig context to deploy to. No other is ever used. (text)"""
    cluster_identifier: NotRequired[str]
    """The cluster's name for Pulumi; changing it replaces everything. It is not the context, whose name each person may choose. Default: the namespace. (text)"""
    cluster_uid: NotRequired[str]
    """The uid of the cluster's namespace `kube-system`; a deployment to another cluster is refused. Default: once a stack is deployed, Pulumi's state knows its cluster; before that, and with the direct engine, nothing checks it. (text)"""
    api_versions: NotRequired[list[str]]
    """The custom resources that the cluster serves, each as group/version or group/version/Kind. Default: `up` and `preview` ask the cluster; commands that ask no cluster (`ff render`, `ff preview --against`, `ff policy check`) leave out what needs them and say so, unless you list them with `--api-versions`. (list: group/version or group/version/Kind)"""
    production: NotRequired[bool]
    """Whether people's work depends on this stack. If so, much that is optional elsewhere is on or required. (true or false; default `false`)"""
    version: NotRequired[str]
    """The release of Flagsmith. (X.Y.Z; default `2.265.0`)"""
    image: NotRequired[str]
    """The image: a repository, or a full reference whose tag equals `version`. (image reference; default `flagsmith/flagsmith`)"""
    registry_mirror: NotRequired[str]
    """The registry for every image that names none, such as `mirror.example.com/dockerhub`. (registry)"""
    image_pull_secrets: NotRequired[list[str]]
    """Names of existing Secrets with the credentials of registries. (list: name of a Secret; default none)"""
    size: NotRequired[Size]
    """Sets replicas, resources, connections and caches together; see the table. (`local`, `small`, `medium`, `large`, `xlarge`; default `small`)"""
    replicas: NotRequired[int]
    """Number of API pods. Default: by `size`. Not with `autoscaling.enabled`. (whole number, at least 1)"""
    autoscaling: NotRequired[AutoscalingSettings]
    """An autoscaler in place of a fixed number of API pods."""
    resources: NotRequired[Resources]
    """Requests and limits of an API container. Default: by `size`."""
    gunicorn: NotRequired[GunicornSettings]
    """The API's web server."""
    task_processor: NotRequired[TaskProcessorSettings]
    """The task processor."""
    namespace: NotRequired[NamespaceSettings]
    """The namespace and its bounds."""
    metadata: NotRequired[MetadataSettings]
    """Labels and annotations of your own."""
    pod_security: NotRequired[PodSecuritySettings]
    """As whom the containers run."""
    ip_family: NotRequired[IpFamily]
    """The family of the pods' addresses. Set `IPv6` for a cluster that has no IPv4, or IPv6 first. A cluster with both, IPv4 first, does not need it. (`IPv4`, `IPv6`; default `IPv4`)"""
    network_policy: NotRequired[NetworkPolicySettings]
    """Who may talk to whom; see network.md."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the namespace, the database, its volume and Secrets. (true or false; default `false`)"""
    telemetry: NotRequired[bool]
    """Whether Flagsmith reports its use to its vendor. (true or false; default `false`)"""
    restrict_org_create_to_superusers: NotRequired[bool]
    """Whether only superusers can create organisations. If it is false, anybody with a log-in can create one, administer it, and invite strangers into this Flagsmith. (true or false; default `true`)"""
    admin: NotRequired[AdminSettings]
    """What a new Flagsmith is set up with."""
    sdk_keys: NotRequired[SdkKeysSettings]
    """The keys with which applications ask Flagsmith."""
    secret_key: NotRequired[SecretKeySettings]
    """Django's secret key, under `DJANGO_SECRET_KEY` in its Secret."""
    secret_store: NotRequired[SecretStoreSettings]
    """A store that Secrets come from, through the External Secrets Operator."""
    rotations: NotRequired[RotationsSettings]
    """How often each generated secret was renewed."""
    postgres: NotRequired[PostgresSettings]
    """The database."""
    backup: NotRequired[BackupSettings]
    """Backups of the database."""
    audit: NotRequired[AuditSettings]
    """The audit log: who changed which flag."""
    rollouts: NotRequired[RolloutsSettings]
    """What runs the rollouts of the catalogue: docs/rollouts.md."""
    retention: NotRequired[RetentionSettings]
    """How long analytics and finished tasks are kept."""
    redis: NotRequired[RedisSettings]
    """The cache."""
    caches: NotRequired[CachesSettings]
    """How long Flagsmith's caches keep what they hold."""
    service: NotRequired[ServiceSettings]
    """The API's Service."""
    edge: NotRequired[EdgeSettings]
    """The edge, which answers SDKs from memory."""
    ingress: NotRequired[IngressSettings]
    """The Ingress."""
    gateway: NotRequired[GatewaySettings]
    """A route of the Gateway API, beside the Ingress or in its place."""
    monitoring: NotRequired[MonitoringSettings]
    """What an operator sees of the stack."""
    env: NotRequired[dict[str, str]]
    """Further environment variables of Flagsmith. Anybody who may read a pod can read them: secrets belong in `envFromSecrets`. (map by name: text)"""
    env_from_secrets: NotRequired[dict[str, VariableReference]]
    """Further environment variables whose values come from existing Secrets."""
    not_secret: NotRequired[list[str]]
    """Keys of this file whose values look like secrets but are not, such as `env.TOKEN_FORMAT`; see [secrets.md](secrets.md#what-looks-like-a-secret). (list: text; default none)"""
    scheduling: NotRequired[SchedulingSettings]
    """Where the pods may run."""
    smtp: NotRequired[SmtpSettings]
    """The mail server; without it no e-mail is sent."""
    login: NotRequired[LoginSettings]
    """Ways to log in besides e-mail and password."""
    logs: NotRequired[LogsSettings]
    """Flagsmith's log."""
    tracing: NotRequired[TracingSettings]
    """Traces for an OpenTelemetry collector."""
