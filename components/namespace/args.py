"""The arguments of the namespace."""

from collections.abc import Callable

from components.namespace.namespace import PlatformNamespaceArgs
from components.settings import Settings, budget


def namespace_args(settings: Settings, verify: Callable[[str | None], None]) -> PlatformNamespaceArgs:
    """The namespace; `verify` is what looks at it once its uid is known."""
    limits = settings.namespace.limit_range
    return PlatformNamespaceArgs(
        name=settings.namespace.name,
        quota=budget.quota(settings) or None,
        default_request=limits.default_request.as_dict(),
        default_limit=limits.default.as_dict(),
        max_limit=None if limits.max is None else limits.max.as_dict(),
        protect=settings.protect,
        verify=verify,
    )
