"""What a stack that is an edge alone cannot do."""

from flagops.errors import UnsupportedError
from flagops.stacks.files import Stack


def require_flagsmith(stack: Stack) -> None:
    """Raise UnsupportedError for a stack that is an edge alone: what is to be done needs a whole Flagsmith."""
    primary = stack.settings.edge.primary
    if stack.settings.is_edge:
        raise UnsupportedError(
            f"The stack {stack.name!r} is an edge alone (role: edge): it has no Flagsmith, no database and no cache.",
            hint=f"Name the stack of its primary{'' if primary is None else f', which is at {primary.url}'}.",
        )
