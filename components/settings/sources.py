"""Where each secret of `rotations` comes from: generated, or from elsewhere, where it is renewed too."""

from collections.abc import Iterator
from typing import Final

from components.settings.model import Settings
from components.settings.problems import Problem

# Which Secret of the operator's takes the place of which secrets.
PURPOSES: Final = {
    "postgres": "postgres",
    "database": "postgres",
    "redis": "redis",
    "django": "django",
    "cookies": "django",
    "warehouse": "django",
    "admin": "admin",
}
SECTIONS: Final = {"django": "secretKey"}
SWITCHED_OFF: Final = frozenset({"rollouts"})
"""What may be off for a time, and keeps its number meanwhile."""


def elsewhere(settings: Settings, name: str) -> str | None:
    """Say why the program does not generate the secret `name`, for after "…, since"; None when it does."""
    if name in ("database", "postgres", "audit", "analytics") and not settings.postgres.is_own:
        return "postgres.mode is external, whose roles are not the stack's own"
    if name == "rollouts" and not settings.rollouts.enabled:
        return "rollouts.enabled is false"
    if name == "redis" and not settings.redis.enabled:
        return "redis.mode is none"
    if name == "audit" and settings.audit.existing_secret is not None:
        return f"audit.existingSecret names {settings.audit.existing_secret.name}"
    if name == "analytics" and settings.monitoring.flag_metrics.existing_secret is not None:
        return f"monitoring.flagMetrics.existingSecret names {settings.monitoring.flag_metrics.existing_secret.name}"
    if name == "sdk" and all(settings.foreign_sdk_secret(item) for item in settings.admin.environments):
        return "the Secrets of all environments come from elsewhere"
    purpose = PURPOSES.get(name)
    if purpose is None or settings.foreign_secret(purpose) is None:
        return None
    existing = settings.existing_secrets[purpose]
    if existing is None:
        return f"secretStore.secrets.{purpose} takes it from a store"
    return f"{SECTIONS.get(purpose, purpose)}.existingSecret names {existing.name}"


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield rotations of what is not generated."""
    for name in sorted(settings.rotations.model_fields_set):
        reason = elsewhere(settings, name)
        if reason is not None and name not in SWITCHED_OFF and getattr(settings.rotations, name):
            yield Problem(
                path=("rotations", name), text=f"is not generated, since {reason}: renew it there, and remove the key"
            )
