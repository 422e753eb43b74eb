"""The arguments of what reads and ships the audit log."""

from dataclasses import replace

import pulumi

from components.audit.reader import AuditArgs
from components.kit import names
from components.kit.args import placement
from components.kit.scraping import Scraping
from components.kit.secret_refs import SecretReference
from components.secrets.connections import connections
from components.secrets.secrets import Credentials
from components.settings import Settings


def audit_args(
    settings: Settings,
    namespace: pulumi.Input[str],
    credentials: Credentials,
    role: SecretReference,
    scraping: Scraping,
) -> AuditArgs:
    """The reader and the exporter, which log in as `role`."""
    return AuditArgs(
        namespace=namespace,
        image=settings.image_reference,
        version=settings.version,
        source=settings.host,
        connections=replace(connections(settings, credentials), postgres=role),
        export=settings.audit.export,
        resources=settings.audit.resources,
        placement=placement(settings),
        annotations=scraping.annotations(names.AUDIT_METRICS_PORT),
    )
