"""What monitoring may not say together with the data tier, and what it then cannot see."""

from collections.abc import Iterator

from components.settings.images import disagreement
from components.settings.model import Settings
from components.settings.problems import Problem


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield contradictions: an image's tag that is not the version, a Secret for a server that is embedded."""
    sections = {"postgres": settings.monitoring.postgres, "redis": settings.monitoring.redis}
    modes = {"postgres": settings.postgres.mode, "redis": settings.redis.mode}
    for name, exporter in sections.items():
        text = disagreement(exporter.image, exporter.version, version_key=f"monitoring.{name}.version")
        if text is not None:
            yield Problem(path=("monitoring", name, "image"), text=text)
        if exporter.existing_secret is not None and modes[name] != "external":
            yield Problem(
                path=("monitoring", name, "existingSecret"),
                text=f"belongs to {name}.mode external, and {name}.mode is {modes[name]}: remove the key",
            )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what is not monitored although monitoring is on, and what else follows from that."""
    if not settings.monitoring_enabled:
        return
    for name, mode, exporter, what in (
        ("postgres", settings.postgres.mode, settings.postgres_exporter, "DATABASE_URL of a user with pg_monitor"),
        ("redis", settings.redis.mode, settings.redis_exporter, "REDIS_URL of a user that may INFO"),
    ):
        if mode == "external" and exporter is None:
            yield (
                f"monitoring.{name}.existingSecret is not set: the external server has no metrics and no alerts here. "
                f"Name an existing Secret with the key {what}; docs/monitoring.md shows how to make it"
            )
    if settings.redis.embedded and settings.redis.existing_secret is not None:
        yield (
            f"redis.existingSecret is {settings.redis.existing_secret.name}: with monitoring, that Secret also "
            "needs the key metrics-password with the exporter's password; without it the exporter does "
            "not start"
        )
