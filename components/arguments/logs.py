"""The arguments of the logging configuration."""

import pulumi

from components.logs import LogsArgs
from components.settings import Settings


def logs_args(settings: Settings, namespace: pulumi.Input[str]) -> LogsArgs | None:
    """The logging configuration; None for a release that takes none."""
    access = settings.access_log
    return None if access is None else LogsArgs(namespace=namespace, access=access)
