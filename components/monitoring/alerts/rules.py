"""All rules of a stack, those of the parts that it has."""

from components.monitoring.alerts import (
    backups,
    cache,
    certificates,
    data_tier,
    database,
    edge,
    exporters,
    flags,
    rollouts,
    service,
    sources,
    tasks,
    workloads,
)
from components.monitoring.alerts.rule import AlertGroup
from components.monitoring.alerts.subject import Subject

AREAS = {
    "service": service.alerts,
    "workloads": workloads.alerts,
    "edge": edge.alerts,
    "tasks": tasks.alerts,
    "database": database.alerts,
    "data-tier": data_tier.alerts,
    "cache": cache.alerts,
    "backups": backups.alerts,
    "certificates": certificates.alerts,
    "flags": flags.alerts,
    "rollouts": rollouts.alerts,
    "sources": sources.alerts,
    "exporters": exporters.alerts,
}
OF_AN_EDGE = ("workloads", "edge", "certificates", "sources")
"""What there is to see of a stack that is an edge alone."""


def groups(subject: Subject) -> list[AlertGroup]:
    """The groups of rules; an area without any is left out."""
    areas = {name: AREAS[name] for name in OF_AN_EDGE} if subject.is_edge else AREAS
    found = [AlertGroup(name=name, alerts=tuple(make(subject))) for name, make in areas.items()]
    return [group for group in found if group.alerts]
