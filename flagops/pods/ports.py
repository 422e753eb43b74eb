"""The ports that people forward."""

from flagops.errors import UnsupportedError
from flagops.pods.pods import Component

MAIN_PORTS = {
    Component.API: 8000,
    Component.TASK_PROCESSOR: 8000,
    Component.DATABASE: 5432,
    Component.CACHE: 6379,
}


def main_port(component: Component) -> int:
    """The port a component is known for. Raises OpsError for one that serves nothing."""
    if component not in MAIN_PORTS:
        raise UnsupportedError(
            f"{component.value!r} serves no port.", hint=f"Allowed are: {', '.join(MAIN_PORTS)}; or say --remote-port."
        )
    return MAIN_PORTS[component]
