"""The ports that people forward."""

from components.kit import names
from flagops.errors import UnsupportedError
from flagops.pods.pods import PodComponent

MAIN_PORTS = {
    PodComponent.API: names.API_PORT,
    PodComponent.TASK_PROCESSOR: names.API_PORT,
    PodComponent.DATABASE: names.POSTGRES_PORT,
    PodComponent.CACHE: names.REDIS_PORT,
}


def main_port(component: PodComponent) -> int:
    """The port a component is known for. Raises OpsError for one that serves nothing."""
    if component not in MAIN_PORTS:
        raise UnsupportedError(
            f"{component.value!r} serves no port.", hint=f"Allowed are: {', '.join(MAIN_PORTS)}; or say --remote-port."
        )
    return MAIN_PORTS[component]
