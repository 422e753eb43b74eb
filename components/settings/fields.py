"""The settings as the user writes them: every key with its type and its default."""

from pydantic import Field

from components.settings.base import Section
from components.settings.releases import NEWEST_VERIFIED
from components.settings.sections.additional_hosts import AdditionalHostsSetting
from components.settings.sections.admin import AdminSettings
from components.settings.sections.api_versions import ApiVersionsSetting
from components.settings.sections.audit import AuditSettings
from components.settings.sections.autoscaling import AutoscalingSettings
from components.settings.sections.backup import BackupSettings
from components.settings.sections.caches import CachesSettings
from components.settings.sections.cluster_identifier import ClusterIdentifierSetting
from components.settings.sections.cluster_uid import ClusterUidSetting
from components.settings.sections.context import ContextSetting
from components.settings.sections.edge import EdgeSettings
from components.settings.sections.env import EnvSetting
from components.settings.sections.env_from_secrets import EnvFromSecretsSetting
from components.settings.sections.gateway import GatewaySettings
from components.settings.sections.gunicorn import GunicornSettings
from components.settings.sections.host import HostSetting
from components.settings.sections.image import ImageSetting
from components.settings.sections.image_pull_secrets import ImagePullSecretsSetting
from components.settings.sections.ingress import IngressSettings
from components.settings.sections.ip_family import IpFamilySetting
from components.settings.sections.login import LoginSettings
from components.settings.sections.logs import LogsSettings
from components.settings.sections.metadata import MetadataSettings
from components.settings.sections.monitoring import MonitoringSettings
from components.settings.sections.namespace import NamespaceSettings
from components.settings.sections.network_policy import NetworkPolicySettings
from components.settings.sections.not_secret import NotSecretSetting
from components.settings.sections.pod_security import PodSecuritySettings
from components.settings.sections.postgres import PostgresSettings
from components.settings.sections.production import ProductionSetting
from components.settings.sections.protect import ProtectSetting
from components.settings.sections.public_url import PublicUrlSetting
from components.settings.sections.redis import RedisSettings
from components.settings.sections.registry_mirror import RegistryMirrorSetting
from components.settings.sections.replicas import ReplicasSetting
from components.settings.sections.resources import ResourcesSetting
from components.settings.sections.restrict_org_create_to_superusers import RestrictOrgCreateToSuperusersSetting
from components.settings.sections.retention import RetentionSettings
from components.settings.sections.role import RoleSetting
from components.settings.sections.rollouts import RolloutsSettings
from components.settings.sections.rotations import RotationsSettings
from components.settings.sections.scheduling import SchedulingSettings
from components.settings.sections.sdk_keys import SdkKeysSettings
from components.settings.sections.secret_key import SecretKeySettings
from components.settings.sections.secret_store import SecretStoreSettings
from components.settings.sections.service import ServiceSettings
from components.settings.sections.size import SizeSetting
from components.settings.sections.smtp import SmtpSettings
from components.settings.sections.task_processor import TaskProcessorSettings
from components.settings.sections.telemetry import TelemetrySetting
from components.settings.sections.tracing import TracingSettings
from components.settings.sections.version import VersionSetting
from components.text.versions import dotted


class SettingsFields(Section):
    """Every key of the project's configuration."""

    role: RoleSetting = "platform"
    host: HostSetting
    additional_hosts: AdditionalHostsSetting = ()
    public_url: PublicUrlSetting = None
    context: ContextSetting
    cluster_identifier: ClusterIdentifierSetting = None
    cluster_uid: ClusterUidSetting = None
    api_versions: ApiVersionsSetting = None
    production: ProductionSetting = False
    version: VersionSetting = dotted(NEWEST_VERIFIED)
    image: ImageSetting = "flagsmith/flagsmith"
    registry_mirror: RegistryMirrorSetting = None
    image_pull_secrets: ImagePullSecretsSetting = ()
    size: SizeSetting = "small"
    replicas: ReplicasSetting = None
    autoscaling: AutoscalingSettings = Field(
        default_factory=AutoscalingSettings, description="An autoscaler in place of a fixed number of API pods."
    )
    resources: ResourcesSetting = None
    gunicorn: GunicornSettings = Field(default_factory=GunicornSettings, description="The API's web server.")
    task_processor: TaskProcessorSettings = Field(
        default_factory=TaskProcessorSettings, description="The task processor."
    )
    namespace: NamespaceSettings = Field(default_factory=NamespaceSettings, description="The namespace and its bounds.")
    metadata: MetadataSettings = Field(
        default_factory=MetadataSettings, description="Labels and annotations of your own."
    )
    pod_security: PodSecuritySettings = Field(
        default_factory=PodSecuritySettings, description="As whom the containers run."
    )
    ip_family: IpFamilySetting = "IPv4"
    network_policy: NetworkPolicySettings = Field(
        default_factory=NetworkPolicySettings, description="Who may talk to whom; see network.md."
    )
    protect: ProtectSetting = False
    telemetry: TelemetrySetting = False
    restrict_org_create_to_superusers: RestrictOrgCreateToSuperusersSetting = True
    admin: AdminSettings = Field(default_factory=AdminSettings, description="What a new Flagsmith is set up with.")
    sdk_keys: SdkKeysSettings = Field(
        default_factory=SdkKeysSettings, description="The keys with which applications ask Flagsmith."
    )
    secret_key: SecretKeySettings = Field(
        default_factory=SecretKeySettings, description="Django's secret key, under `DJANGO_SECRET_KEY` in its Secret."
    )
    secret_store: SecretStoreSettings | None = Field(
        default=None, description="A store that Secrets come from, through the External Secrets Operator."
    )
    rotations: RotationsSettings = Field(
        default_factory=RotationsSettings, description="How often each generated secret was renewed."
    )
    postgres: PostgresSettings = Field(default_factory=PostgresSettings, description="The database.")
    backup: BackupSettings = Field(default_factory=BackupSettings, description="Backups of the database.")
    audit: AuditSettings = Field(default_factory=AuditSettings, description="The audit log: who changed which flag.")
    rollouts: RolloutsSettings = Field(
        default_factory=RolloutsSettings, description="What runs the rollouts of the catalogue: docs/rollouts.md."
    )
    retention: RetentionSettings = Field(
        default_factory=RetentionSettings, description="How long analytics and finished tasks are kept."
    )
    redis: RedisSettings = Field(default_factory=RedisSettings, description="The cache.")
    caches: CachesSettings = Field(
        default_factory=CachesSettings, description="How long Flagsmith's caches keep what they hold."
    )
    service: ServiceSettings = Field(default_factory=ServiceSettings, description="The API's Service.")
    edge: EdgeSettings = Field(default_factory=EdgeSettings, description="The edge, which answers SDKs from memory.")
    ingress: IngressSettings = Field(default_factory=IngressSettings, description="The Ingress.")
    gateway: GatewaySettings = Field(
        default_factory=GatewaySettings, description="A route of the Gateway API, beside the Ingress or in its place."
    )
    monitoring: MonitoringSettings = Field(
        default_factory=MonitoringSettings, description="What an operator sees of the stack."
    )
    env: EnvSetting = Field(default_factory=dict)
    env_from_secrets: EnvFromSecretsSetting = Field(default_factory=dict)
    not_secret: NotSecretSetting = ()
    scheduling: SchedulingSettings = Field(default_factory=SchedulingSettings, description="Where the pods may run.")
    smtp: SmtpSettings | None = Field(default=None, description="The mail server; without it no e-mail is sent.")
    login: LoginSettings = Field(
        default_factory=LoginSettings, description="Ways to log in besides e-mail and password."
    )
    logs: LogsSettings = Field(default_factory=LogsSettings, description="Flagsmith's log.")
    tracing: TracingSettings = Field(
        default_factory=TracingSettings, description="Traces for an OpenTelemetry collector."
    )

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every name of Flagsmith, the public one first."""
        return (self.host, *self.additional_hosts)
