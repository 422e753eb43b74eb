"""Alert rules for Prometheus: what is wrong with the stack, said by its metrics. One module an area."""

from components.monitoring.alerts.rule import Alert, AlertGroup
from components.monitoring.alerts.rules import groups
from components.monitoring.alerts.subject import Subject

__all__ = ["Alert", "AlertGroup", "Subject", "groups"]
