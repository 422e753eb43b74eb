"""What the network policies and the other sections may not say together, and what is worth a warning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.settings.problems import NOT_SHOWN, Problem

if TYPE_CHECKING:
    from components.settings.model import Settings

SECTION = "networkPolicy"
CLASS_OF_THE_DEFAULT = "nginx"


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield services that the stack does not use, and an ingress controller that would be cut off."""
    used = {
        "postgres": (not settings.postgres.embedded, "postgres.mode external"),
        "redis": (settings.redis.mode == "external", "redis.mode external"),
        "smtp": (settings.smtp is not None, "the section smtp"),
        "s3": (settings.backup.enabled and settings.backup.s3 is not None, "backup.s3"),
        "audit": (settings.audit.export.destination is not None, "audit.export.url"),
        "tracing": (settings.tracing.endpoint is not None, "tracing.endpoint"),
        "login": (settings.login.google or settings.login.github is not None, "login.google or login.github"),
    }
    for key in sorted(settings.network_policy.egress.model_fields_set):
        in_use, owner = used[key]
        if not in_use:
            yield Problem(path=(SECTION, "egress", key), text=f"goes with {owner}: remove it, or set that")
    ingress = settings.ingress
    if (
        settings.isolated
        and ingress.enabled
        and ingress.class_name != CLASS_OF_THE_DEFAULT
        and settings.network_policy.ingress_namespace is None
    ):
        yield Problem(
            path=(SECTION, "ingressNamespace"),
            text=f"is required with network policies and ingress.className {ingress.class_name}: name the namespace of "
            "that ingress controller's pods, or nothing reaches Flagsmith",
            value=NOT_SHOWN,
        )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what stays open because nobody said where it is."""
    if not settings.isolated:
        return
    egress = settings.network_policy.egress
    for key, section, stated in (
        ("postgres", settings.postgres, egress.postgres),
        ("redis", settings.redis, egress.redis),
    ):
        if section.mode == "external" and not stated.to:
            yield (
                f"{SECTION}.egress.{key}.to is not set: a network policy cannot name a host, so that pods may reach "
                f"any address on the port of the external {key}; list its addresses there"
            )
