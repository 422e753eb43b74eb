"""The ports that people forward."""

from flagops.errors import UnsupportedError
from flagops.pods.pods import PodComponent

MAIN_PORTS = {
    PodComponent.API: 8000,
    PodComponent.TASK_PROCESSOR: 8000,
    PodComponent.DATABASE: 5432,
    PodComponent.CACHE: 6379,
}


def main_port(component: PodComponent) -> int:
    """The port a component is known for. Raises OpsError for one that serves nothing."""
    if component not in MAIN_PORTS:
        raise UnsupportedError(
            f"{component.value!r} serves no port.", hint=f"Allowed are: {', '.join(MAIN_PORTS)}; or say --remote-port."
        )
    return MAIN_PORTS[component]
