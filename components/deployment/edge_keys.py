"""The edge's own keys, where a Secret of somebody else's takes the place of the one that the stack made."""

from collections.abc import Collection

from components.kit import names
from components.settings import Settings


def ending(settings: Settings, deployed: Collection[str] | None) -> str | None:
    """What to say if the next bootstrap ends the keys that the stack made for its edge; None if it does not.

    `deployed` are the names of the Secrets of the last deployment, None where there was none. A copy of
    `flagsmith-edge-keys` has the same keys: it would be refused with them.
    """
    edge = settings.edge
    if settings.is_edge or not edge.enabled or edge.existing_secret is None or settings.sdk_keys.exported:
        return None
    if names.EDGE_KEYS not in (deployed or ()):
        return None
    hours, name = settings.sdk_keys.overlap_hours, edge.existing_secret.name
    when = f"may be deleted {hours} hours after this deployment" if hours else "are deleted by this deployment at once"
    return (
        f"edge.existingSecret: the Secret {name} takes the place of {names.EDGE_KEYS}, whose server-side keys the "
        f"stack made: they {when}. If {name} is a copy of it, no new proxy is ready from then on, and the others go on "
        "with old documents: make server-side keys of your own in Flagsmith first, and put those into it (docs/edge.md)"
    )
