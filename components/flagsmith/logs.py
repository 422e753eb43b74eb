"""Flagsmith's log: a JSON line for each request with its id, and without who or what it was about.

Flagsmith's own access log holds the whole query, and with it the identifiers of users, as do Django's lines on refused
requests; paths hold the tokens of invitations and new passwords. Its documented variable for a logging configuration
lets filters be put before it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pulumi

from components.kit import names
from components.kit.component import Component, name_of
from components.kit.config_files import ConfigFiles
from components.settings.sections.logs import AccessLog

COMPONENT: Final = "logs"
SCRIPTS: Final = Path(__file__).parent / "in_pod"
FILTERS: Final = SCRIPTS / "flagsmith_logs.py"
# Not of the log; but these need a place on PYTHONPATH too.
GUNICORN: Final = SCRIPTS / "flagsmith_gunicorn.py"
TASKS: Final = SCRIPTS / "flagsmith_tasks.py"
CONFIGURATION: Final = "logging.json"
DIRECTORY: Final = "/etc/flagsmith/logs"
# Those of the image's own APPLICATION_LOGGERS at 2.265.0, which a logging configuration replaces. All others write
# warnings and errors only.
APPLICATION_LOGGERS: Final = (
    *("app_analytics", "audit", "code_references", "common", "core", "dynamodb", "edge_api", "environments"),
    *("features", "import_export", "integrations", "mcp", "oauth2_metadata", "organisations", "projects"),
    *("segment_membership", "segments", "task_processor", "trust_relationships", "users", "webhooks", "workflows"),
)


def configuration(access: AccessLog) -> dict[str, Any]:
    """The logging configuration, as `logging.config.dictConfig` takes it; Flagsmith adds the JSON."""
    module = FILTERS.stem
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "access": {"()": f"{module}.Access", "only": access},
            "requests": {"()": f"{module}.Requests"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "level": "INFO",
                "filters": ["requests"],
            }
        },
        "root": {"level": "WARNING", "handlers": ["console"]},
        "loggers": {
            **{name: {"level": "INFO"} for name in APPLICATION_LOGGERS},
            # At INFO it writes each key that no environment has: one that was mistyped, or rotated a moment ago.
            "environments.models": {"level": "WARNING"},
            "gunicorn.access": {"level": "INFO", "filters": ["access"]},
        },
    }


def files(access: AccessLog) -> ConfigFiles:
    """What is mounted at `DIRECTORY`."""
    return ConfigFiles(
        prefix=names.LOGS,
        component=COMPONENT,
        volume="logs",
        directory=DIRECTORY,
        data={
            CONFIGURATION: json.dumps(configuration(access), indent=1),
            **{path.name: path.read_text(encoding="utf-8") for path in (FILTERS, GUNICORN, TASKS)},
        },
    )


def environment(access: AccessLog) -> dict[str, str]:
    """The variables of a container that writes such a log."""
    return {
        "LOGGING_CONFIGURATION_FILE": f"{DIRECTORY}/{CONFIGURATION}",
        "PYTHONPATH": DIRECTORY,
        # Written in any case, since Flagsmith counts its requests where it logs them.
        "ACCESS_LOG_LOCATION": "/dev/null" if access == "none" else "-",
        "ACCESS_LOG_FORMAT": "%(m)s %(U)s %(s)s",
    }


@dataclass(frozen=True, kw_only=True)
class LogsArgs:
    """The logging configuration of Flagsmith's pods.

    Attributes:
        namespace: where they run.
        files: the configuration, and what it refers to.
    """

    namespace: pulumi.Input[str]
    files: ConfigFiles


class Logs(Component):
    """The ConfigMap `flagsmith-logs-<hash>`.

    Attributes:
        config_map: the ConfigMap's name.
    """

    config_map: pulumi.Output[str]

    def __init__(self, name: str, args: LogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Logs", name, opts)
        config_map = args.files.config_map(f"{name}-configuration", namespace=args.namespace, opts=self.child())
        self.config_map = name_of(config_map)
        self.register_outputs({"configMap": self.config_map})
