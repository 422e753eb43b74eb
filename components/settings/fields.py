"""The settings as the user writes them: every key with its type, default and meaning."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.references import VariableReference
from components.settings.releases import NEWEST_VERIFIED, dotted, parse_version
from components.settings.sections.admin import Admin, SecretKey
from components.settings.sections.audit import Audit
from components.settings.sections.autoscaling import Autoscaling
from components.settings.sections.backup import Backup
from components.settings.sections.caches import Caches
from components.settings.sections.images import check_mirror
from components.settings.sections.ingress import Ingress
from components.settings.sections.login import Login
from components.settings.sections.logs import Logs
from components.settings.sections.monitoring import Monitoring
from components.settings.sections.namespace import Namespace
from components.settings.sections.network_policy import NetworkPolicies
from components.settings.sections.postgres import Image, Postgres
from components.settings.sections.redis import Redis
from components.settings.sections.rotations import Rotations
from components.settings.sections.secret_store import SecretStore
from components.settings.sections.service import ApiService, PublicUrl
from components.settings.sections.smtp import Smtp
from components.settings.sections.tracing import Tracing
from components.settings.types import ApiVersion, Boolean, Count, EnvName, HostName, Kind, PlainText, SecretName, Text
from components.settings.workload import Gunicorn, Resources, Scheduling, TaskProcessor


def _release(value: str) -> str:
    parse_version(value)
    return value


Mirror = Annotated[Text, AfterValidator(check_mirror), Kind("registry")]
ReleaseVersion = Annotated[Text, AfterValidator(_release), Kind("X.Y.Z")]


class SettingsFields(Section):
    """Every key of the project's configuration."""

    host: HostName = Field(description="The public DNS name. All URLs, allowed hosts and origins derive from it.")
    public_url: PublicUrl | None = Field(
        default=None,
        description="Where people reach Flagsmith, if `host` and `ingress` do not say it: at another port, or without "
        "TLS, as on a local cluster. Its host must be `host`.",
    )
    context: Text = Field(description="The context of the kubeconfig to deploy to; never another.")
    cluster_identifier: Text | None = Field(
        default=None,
        description="What identifies the cluster to Pulumi; changing it replaces everything. Not the context, "
        "whose name each person may choose. Default: the namespace.",
    )
    cluster_uid: Text | None = Field(
        default=None,
        description="The uid of the cluster's namespace `kube-system`; a deployment to another cluster is refused. "
        "Default: once a stack is deployed, Pulumi's state knows its cluster; before, and with the direct engine, "
        "nothing does.",
    )
    api_versions: tuple[ApiVersion, ...] | None = Field(
        default=None,
        description="The custom resources that the cluster serves, each as group/version or group/version/Kind. "
        "Default: `up` and `preview` ask the cluster; what asks none (`ff render`, `ff preview --against`, "
        "`ff policy check`) leaves out what needs them and says so, unless `--api-versions` lists them.",
    )
    production: Boolean = Field(
        default=False,
        description="Whether people's work depends on this stack: what is optional elsewhere is then on or required.",
    )
    version: ReleaseVersion = Field(default=dotted(NEWEST_VERIFIED), description="The release of Flagsmith.")
    image: Image = Field(
        default="flagsmith/flagsmith",
        description="The image: a repository, or a full reference whose tag equals `version`.",
    )
    registry_mirror: Mirror | None = Field(
        default=None,
        description="Is put before every image that names no registry, such as `mirror.example.com/dockerhub`.",
    )
    image_pull_secrets: tuple[SecretName, ...] = Field(
        default=(), description="Names of existing Secrets with the credentials of registries."
    )
    size: Literal["local", "small", "medium", "large", "xlarge"] = Field(
        default="small", description="Sets replicas, resources, connections and caches together; see the table."
    )
    replicas: Count | None = Field(
        default=None, description="API pods. Default: by `size`. Not with `autoscaling.enabled`."
    )
    autoscaling: Autoscaling = Field(
        default_factory=Autoscaling, description="An autoscaler in place of a fixed number of API pods."
    )
    resources: Resources | None = Field(
        default=None, description="Requests and limits of an API container. Default: by `size`."
    )
    gunicorn: Gunicorn = Field(default_factory=Gunicorn, description="The API's web server.")
    task_processor: TaskProcessor = Field(default_factory=TaskProcessor, description="The task processor.")
    namespace: Namespace = Field(default_factory=Namespace, description="The namespace and its bounds.")
    network_policy: NetworkPolicies = Field(
        default_factory=NetworkPolicies, description="Who may talk to whom; see network.md."
    )
    protect: Boolean = Field(
        default=False,
        description="Whether Pulumi refuses to delete the namespace, the database, its volume and Secrets.",
    )
    telemetry: Boolean = Field(default=False, description="Whether Flagsmith reports its use to its vendor.")
    restrict_org_create_to_superusers: Boolean = Field(
        default=True,
        description="Whether only superusers can create organisations. If it is false, anybody with a log-in "
        "can create one, administer it, and invite strangers into this Flagsmith.",
    )
    admin: Admin = Field(default_factory=Admin, description="What a new Flagsmith is set up with.")
    secret_key: SecretKey = Field(
        default_factory=SecretKey, description="Django's secret key, under `DJANGO_SECRET_KEY` in its Secret."
    )
    secret_store: SecretStore | None = Field(
        default=None, description="A store that Secrets come from, through the External Secrets Operator."
    )
    rotations: Rotations = Field(default_factory=Rotations, description="How often each generated secret was renewed.")
    postgres: Postgres = Field(default_factory=Postgres, description="The database.")
    backup: Backup = Field(default_factory=Backup, description="Backups of the database.")
    audit: Audit = Field(default_factory=Audit, description="The audit log: who changed which flag.")
    redis: Redis = Field(default_factory=Redis, description="The cache.")
    caches: Caches = Field(default_factory=Caches, description="How long Flagsmith's caches keep what they hold.")
    service: ApiService = Field(default_factory=ApiService, description="The API's Service.")
    ingress: Ingress = Field(default_factory=Ingress, description="The Ingress.")
    monitoring: Monitoring = Field(default_factory=Monitoring, description="What an operator sees of the stack.")
    env: dict[EnvName, PlainText] = Field(
        default_factory=dict,
        description="Further environment variables of Flagsmith. Anybody who may read a pod can read them: "
        "secrets belong in `envFromSecrets`.",
    )
    env_from_secrets: dict[EnvName, VariableReference] = Field(
        default_factory=dict, description="Further environment variables whose values come from existing Secrets."
    )
    not_secret: tuple[Text, ...] = Field(
        default=(),
        description="Keys of this file whose values look like secrets but are not, such as `env.TOKEN_FORMAT`; see "
        "[secrets.md](secrets.md#what-looks-like-a-secret).",
    )
    scheduling: Scheduling = Field(default_factory=Scheduling, description="Where the pods may run.")
    smtp: Smtp | None = Field(default=None, description="The mail server; without it no e-mail is sent.")
    login: Login = Field(default_factory=Login, description="Ways to log in besides e-mail and password.")
    logs: Logs = Field(default_factory=Logs, description="Flagsmith's log.")
    tracing: Tracing = Field(default_factory=Tracing, description="Traces for an OpenTelemetry collector.")
