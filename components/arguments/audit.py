"""The arguments of what reads and ships the audit log."""

from dataclasses import replace

import pulumi

from components import metadata
from components.arguments.shared import connections, placement
from components.audit import AuditArgs
from components.credentials import Credentials
from components.references import SecretReference
from components.scraping import Scraping
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
        annotations=scraping.annotations(metadata.AUDIT_METRICS_PORT),
    )
